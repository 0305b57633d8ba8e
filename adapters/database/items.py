"""The Payment Action Center as data: each item with its reason in words, what may be done, and its history."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, and_, or_, select, tuple_

from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.database.echeck_tables import echecks
from adapters.database.retry_limits import retry_limits
from adapters.database.shown import histories, instant, method_shown
from adapters.database.tables import action_items, clients, organisations, payment_methods, payments, plans, refunds
from adapters.locale import both
from domain import asking_again, retrying_refunds
from domain.action_item import ActionItem, ItemState
from domain.days import local_date
from domain.declines import known
from domain.echeck import Echeck
from domain.instalment import Plan
from domain.payment import Payment
from domain.payment_method import PaymentMethod
from domain.refund import Refund
from domain.retrying import Limits
from domain.retrying_refunds import next_step

WAITING = (ItemState.OPEN, ItemState.RETRYING)
PAGE_SIZE = 200
Cursor = tuple[datetime, str, str]  # failed_at, organisation, item

PARTS: tuple[type, ...] = (ActionItem, Payment, PaymentMethod, Plan, Refund)
ALREADY_SAID = ("item", "payment", "client")


def find_items(
    tx: BookTransaction,
    *,
    organisation: str | None = None,
    states: Sequence[str] = WAITING,
    kind: str | None = None,
    item: str | None = None,
    limit: int = PAGE_SIZE,
    after: Cursor | None = None,
) -> list[dict[str, Any]]:
    """Items as `encaisse items --json` tells them, the oldest failure first; `after` is where a page ended."""
    wanted = _selection().where(action_items.c.state.in_(list(states))).limit(limit)
    for column, value in (("organisation", organisation), ("kind", kind), ("id", item)):
        if value is not None:
            wanted = wanted.where(action_items.c[column] == value)
    order = (action_items.c.failed_at, action_items.c.organisation, action_items.c.id)
    if after is not None:
        wanted = wanted.where(tuple_(*order) > tuple_(*after, types=[column.type for column in order]))
    rows = tx.connection.execute(wanted.order_by(*order)).all()
    found = [_things(row) for row in rows]
    limits = retry_limits(tx, [(things[0], things[2]) for things in found])
    echecks_of = newest_echecks(tx, [things[0] for things in found])
    told = [
        _told(
            row, things, limits.get(things[0].id), tx.now, echecks_of.get((things[0].organisation, things[0].payment))
        )
        for row, things in zip(rows, found, strict=True)
    ]
    pasts = histories(
        tx,
        [
            (one["organisation"], subject, one["item"])
            for one in told
            for subject in (f"action_item:{one['item']}", f"payment:{one['payment']}", f"refund:{one['refund']}")
        ],
        leave_out=ALREADY_SAID,
    )
    for one in told:
        one["history"] = pasts.get((one["organisation"], one["item"]), [])
    return told


def cursor_of(item: Mapping[str, Any]) -> Cursor:
    """Where the page that ends with this item ended."""
    return datetime.fromisoformat(item["failed_at"]), item["organisation"], item["item"]


def _selection() -> Select[Any]:
    def same(table: Any, of: Any, column: str) -> Any:
        return and_(table.c.organisation == of.c.organisation, table.c.id == of.c[column])

    columns = [column for part in PARTS for column in loader.columns(part)]
    return select(*columns, clients.c.name, organisations.c.currency).select_from(
        action_items.join(payments, same(payments, action_items, "payment"))
        .join(clients, same(clients, action_items, "client"))
        .join(organisations, organisations.c.id == action_items.c.organisation)
        .outerjoin(payment_methods, same(payment_methods, action_items, "payment_method"))
        .outerjoin(plans, same(plans, payments, "plan"))
        .outerjoin(refunds, same(refunds, action_items, "refund"))
    )


def newest_echecks(tx: BookTransaction, items: Sequence[ActionItem]) -> dict[tuple[str, str], tuple[Echeck, date]]:
    """Of each item's payment, or of what was asked for again in its stead, with today's date there."""
    if not items:
        return {}
    ids = [item.payment for item in items]
    same = and_(payments.c.organisation == echecks.c.organisation, payments.c.id == echecks.c.payment)
    wanted = (
        select(*loader.columns(Echeck), payments.c.id, payments.c.retry_of, organisations.c.timezone)
        .select_from(echecks.join(payments, same).join(organisations, organisations.c.id == echecks.c.organisation))
        .where(or_(payments.c.id.in_(ids), payments.c.retry_of.in_(ids)))
        .order_by(echecks.c.created_at)
    )
    found = {}
    for *values, id, retry_of, timezone in tx.connection.execute(wanted).all():
        one = loader.build(Echeck, values)
        found[one.organisation, retry_of or id] = (one, local_date(tx.now, timezone))
    return found


def _things(row: Row[Any]) -> list[Any]:
    things: list[Any] = []
    start = 0
    for part in PARTS:
        width = len(loader.shape(part)[0])
        values = row[start : start + width]
        things.append(loader.build(part, values) if values[0] is not None else None)
        start += width
    return things


def _told(
    row: Row[Any], things: Sequence[Any], limits: Limits | None, now: datetime, newest: tuple[Echeck, date] | None
) -> dict[str, Any]:  # fmt: skip
    item, payment, method, _, refund = things
    start = sum(len(loader.shape(part)[0]) for part in PARTS)
    if newest is not None:
        refusal = asking_again.why_not(item, payment, method, newest[0], today=newest[1])
    else:
        refusal = retrying_refunds.why_not(item, refund, payment, method, limits, now)
    code = known(item.reason)
    return {
        "item": item.id,
        "organisation": item.organisation,
        "kind": item.kind.value,
        "of": item.of,
        "state": item.state.value,
        "client": item.client,
        "client_name": row[start],
        "payment": item.payment,
        "refund": item.refund or None,
        "amount": item.amount,
        "currency": row[start + 1],
        "method": method_shown(method, payment.offline),
        "merchant_account": item.merchant_account,
        "reason": {
            "code": item.reason,
            "class": item.reason_class,
            "network_code": item.network_code,
            "text": both(f"reason.{code}.staff"),
            "next": both(next_step(item, method, code)),
        },
        "attempts": item.attempts,
        "failed_at": instant(item.failed_at),
        "opened_at": instant(item.opened_at),
        "changed_at": instant(item.changed_at),
        "by": item.by,
        "note": item.note,
        "retry_allowed": refusal is None,
        "retry_refusal": refusal.code if refusal is not None else None,
        "retry_refusal_text": both(f"refusal.{refusal.code}", **refusal.params) if refusal is not None else None,
        "retry_from": refusal.params.get("until") if refusal is not None else None,
        "retry_on": item.retry_on.isoformat() if item.retry_on is not None else None,
    }
