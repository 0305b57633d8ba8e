"""Acting in bulk decides what is written when a bulk act begins, when a row of it has its answer, and when it ends."""

from collections.abc import Sequence
from datetime import datetime

from domain.bulk_act import BULK_ACT, BULK_ROW, Bulk, BulkAct, BulkRow, BulkState, RowState
from domain.decision import Decision, New, move
from domain.event import SYSTEM, Event
from domain.refusal import Refusal
from domain.retrying import ReasonNeeded

ROW = ("organisation", "bulk", "position")


class NothingChosen(Refusal):
    """No item of what was chosen can be acted on."""

    code = "nothing_chosen"


def freeze(act: BulkAct, rows: Sequence[BulkRow]) -> Decision:
    return (New(thing=act), *(New(thing=row) for row in rows))


def start(act: BulkAct, *, by: str, reason: str, now: datetime) -> Decision:
    """Nothing to write when it has begun already: a form that is sent twice begins it once."""
    if act.state is not BulkState.DRAFT:
        return ()
    if act.count == 0:
        raise NothingChosen("items")
    if act.act is Bulk.REJECT and not reason.strip():
        raise ReasonNeeded("reason")
    told = {"act": act.act.value, "count": act.count, "amount": act.total}
    return (
        move(BULK_ACT, act, "start", by=by, reason=reason, started_at=now),
        _event(act, "bulk_act.started", 1, by=by, now=now, **told),
    )


def answered(row: BulkRow, code: str, *, now: datetime) -> Decision:
    """`code` names the rule that refused the act; empty when it was taken."""
    return (move(BULK_ROW, row, "pass_over" if code else "do", key=ROW, code=code, ended_at=now),)


def end(act: BulkAct, rows: Sequence[tuple[RowState, int]], *, now: datetime) -> Decision:
    """`rows` counts them by state."""
    counted = {state.value: number for state, number in rows}
    return (
        move(BULK_ACT, act, "end", ended_at=now),
        _event(act, "bulk_act.ended", 2, by=SYSTEM, now=now, **counted),
    )


def _event(bulk: BulkAct, type_: str, sequence: int, /, *, by: str, now: datetime, **data: object) -> New:
    return New(
        thing=Event(
            organisation=bulk.organisation, type=type_, subject=f"bulk_act:{bulk.id}", sequence=sequence, at=now, by=by,
            public=False, data={"bulk": bulk.id, **data}, before={"state": bulk.state.value},
        )
    )  # fmt: skip
