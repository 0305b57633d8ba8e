"""What a worker holds in its hands: a payment with everything needed to ask for it and to book it."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from domain.action_item import ActionItem
from domain.attempt import Attempt
from domain.instalment import Plan
from domain.invoice import OpenLine
from domain.organisation import MerchantAccount, Organisation
from domain.payment import Payment
from domain.payment_method import PaymentMethod
from domain.retry_rules import Tried


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """Money under way on an invoice: for the lines of its plan, or for all of them (None)."""

    amount: int
    plan: str | None
    lines: tuple[str, ...] | None
    being_sent: bool

    def is_for(self, lines: Collection[str]) -> bool:
        return self.lines is None or not set(self.lines).isdisjoint(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A payment that is due, before it is promised. `open_minor` is what its lines still owe; None when the
    payment is on the account and not on an invoice. `lines` are locked for what is presented at once; `tried` are
    earlier tries of its instrument, for a retry."""

    organisation: Organisation
    account: MerchantAccount
    payment: Payment
    method: PaymentMethod | None
    plan: Plan | None
    item: ActionItem | None
    language: str
    open_minor: int | None
    tried: tuple[Tried, ...] = ()
    lines: tuple[OpenLine, ...] = ()

    @property
    def by_echeck(self) -> bool:
        """Nothing is asked of a gateway now: it waits for its batch (E2)."""
        return self.method is not None and self.method.kind == "echeck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A claim that was promised: its attempt, and `payment` as it stands since."""

    claim: Claim
    payment: Payment
    attempt: Attempt

    @property
    def unchanged(self) -> bool:
        """Whether what would be sent under its key is what was promised: a card may have been replaced since."""
        method, attempt = self.claim.method, self.attempt
        if method is None:
            return False
        asked = parameters_hash(self.claim.account.id, method, attempt.amount, attempt.currency)
        return asked == attempt.parameters_hash


def parameters_hash(account: str, method: PaymentMethod, amount: int, currency: str) -> str:
    """What a key is bound to: the same key is never sent with another hash (INV-7)."""
    text = "\x1f".join((account, method.id, method.token, str(amount), currency))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a decision must see of the rows around an attempt, locked: the lines that the payment is for (in
    order), its plan with the payments that it still plans, and the item that is open for it."""

    lines: tuple[OpenLine, ...] = ()
    plan: Plan | None = None
    planned: tuple[Payment, ...] = ()
    item: ActionItem | None = None
