"""A bulk act: one act on many items, frozen with what will be passed over, and carried out row by row (A6)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.machine import Machine


class Bulk(StrEnum):
    """What is done with each item."""

    RETRY = "retry"
    REJECT = "reject"
    REOPEN = "reopen"  # undoes a bulk rejection


class BulkState(StrEnum):
    DRAFT = "draft"  # the set is frozen and shown; nothing happens before a person says so
    RUNNING = "running"
    ENDED = "ended"


class RowState(StrEnum):
    WAITING = "waiting"
    DONE = "done"  # the act was taken; what came of a retry is told by its item
    PASSED_OVER = "passed_over"  # refused by a rule, which `code` names


B, R = BulkState, RowState

# fmt: off
BULK_ACT: Machine[BulkState] = Machine(
    name="bulk_act",
    starts=(B.DRAFT,),
    table={
        (B.DRAFT,   "start"): B.RUNNING,
        (B.RUNNING, "end"):   B.ENDED,
    },
)
BULK_ROW: Machine[RowState] = Machine(
    name="bulk_row",
    starts=(R.WAITING, R.PASSED_OVER),
    table={
        (R.WAITING, "do"):        R.DONE,
        (R.WAITING, "pass_over"): R.PASSED_OVER,
    },
)
# fmt: on

MAX_ROWS = 10_000  # of one bulk act; who has more begins again with what is left


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkAct:
    """`count` and `total` are of the rows that will be acted on, as they were shown; `reason` is of a rejection."""

    organisation: str
    id: str
    act: Bulk
    by: str
    reason: str = ""
    state: BulkState = BulkState.DRAFT
    count: int
    total: int
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRow:
    """`seen` is the version of the item that was shown: one that has moved on since is passed over."""

    organisation: str
    bulk: str
    position: int
    item: str
    amount: int
    seen: int
    state: RowState = RowState.WAITING
    code: str = ""
    ended_at: datetime | None = None
