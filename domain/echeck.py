"""An e-check: one presentment of a debit at a bank, from the payment that is a receipt at once to its verdict (E1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from domain.machine import Machine


class EcheckState(StrEnum):
    PENDING = "pending"  # waits for the batch of its cut-off; can be cancelled
    BATCHED = "batched"  # in a batch that is frozen; not handed over yet
    SUBMITTED = "submitted"  # the processor or the bank has it: a verdict is awaited
    UNKNOWN = "unknown"  # handed over, no usable answer: being looked up
    SETTLED = "settled"  # the money stays, as far as anybody knows today
    RETURNED = "returned"  # the bank sent it back, or it was never taken: the receipt is reversed
    CANCELLED = "cancelled"


S = EcheckState

# fmt: off
ECHECK: Machine[EcheckState] = Machine(
    name="echeck",
    starts=(S.PENDING,),
    table={
        (S.PENDING,   "cancel"): S.CANCELLED,
        (S.PENDING,   "batch"):  S.BATCHED,
        (S.BATCHED,   "promise"):S.BATCHED,    # in a worker's hands
        (S.BATCHED,   "submit"): S.SUBMITTED,
        (S.BATCHED,   "lose"):   S.UNKNOWN,
        (S.BATCHED,   "return"): S.RETURNED,   # refused where it was handed over
        (S.UNKNOWN,   "wait"):   S.UNKNOWN,
        (S.UNKNOWN,   "submit"): S.SUBMITTED,
        (S.UNKNOWN,   "return"): S.RETURNED,
        (S.SUBMITTED, "wait"):   S.SUBMITTED,
        (S.SUBMITTED, "settle"): S.SETTLED,
        (S.SUBMITTED, "return"): S.RETURNED,
        (S.SETTLED,   "wait"):   S.SETTLED,
        (S.SETTLED,   "return"): S.RETURNED,   # late: sixty days in the United States, ninety in Canada
    },
)
# fmt: on

UNSETTLED = (S.PENDING, S.BATCHED, S.SUBMITTED, S.UNKNOWN)
STANDING = (*UNSETTLED, S.SETTLED)
MAX_BATCH = 200_000  # more than one file may hold; what is left waits for the next cut-off
WATCHED_DAYS = {"USD": 60, "CAD": 90}  # how long after it settled an e-check may still be returned as unauthorised


@dataclass(frozen=True, slots=True, kw_only=True)
class Echeck:
    """`id` is the key by which processors and banks know it. `first` is the e-check whose debt this one presents
    again (itself the first time), `presented` counts them. `cutoff_on` is the banking day in whose batch it may go.
    `next_at` is when it is looked at next: a look-up, a poll, the end of its window. `verdict_on` is the last day of
    that window, `watched_until` the last of all.
    """

    organisation: str
    id: str
    payment: str
    client: str
    merchant_account: str
    payment_method: str
    amount: int
    currency: str
    state: EcheckState = EcheckState.PENDING
    version: int = 1
    first: str
    presented: int = 1
    first_on: date | None = None
    cutoff_on: date
    batch: str | None = None
    reference: str = ""
    worker: str | None = None
    epoch: int = 1
    sends: int = 0
    rung: int = 0
    missed_at: datetime | None = None
    next_at: datetime | None = None
    code: str = ""
    network_code: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime
    submitted_on: date | None = None
    verdict_on: date | None = None
    settled_on: date | None = None
    returned_on: date | None = None
    watched_until: date | None = None
