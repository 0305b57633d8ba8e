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
        (S.PENDING,    "cancel"): S.CANCELLED,
        (S.SUBMITTING, "submit"): S.SUBMITTED,
        (S.SUBMITTING, "lose"):   S.UNKNOWN,
        (S.SUBMITTING, "fail"):   S.FAILED,
        (S.UNKNOWN,    "submit"): S.SUBMITTED,
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
    """Of a `payment`, back to the method that paid; or `offline` (cash, cheque) from the account's credit."""

    organisation: str
    id: str
    client: str
    payment: str | None = None
    offline: str | None = None
    amount: int
    state: RefundState
    version: int = 1
    comment: str = ""
    asked_on: date
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
