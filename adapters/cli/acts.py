"""Acts on action items from a terminal: retry and reject, through the same use cases as everywhere."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, select

from adapters.bootstrap import App
from adapters.cli.working import queue_of
from adapters.database.books import BookTransaction
from adapters.database.tables import action_items, payments, refunds
from adapters.inbox.refusals import as_written, told
from adapters.inbox.shape import By, OptionalNote
from domain.payment import IN_FLIGHT, PaymentState
from domain.refund import RefundState
from domain.refusal import NotKnown, Refusal
from domain.use_cases.act_on_item import reject_item, retry_item

UNDER_WAY = (PaymentState.DUE, PaymentState.SUBMITTING, PaymentState.UNKNOWN)
Answer = dict[str, Any]


def retry_items(app: App, items: Sequence[str], *, by: str, payment_method: str | None = None) -> list[Answer]:
    """Retries each item once, then works or waits until the gateway has answered."""

    def retry(tx: BookTransaction, organisation: str, item: str) -> None:
        name = as_written(By, by, "by")
        retry_item(tx, organisation=organisation, item=item, by=name, payment_method=payment_method)

    answers = [_act(app, item, retry) for item in items]
    started = [answer["item"] for answer in answers if answer["status"] == "done"]
    with queue_of(app) as work:
        if started:
            work.finish(lambda: _under_way(app, started))
    states = _states(app, started)
    return [answer | ({"state": states[answer["item"]]} if answer["status"] == "done" else {}) for answer in answers]


def reject_items(app: App, items: Sequence[str], *, by: str, reason: str) -> list[Answer]:
    def reject(tx: BookTransaction, organisation: str, item: str) -> None:
        name, why = as_written(By, by, "by"), as_written(OptionalNote, reason, "reason")
        reject_item(tx, organisation=organisation, item=item, by=name, reason=why)

    return [_act(app, item, reject) for item in items]


def _act(app: App, item: str, act: Any) -> Answer:
    def one(tx: BookTransaction) -> None:
        owners = select(action_items.c.organisation).where(action_items.c.id == item)
        found = tx.connection.execute(owners).scalars().all()
        if len(found) != 1:
            raise NotKnown("item", id=item)
        act(tx, found[0], item)

    try:
        app.books.run(one)
    except Refusal as refusal:
        return {"item": item, "status": "refused", "error": told(refusal)}
    return {"item": item, "status": "done"}


def _under_way(app: App, items: Sequence[str]) -> set[PaymentState]:
    """The states of those without a verdict; in doubt is one for a person, not to be waited for."""
    return {state for state in _payment_states(app, items).values() if state in UNDER_WAY}


def _states(app: App, items: Sequence[str]) -> dict[str, str]:
    """What became of each: as answers to `action_item.retry` say it."""
    means = {PaymentState.PAID: "resolved", PaymentState.FAILED: "open", PaymentState.CANCELLED: "resolved"}
    found = _payment_states(app, items)
    return {item: means.get(state, "in_doubt" if state in IN_FLIGHT else "retrying") for item, state in found.items()}


# What the state of a refund means in the words of a payment.
LIKE = {
    RefundState.PENDING: PaymentState.DUE, RefundState.SUBMITTING: PaymentState.SUBMITTING,
    RefundState.UNKNOWN: PaymentState.UNKNOWN, RefundState.FAILED: PaymentState.FAILED,
    RefundState.CANCELLED: PaymentState.CANCELLED,
}  # fmt: skip


def _payment_states(app: App, items: Sequence[str]) -> dict[str, PaymentState]:
    """The state of what each item is about; of a refund, what it means in the words of a payment."""

    def of(table: Any, column: str) -> Any:
        return and_(table.c.organisation == action_items.c.organisation, table.c.id == action_items.c[column])

    joined = action_items.join(payments, of(payments, "payment")).outerjoin(refunds, of(refunds, "refund"))
    wanted = select(action_items.c.id, payments.c.state, refunds.c.state).select_from(joined)
    with app.books.begin(read_only=True) as tx:
        found = tx.connection.execute(wanted.where(action_items.c.id.in_(items))).all()
    return {
        item: PaymentState(state) if refund is None else LIKE.get(RefundState(refund), PaymentState.PAID)
        for item, state, refund in found
    }
