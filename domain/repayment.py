"""A repayment: one key asked of a gateway to give a payment's money back, as a refund or by cancelling the charge."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.action_item import ActionItem
from domain.ledger import Allocation
from domain.machine import Machine
from domain.organisation import MerchantAccount, Organisation
from domain.outcome import About
from domain.payment import Payment
from domain.payment_method import PaymentMethod
from domain.people import Client
from domain.refund import Consumption, Refund


class RepaymentState(StrEnum):
    DUE = "due"
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    IN_DOUBT = "in_doubt"
    APPROVED = "approved"
    DECLINED = "declined"
    CLOSED = "closed"  # a person said that nothing was given back (A10)


S = RepaymentState

# fmt: off
REPAYMENT: Machine[RepaymentState] = Machine(
    name="repayment",
    starts=(S.DUE, S.SUBMITTING),
    table={
        (S.DUE,        "claim"):   S.SUBMITTING,
        (S.SUBMITTING, "approve"): S.APPROVED,
        (S.SUBMITTING, "decline"): S.DECLINED,
        (S.SUBMITTING, "lose"):    S.UNKNOWN,
        (S.UNKNOWN,    "approve"): S.APPROVED,
        (S.UNKNOWN,    "decline"): S.DECLINED,
        (S.UNKNOWN,    "wait"):    S.UNKNOWN,
        (S.UNKNOWN,    "doubt"):   S.IN_DOUBT,
        (S.IN_DOUBT,   "wait"):    S.IN_DOUBT,
        (S.IN_DOUBT,   "approve"): S.APPROVED,
        (S.IN_DOUBT,   "decline"): S.DECLINED,
        (S.IN_DOUBT,   "close"):   S.CLOSED,
    },
)
# fmt: on

IN_FLIGHT = (S.SUBMITTING, S.UNKNOWN, S.IN_DOUBT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayment:
    """Like an attempt: `key` is our idempotency key, fixed for ever, `epoch` fences late writers, `worker` holds the
    lease, `rung` counts look-ups. `refund` is what it is for, None when the payment itself is cancelled (B9).
    `about` says how: a refund, or the cancellation of the charge, known as `of_key` and `of_reference`."""

    key: str
    organisation: str
    client: str
    payment: str
    refund: str | None
    number: int
    about: About
    merchant_account: str
    payment_method: str
    amount: int
    currency: str
    of_key: str
    of_reference: str
    parameters_hash: str
    state: RepaymentState
    worker: str | None = None
    epoch: int = 1
    sends: int = 1
    rung: int = 0
    missed_at: datetime | None = None
    resend: bool = False
    next_at: datetime | None = None
    reference: str = ""
    reason: str = ""
    network_code: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    command: int | None = None
    by: str = ""
    promised_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """The charge that brought a payment's money, as its processor knows it."""

    key: str
    reference: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What a worker holds in its hands: money to be given back, with everything needed to ask for it and to book
    what comes of it. `refund` is None when the payment itself is cancelled, `repayment` before it is promised."""

    organisation: Organisation
    account: MerchantAccount
    client: Client
    payment: Payment
    method: PaymentMethod
    paid: Paid
    refund: Refund | None
    repayment: Repayment | None = None

    @property
    def asked(self) -> Repayment:
        if self.repayment is None:
            raise LookupError(f"nothing was promised for {self.payment.id}")  # a bug
        return self.repayment

    @property
    def unchanged(self) -> bool:
        """Whether what would be sent under its key is what was promised (F-14)."""
        asked = self.asked
        return hash_of(self.account.id, self.method, self.paid, asked.amount, asked.currency) == asked.parameters_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """What a decision must see around money that goes back, locked: what the refund consumed, what the payment is
    matched to, and the item that waits for a person."""

    consumed: tuple[Consumption, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    item: ActionItem | None = None


def hash_of(account: str, method: PaymentMethod, paid: Paid, amount: int, currency: str) -> str:
    """What a key is bound to: the same key is never sent with another hash (INV-7)."""
    text = "\x1f".join((account, method.token, paid.key, paid.reference, str(amount), currency))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
