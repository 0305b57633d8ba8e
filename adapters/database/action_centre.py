"""The Payment Action Center as its pages show it: rows of a tab, live counts, one item's past."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal_column, or_, select

from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.database.item_filter import CLOSED_SHOWN_FOR, TABS, Filter, Tab, matching
from adapters.database.retry_limits import retry_limits
from adapters.database.tables import (
    SETTLED,
    UNSETTLED,
    action_items,
    clients,
    events,
    payment_methods,
    payments,
    plans,
    refunds,
)  # fmt: skip
from domain.action_item import ActionItem
from domain.event import Event
from domain.instalment import Plan
from domain.organisation import Organisation
from domain.payment import Payment
from domain.payment_method import MethodState, PaymentMethod
from domain.people import Client
from domain.refund import Refund
from domain.retrying import Limits

PAGE_SIZE = 30
MAX_HISTORY = 500  # steps of one payment and its item; a person reads no further
MAX_COUNTED = 1_000  # of what a filter finds: more is told as "more than", and costs no more


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


Cursor = tuple[datetime, int, str]  # (instant, amount, id) of the last row of the page before
PARTS: tuple[type, ...] = (ActionItem, Payment, Client, PaymentMethod, Plan, Refund)


def list_items(
    tx: BookTransaction, owner: Organisation, wanted: Filter, *, after: Cursor | None = None, size: int | None = None
) -> tuple[list[Row], Cursor | None]:
    """One page of what was asked for, oldest first, then the larger amount (closed ones: latest first); and where
    the next page begins."""
    size = size or PAGE_SIZE
    closed = wanted.tab is Tab.CLOSED
    at = action_items.c.changed_at if closed else action_items.c.failed_at
    chosen = select(action_items.c.id).where(matching(tx, owner.id, owner.timezone, wanted))
    if after is not None:
        chosen = chosen.where(_beyond(at, after, newest_first=closed))
    chosen = chosen.order_by(at.desc() if closed else at, action_items.c.amount.desc(), action_items.c.id)
    ids = list(tx.connection.execute(chosen.limit(size + 1)).scalars())
    found = find_rows(tx, owner.id, ids[:size])
    place = {id: position for position, id in enumerate(ids)}
    found.sort(key=lambda row: place[row.item.id])
    if len(ids) <= size:
        return found, None
    last = found[-1].item
    return found, (last.changed_at if closed else last.failed_at, last.amount, last.id)


def count_matching(tx: BookTransaction, owner: Organisation, wanted: Filter) -> tuple[int, int]:
    """How many items, and their money; of the first MAX_COUNTED, so that a wide filter costs no more than that."""
    some = select(action_items.c.amount).where(matching(tx, owner.id, owner.timezone, wanted))
    counted = some.limit(MAX_COUNTED + 1).subquery()
    wanted_sums = select(func.count(), func.coalesce(func.sum(counted.c.amount), 0))
    number, total = tx.connection.execute(wanted_sums.select_from(counted)).one()
    return int(number), int(total)


def find_rows(tx: BookTransaction, organisation: str, ids: Collection[str]) -> list[Row]:
    """Items of the organisation by id, in no order; strangers are left out (P1)."""
    found = tx.connection.execute(_rows(), {"organisation": organisation, "ids": list(ids)}).all() if ids else []
    return _limited(tx, [_row(values) for values in found])


def item_of_payment(tx: BookTransaction, organisation: str, payment: str) -> str:
    """The item of the payment of exactly that id: the one that waits, else the newest; empty if there is none."""
    waits: ColumnElement[int] = literal_column(f"CASE WHEN {UNSETTLED} THEN 0 ELSE 1 END")
    wanted = select(action_items.c.id).where(
        action_items.c.organisation == organisation, action_items.c.payment == payment
    )
    newest = wanted.order_by(waits, action_items.c.opened_at.desc(), action_items.c.id).limit(1)
    return tx.connection.execute(newest).scalar() or ""


def _limited(tx: BookTransaction, rows: Sequence[Row]) -> list[Row]:
    """With what the card networks count against a retry of each."""
    limits = retry_limits(tx, [(row.item, row.method) for row in rows])
    return [replace(row, limits=limits.get(row.item.id), seen_at=tx.now) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many items each tab holds now, and the money, in minor units, that waits in the center."""

    tabs: Mapping[Tab, int]
    waiting: int


def tally(tx: BookTransaction, organisation: str) -> Tally:
    state, kind, amount = action_items.c.state, action_items.c.kind, action_items.c.amount
    own = action_items.c.organisation == organisation
    waiting = select(state, kind, func.count(), func.sum(amount)).where(
        own, literal_column(f"action_items.{UNSETTLED}")
    )
    recent = action_items.c.changed_at > tx.now - CLOSED_SHOWN_FOR
    closed = select(func.count()).where(own, literal_column(f"action_items.{SETTLED}"), recent)
    counted = tx.connection.execute(waiting.group_by(state, kind)).all()
    held = {
        tab: sum(number for state, kind, number, _ in counted if state in states and (not kinds or kind in kinds))
        for tab, (states, kinds) in TABS.items()
    }
    held[Tab.CLOSED] = int(tx.connection.execute(closed).scalar_one())
    return Tally(tabs=held, waiting=sum(int(money) for *_, money in counted))


def newer_methods(tx: BookTransaction, rows: Sequence[Row]) -> dict[str, bool]:
    """Of each item, by its id: whether the client has a usable method that is newer than the failure, or the
    payment has another one than failed (so that a retry is worth it)."""
    if not rows:
        return {}
    method = payment_methods.c
    newest = (
        select(method.client, func.max(method.created_at))
        .where(
            method.organisation == rows[0].item.organisation,
            method.client.in_({row.client.id for row in rows}),
            method.state == MethodState.ACTIVE,
        )
        .group_by(method.client)
    )
    found = {client: at for client, at in tx.connection.execute(newest).all()}
    return {
        row.item.id: row.payment.payment_method != row.item.payment_method
        or (row.client.id in found and found[row.client.id] > row.item.failed_at)
        for row in rows
    }


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


@cache
def _rows() -> Select[Any]:
    """Everything around items, by `organisation` and `ids`; made once, for it names a hundred columns."""
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
    asked = and_(item.organisation == bindparam("organisation"), item.id.in_(bindparam("ids", expanding=True)))
    return select(*columns).select_from(joined).where(asked)


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


def _beyond(at: ColumnElement[Any], after: Cursor, *, newest_first: bool) -> ColumnElement[bool]:
    instant, amount, id = after
    further = at < instant if newest_first else at > instant
    smaller = or_(action_items.c.amount < amount, and_(action_items.c.amount == amount, action_items.c.id > id))
    from_there = at <= instant if newest_first else at >= instant  # where in its index the database begins
    return and_(from_there, or_(further, and_(at == instant, smaller)))
