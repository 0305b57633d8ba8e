"""A refund: money that goes back to a client, offline by hand or to the method that paid (section 6)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.machine import Machine


class RefundState(StrEnum):
    PENDING = "pending"  # asked; a night will send it, until then it can be called back
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    SETTLED = "settled"  # the processor gave it back, or a person did, offline
    FAILED = "failed"
    CANCELLED = "cancelled"


S = RefundState

# fmt: off
REFUND: Machine[RefundState] = Machine(
    name="refund",
    starts=(S.PENDING, S.SETTLED),
    table={
        (S.PENDING,    "claim"):  S.SUBMITTING,
        (S.PENDING,    "wait"):   S.PENDING,    # its payment has not settled: another night (R7)
        (S.PENDING,    "cancel"): S.CANCELLED,
        (S.PENDING,    "fail"):   S.FAILED,     # what it would go back to, or what it is of, is gone
        (S.SUBMITTING, "submit"): S.SUBMITTED,
        (S.SUBMITTING, "wait"):   S.PENDING,    # the processor said: not yet, and did nothing
        (S.SUBMITTING, "lose"):   S.UNKNOWN,
        (S.SUBMITTING, "fail"):   S.FAILED,
        (S.UNKNOWN,    "submit"): S.SUBMITTED,
        (S.UNKNOWN,    "wait"):   S.PENDING,
        (S.UNKNOWN,    "fail"):   S.FAILED,
        (S.SUBMITTED,  "settle"): S.SETTLED,
        (S.SUBMITTED,  "fail"):   S.FAILED,
        (S.SETTLED,    "fail"):   S.FAILED,
        (S.SETTLED,    "cancel"): S.CANCELLED,  # offline ones only (R3)
    },
)
# fmt: on

HOLDING = (S.PENDING, S.SUBMITTING, S.SUBMITTED, S.UNKNOWN, S.SETTLED)  # count against what was paid (R1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Of a `payment`, back to the method that paid; or `offline` (cash, cheque) from the account's credit.

    The night of `send_on` sends it, or it goes from `due_at` on. `ref` makes the keys of its repayments, `attempts`
    counts them. `retry_of` is the failed one in whose place it was made. `reference` and `submitted_at` are what a
    client is told who has not seen the money (R8); from `follow_on` on the processor is asked what became of it.
    `command` is the inbox row that waits for the next outcome."""

    organisation: str
    id: str
    client: str
    payment: str | None = None
    offline: str | None = None
    merchant_account: str | None = None
    payment_method: str | None = None
    amount: int
    state: RefundState
    version: int = 1
    comment: str = ""
    asked_on: date
    send_on: date | None = None
    due_at: datetime | None = None
    ref: str = ""
    attempts: int = 0
    retry_of: str | None = None
    command: int | None = None
    reference: str = ""
    reason: str = ""
    network_code: str = ""
    submitted_at: datetime | None = None
    follow_on: date | None = None
    settled_on: date | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumption:
    """The part of a payment or credit that a refund gives back: it can't be used for anything else."""

    id: str
    organisation: str
    client: str
    refund: str
    source_kind: str
    source: str
    amount: int
    at: datetime
