"""The Payment Action Center as data: each item with its reason in words, what may be done, and its history."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, select, text, tuple_

from adapters.database import loader, recordset
from adapters.database.books import BookTransaction
from adapters.database.tables import action_items, clients, events, organisations, payment_methods, payments, plans
from adapters.locale import both
from domain.action_item import ActionItem, ItemState
from domain.declines import known
from domain.event import Event
from domain.instalment import Plan
from domain.payment import Payment
from domain.payment_method import PaymentMethod
from domain.retrying import retry_allowed

WAITING = (ItemState.OPEN, ItemState.RETRYING)
PAGE_SIZE = 200
MAX_HISTORY = 20_000  # events of one page; a payment has a dozen
Cursor = tuple[datetime, str, str]  # failed_at, organisation, item

PARTS: tuple[type, ...] = (ActionItem, Payment, PaymentMethod, Plan)
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
    told = [_told(row) for row in rows]
    pasts = _histories(tx, told)
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
    )


def _told(row: Row[Any]) -> dict[str, Any]:
    things: list[Any] = []
    start = 0
    for part in PARTS:
        width = len(loader.shape(part)[0])
        values = row[start : start + width]
        things.append(loader.build(part, values) if values[0] is not None else None)
        start += width
    item, payment, method, _ = things
    allowed, refusal = retry_allowed(item, payment, method)
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
        "amount": item.amount,
        "currency": row[start + 1],
        "method": _method(method, payment),
        "merchant_account": item.merchant_account,
        "reason": {
            "code": item.reason,
            "class": item.reason_class,
            "network_code": item.network_code,
            "text": both(f"reason.{code}.staff"),
            "next": both(f"reason.{code}.next"),
        },
        "attempts": item.attempts,
        "failed_at": _instant(item.failed_at),
        "opened_at": _instant(item.opened_at),
        "changed_at": _instant(item.changed_at),
        "by": item.by,
        "note": item.note,
        "retry_allowed": allowed,
        "retry_refusal": refusal or None,
    }


def _method(method: PaymentMethod | None, payment: Payment) -> dict[str, Any] | None:
    """What people may see of it."""
    if method is None:
        return {"id": None, "kind": payment.offline} if payment.offline else None
    return {
        "id": method.id, "kind": method.kind, "brand": method.brand, "last4": method.last4, "expiry": method.expiry,
        "state": method.state.value,
    }  # fmt: skip


def _histories(tx: BookTransaction, told: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """What happened to each item and its payment, in time order: one query for all."""
    if not told:
        return {}
    rows = [
        {"organisation": one["organisation"], "subject": subject, "key": one["item"]}
        for one in told
        for subject in (f"action_item:{one['item']}", f"payment:{one['payment']}")
    ]
    names = {"organisation": "organisation", "subject": "subject", "key": "subject"}
    columns = ", ".join(f'e."{name}"' for name in loader.shape(Event)[0])
    statement = text(
        f'SELECT {columns}, x."key" FROM {recordset.unfold(events, names, tx.dialect)} '
        "JOIN events e ON e.organisation = x.organisation AND e.subject = x.subject "
        f"ORDER BY e.at, e.id LIMIT {MAX_HISTORY}"
    ).columns(*loader.columns(Event), events.c.subject.label("key"))
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for *values, item in tx.connection.execute(statement, {"rows": recordset.dumps(rows, tx.dialect)}).all():
        event = loader.build(Event, values)
        data = {name: value for name, value in event.data.items() if name not in ALREADY_SAID}
        found[event.organisation, item].append(
            {"at": _instant(event.at), "type": event.type, "by": event.by, "data": data}
        )
    return found


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
