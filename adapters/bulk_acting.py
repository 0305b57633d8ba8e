"""One act on many items: frozen as it was shown, carried out in chunks, resumed where a crash left it (A6)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.database.center_tables import bulk_rows
from adapters.logs import log_failure
from domain import acting_in_bulk
from domain.action_item import ActionItem, ItemState
from domain.bulk_act import MAX_ROWS, Bulk, BulkAct, BulkRow, BulkState, RowState
from domain.ports import Stale
from domain.refusal import PermissionDenied, Refusal
from domain.use_cases.act_on_item import reject_item, reopen_item, retry_item
from domain.use_cases.authorise import authorise

CHUNK = 25  # items in one transaction: their rows are locked together, for a fraction of a second
BROKE = "broken"  # the code of a row that met a bug of ours: told on the page, and in the log
MOVED_ON = "item_changed"


def freeze(
    tx: BookTransaction, organisation: str, act: Bulk, by: str, chosen: Sequence[tuple[str, int, int, str]]
) -> BulkAct:  # fmt: skip
    """Keeps the set as it is shown: (item, version, amount, code of the refusal or "") of each, in order."""
    id = tx.mint("blk_")
    rows = [
        BulkRow(
            organisation=organisation, bulk=id, position=position, item=item, seen=version, amount=amount, code=code,
            state=RowState.PASSED_OVER if code else RowState.WAITING, ended_at=tx.now if code else None,
        )
        for position, (item, version, amount, code) in enumerate(chosen[:MAX_ROWS], 1)
    ]  # fmt: skip
    taken = [row for row in rows if row.state is RowState.WAITING]
    made = BulkAct(
        organisation=organisation, id=id, act=act, by=by, count=len(taken), total=sum(row.amount for row in taken),
        created_at=tx.now,
    )  # fmt: skip
    tx.write([acting_in_bulk.freeze(made, rows)])
    return made


def start(tx: BookTransaction, organisation: str, bulk: str, *, by: str, reason: str) -> None:
    """Says yes to what was frozen; whoever sweeps carries it out."""
    act = tx.lock(BulkAct, organisation=organisation, id=bulk)
    if decision := acting_in_bulk.start(act, by=by, reason=reason, now=tx.now):
        tx.write([decision])


def undo(tx: BookTransaction, organisation: str, bulk: str, *, by: str) -> str:
    """Reopens what a bulk rejection closed and nobody has touched since; answers the act that does it."""
    rejected = tx.get(BulkAct, organisation=organisation, id=bulk)
    if rejected.act is not Bulk.REJECT:
        raise acting_in_bulk.NothingChosen("items")
    rows = tx.all(BulkRow, organisation=organisation, bulk=bulk, state=RowState.DONE, order_by="position")
    chosen = [(row.item, row.seen, row.amount, "") for row in rows]
    made = freeze(tx, organisation, Bulk.REOPEN, by, chosen)
    start(tx, organisation, made.id, by=by, reason="")
    return made.id


def carry_out(app: App, *, organisation: str, limit: int = CHUNK) -> int:
    """The next rows of the oldest bulk act of an organisation, in one transaction; answers how many."""
    return app.books.run(lambda tx: _chunk(tx, organisation, limit))


def _chunk(tx: BookTransaction, organisation: str, limit: int) -> int:
    running = tx.lock_all(
        BulkAct, order_by="started_at id", limit=1, organisation=organisation, state=BulkState.RUNNING
    )
    if not running:
        return 0
    act = running[0]
    rows = tx.lock_all(
        BulkRow, order_by="position", limit=limit, organisation=organisation, bulk=act.id, state=RowState.WAITING
    )
    if not rows:
        tx.write([acting_in_bulk.end(act, count_rows(tx, act), now=tx.now)])
        return 1
    may = _may(tx, act)
    tx.write([acting_in_bulk.answered(row, may or _act(tx, act, row), now=tx.now) for row in rows])
    return len(rows)


def _may(tx: BookTransaction, act: BulkAct) -> str:
    """The permission counts when the act is done, not when it was asked for."""
    try:
        authorise(tx, organisation=act.organisation, by=act.by, act=f"action_item.{act.act}")
    except PermissionDenied as denied:
        return denied.code
    return ""


def _act(tx: BookTransaction, act: BulkAct, row: BulkRow) -> str:
    """The same act as on one item, in its own part of the transaction; answers why it was not taken, if so."""
    try:
        with tx.part():
            return _on_item(tx, act, row)
    except Refusal as refusal:
        return refusal.code
    except Stale:
        return MOVED_ON
    except DBAPIError:
        raise  # the whole chunk is tried again
    except Exception as error:  # one bad item never spoils the others
        log_failure("bulk_row.failed", error, organisation=act.organisation, bulk=act.id, item=row.item)
        return BROKE


def _on_item(tx: BookTransaction, act: BulkAct, row: BulkRow) -> str:
    where: dict[str, Any] = {"organisation": act.organisation, "item": row.item, "by": act.by}
    item = tx.lock(ActionItem, organisation=act.organisation, id=row.item)
    if item.state is ItemState.OPEN and item.version != row.seen:  # it failed again meanwhile: not unseen
        return MOVED_ON
    match act.act:
        case Bulk.RETRY:
            retry_item(tx, **where)
        case Bulk.REJECT:
            reject_item(tx, **where, reason=act.reason)
        case Bulk.REOPEN:
            reopen_item(tx, **where)
    return ""


def count_rows(tx: BookTransaction, act: BulkAct) -> list[tuple[RowState, int]]:
    state = bulk_rows.c.state
    counted = select(state, func.count()).where(
        bulk_rows.c.organisation == act.organisation, bulk_rows.c.bulk == act.id
    )
    return [(RowState(state), number) for state, number in tx.connection.execute(counted.group_by(state)).all()]
