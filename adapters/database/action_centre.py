"""The Payment Action Center as its pages show it: rows of a tab, live counts, a search, one item's past."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.database.retry_limits import retry_limits
from adapters.database.tables import action_items, clients, events, payment_methods, payments, plans, refunds
from domain.action_item import ActionItem, ItemKind, ItemState
from domain.event import Event
from domain.instalment import Plan
from domain.payment import Payment
from domain.payment_method import PaymentMethod
from domain.people import Client
from domain.refund import Refund
from domain.retrying import Limits

PAGE_SIZE = 50
PART_OF_ID = 6  # letters of the end of a payment id that find it: rows show the last ten
MAX_HISTORY = 500  # steps of one payment and its item; a person reads no further
CLOSED_SHOWN_FOR = timedelta(days=30)
WAITING = (ItemState.OPEN, ItemState.RETRYING)
CLOSED = (ItemState.RESOLVED, ItemState.REJECTED)


class Tab(StrEnum):
    ALL = "all"
    INSTALMENTS = "instalments"
    IN_DOUBT = "in_doubt"
    RETRYING = "retrying"
    CLOSED = "closed"


# fmt: off
TABS: dict[Tab, tuple[tuple[ItemState, ...], tuple[ItemKind, ...]]] = {  # states and kinds; no kinds: all of them
    Tab.ALL:         (WAITING,               ()),
    Tab.INSTALMENTS: (WAITING,               (ItemKind.INSTALMENT,)),
    Tab.IN_DOUBT:    (WAITING,               (ItemKind.IN_DOUBT,)),
    Tab.RETRYING:    ((ItemState.RETRYING,), ()),
    Tab.CLOSED:      (CLOSED,                ()),
}
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item with what a person must see of the things around it."""

    item: ActionItem
    payment: Payment
    client: Client
    method: PaymentMethod | None
    plan: Plan | None
    refund: Refund | None = None
    limits: Limits | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was typed: words are matched with ids and names, `amount` (minor units) when it reads as one."""

    words: str
    amount: int | None = None


Cursor = tuple[datetime, int, str]  # (instant, amount, id) of the last row of the page before
PARTS: tuple[type, ...] = (ActionItem, Payment, Client, PaymentMethod, Plan, Refund)


def list_items(
    tx: BookTransaction,
    organisation: str,
    tab: Tab,
    *,
    search: Search | None = None,
    after: Cursor | None = None,
) -> tuple[list[Row], Cursor | None]:
    """One page of a tab, oldest first, then the larger amount (closed ones: latest first); and where the
    next page begins."""
    states, kinds = TABS[tab]
    wanted = _rows(organisation).where(action_items.c.state.in_(states))
    if kinds:
        wanted = wanted.where(action_items.c.kind.in_(kinds))
    if tab is Tab.CLOSED:
        wanted = wanted.where(action_items.c.changed_at > tx.now - CLOSED_SHOWN_FOR)
    if search is not None:
        wanted = wanted.where(_matches(search))
    at = action_items.c.changed_at if tab is Tab.CLOSED else action_items.c.failed_at
    if after is not None:
        wanted = wanted.where(_beyond(at, after, newest_first=tab is Tab.CLOSED))
    wanted = wanted.order_by(at.desc() if tab is Tab.CLOSED else at, action_items.c.amount.desc(), action_items.c.id)
    found = _limited(tx, [_row(values) for values in tx.connection.execute(wanted.limit(PAGE_SIZE + 1)).all()])
    if len(found) <= PAGE_SIZE:
        return found, None
    last = found[PAGE_SIZE - 1].item
    return found[:PAGE_SIZE], (last.changed_at if tab is Tab.CLOSED else last.failed_at, last.amount, last.id)


def find_rows(tx: BookTransaction, organisation: str, ids: Collection[str]) -> list[Row]:
    """Items of the organisation by id, in no order; strangers are left out (P1)."""
    wanted = _rows(organisation).where(action_items.c.id.in_(list(ids)))
    return _limited(tx, [_row(values) for values in tx.connection.execute(wanted).all()])


def _limited(tx: BookTransaction, rows: Sequence[Row]) -> list[Row]:
    """With what the card networks count against a retry of each."""
    limits = retry_limits(tx, [(row.item, row.method) for row in rows])
    return [replace(row, limits=limits.get(row.item.id), seen_at=tx.now) for row in rows]


def count_tabs(tx: BookTransaction, organisation: str) -> dict[Tab, int]:
    """How many items each tab holds now."""
    columns = [action_items.c.state, action_items.c.kind, func.count()]
    recent = or_(action_items.c.state.in_(WAITING), action_items.c.changed_at > tx.now - CLOSED_SHOWN_FOR)
    wanted = select(*columns).where(action_items.c.organisation == organisation, recent).group_by(*columns[:2])
    counted = tx.connection.execute(wanted).all()
    return {
        tab: sum(number for state, kind, number in counted if state in states and (not kinds or kind in kinds))
        for tab, (states, kinds) in TABS.items()
    }


def sum_waiting(tx: BookTransaction, organisation: str) -> int:
    """The money, in minor units, that waits in the center."""
    wanted = select(func.coalesce(func.sum(action_items.c.amount), 0)).where(
        action_items.c.organisation == organisation, action_items.c.state.in_(WAITING)
    )
    return int(tx.connection.execute(wanted).scalar_one())


def history_of(tx: BookTransaction, item: ActionItem) -> list[Event]:
    """What happened to the item, to its payment and to its refund, oldest first."""
    subjects = [f"action_item:{item.id}", f"payment:{item.payment}"]
    subjects += [f"refund:{item.refund}"] if item.refund else []
    wanted = (
        select(*(events.c[field.name] for field in fields(Event)))
        .where(events.c.organisation == item.organisation, events.c.subject.in_(subjects))
        .order_by(events.c.at, events.c.id)
        .limit(MAX_HISTORY)
    )
    return [Event(**row._mapping) for row in tx.connection.execute(wanted).all()]


def _rows(organisation: str) -> Select[Any]:
    item, payment = action_items.c, payments.c

    def of(table: Any, id: ColumnElement[Any]) -> ColumnElement[bool]:
        return and_(table.c.organisation == item.organisation, table.c.id == id)

    joined = (
        action_items.join(payments, of(payments, item.payment))
        .join(clients, of(clients, item.client))
        .outerjoin(payment_methods, of(payment_methods, payment.payment_method))
        .outerjoin(plans, of(plans, payment.plan))
        .outerjoin(refunds, of(refunds, item.refund))
    )
    columns = [column for part in PARTS for column in loader.columns(part)]
    return select(*columns).select_from(joined).where(item.organisation == organisation)


def _row(values: Sequence[Any]) -> Row:
    things: list[Any] = []
    start = 0
    for part in PARTS:
        width = len(loader.shape(part)[0])
        own = values[start : start + width]
        things.append(loader.build(part, own) if own[0] is not None else None)
        start += width
    item, payment, client, method, plan, refund = things
    return Row(item=item, payment=payment, client=client, method=method, plan=plan, refund=refund)


def _matches(search: Search) -> ColumnElement[bool]:
    """Ids exactly, a part of the client's name whatever its case, the card's last four, the amount."""
    words = search.words
    found = [
        action_items.c.payment == words,
        action_items.c.id == words,
        action_items.c.client == words,
        payment_methods.c.last4 == words,
    ]
    # SQLite folds the case of ASCII only: É and é are met by trying the ways in which names are typed.
    for spelling in {words, words.lower(), words.upper(), words.title(), words.capitalize()}:
        found.append(clients.c.name.icontains(spelling, autoescape=True))
    if len(words) >= PART_OF_ID:
        found.append(action_items.c.payment.endswith(words, autoescape=True))
    if search.amount is not None:
        found.append(action_items.c.amount == search.amount)
    return or_(*found)


def _beyond(at: ColumnElement[Any], after: Cursor, *, newest_first: bool) -> ColumnElement[bool]:
    instant, amount, id = after
    further = at < instant if newest_first else at > instant
    smaller = or_(action_items.c.amount < amount, and_(action_items.c.amount == amount, action_items.c.id > id))
    return or_(further, and_(at == instant, smaller))
