"""Reconciliation with a processor: a comparison of its list of a date with our books, and the breaks that it finds."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain.machine import Machine
from domain.outcome import About

COMPARED_AT = time(6, 0)  # local, of the next day: the night is over, and processors have closed the day
AGAIN = timedelta(hours=1)  # a list that could not be had is asked for again after this long
ASKED_FOR = timedelta(days=30)  # so long a date with an open break is compared anew each day
MAX_TRIES = 24  # then a person reads in the log and in the events that a day was not compared


class BreakKind(StrEnum):
    MISSING_HERE = "missing_here"  # the processor moved money that nobody here asked for
    MISSING_THERE = "missing_there"  # paid here, and the processor does not know it
    OTHER_AMOUNT = "other_amount"
    OTHER_STATE = "other_state"  # paid there and not here, or cancelled there and paid here


class BreakState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


class ComparisonState(StrEnum):
    WAITING = "waiting"
    COMPARED = "compared"
    GIVEN_UP = "given_up"


B, C = BreakState, ComparisonState

# fmt: off
BREAK: Machine[BreakState] = Machine(
    name="break",
    starts=(B.OPEN,),
    table={
        (B.OPEN, "resolve"): B.RESOLVED,   # by a person with a reason, or by itself when the next list agrees
    },
)
COMPARISON: Machine[ComparisonState] = Machine(
    name="comparison",
    starts=(C.WAITING, C.COMPARED),
    table={
        (C.WAITING,  "wait"):    C.WAITING,
        (C.WAITING,  "compare"): C.COMPARED,
        (C.WAITING,  "give_up"): C.GIVEN_UP,
        (C.COMPARED, "compare"): C.COMPARED,   # again, by hand
        (C.GIVEN_UP, "compare"): C.COMPARED,
        (C.COMPARED, "again"):   C.WAITING,    # a break of that date is still open: the list may agree by now
        (C.GIVEN_UP, "again"):   C.WAITING,
    },
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A difference between a processor's books and ours about one thing: `subject` is our key of it, or the
    processor's reference where it has none of ours. Amounts are in minor units; None where it is missing."""

    organisation: str
    id: str
    merchant_account: str
    subject: str
    kind: BreakKind
    about: About
    on: date
    key: str = ""
    reference: str = ""
    payment: str | None = None
    amount_here: int | None = None
    amount_there: int | None = None
    currency: str = ""
    state: BreakState = BreakState.OPEN
    version: int = 1
    opened_at: datetime
    changed_at: datetime
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """That a date of a merchant account was, or is to be, compared with the processor's list."""

    organisation: str
    merchant_account: str
    on: date
    state: ComparisonState = ComparisonState.WAITING
    version: int = 1
    tries: int = 0
    listed: int = 0
    next_at: datetime | None = None
    compared_at: datetime | None = None
