"""A subscription: what is billed, period by period, to a client; its dates, its changes and its pauses (S1, S2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.days import month_day, month_step, week_step
from domain.machine import Machine
from domain.payment_method import PaymentMethod
from domain.people import Client

ONE_DAY = timedelta(days=1)
MAX_LOOKED_AHEAD = 2_000  # periods looked through for what is to come: twenty years of paused weeks, and more


class Every(StrEnum):
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class SubscriptionState(StrEnum):
    ACTIVE = "active"
    CANCELLED = "cancelled"  # it has an end: periods before it are still billed


S = SubscriptionState

# fmt: off
SUBSCRIPTION: Machine[SubscriptionState] = Machine(
    name="subscription",
    starts=(S.ACTIVE,),
    table={
        (S.ACTIVE,    "bill"):    S.ACTIVE,
        (S.ACTIVE,    "change"):  S.ACTIVE,
        (S.ACTIVE,    "cancel"):  S.CANCELLED,
        (S.CANCELLED, "bill"):    S.CANCELLED,
        (S.CANCELLED, "change"):  S.CANCELLED,
        (S.CANCELLED, "cancel"):  S.CANCELLED,  # an end can only be moved earlier
    },
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`anchor` is the date that it starts on, period 0. `number` is the next period to bill or to pass over, on
    `next_on` (None: nothing more is billed); `billed` the last one that has an invoice, -1 before the first.

    `taxes` are those that it names, `{code, rate, known}`: the rate that was given, if any, and the rate when it
    began. `revisions` are `{from, amount?, payment_method?}` and `suspensions` `{from, to}`, with dates as ISO text
    and None for a pause without end. Failures in a row are counted from period `counted_from` on (S3).
    """

    organisation: str
    id: str
    client: str
    description: str
    amount: int
    taxes: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)
    ledger_code: str = ""
    every: Every
    anchor: date
    billing_day: int | None = None
    payment_method: str | None = None
    state: SubscriptionState = SubscriptionState.ACTIVE
    version: int = 1
    number: int = 0
    billed: int = -1
    next_on: date | None
    ends_on: date | None = None
    revisions: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)
    suspensions: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)
    counted_from: int = 0
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A period that was billed: from its billing date `on` until the day before the next, on an invoice, and with
    the payment that asks for it."""

    organisation: str
    subscription: str
    number: int
    client: str
    on: date
    until: date
    invoice: str
    payment: str | None
    amount: int
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewable:
    """A subscription whose next period has come, locked, with what billing it needs. `failures` counts the newest
    periods that failed in a row."""

    subscription: Subscription
    client: Client
    method: PaymentMethod | None
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A period that is to come: what is billed, before taxes, on which date, to which method."""

    number: int
    on: date
    until: date
    amount: int
    payment_method: str | None


def billing_date(one: Subscription, number: int) -> date:
    """The date on which a period begins and is billed, always computed from the anchor (I1): 31 Jan, 28 Feb, 31 Mar.

    With a billing day the first period begins on the anchor all the same, and those after it on that day: for
    months from the next one after the anchor, for years in the anchor's month. Weeks have none.
    """
    if number == 0:
        return one.anchor
    if one.every is Every.WEEK:
        return week_step(one.anchor, number)
    months = 12 if one.every is Every.YEAR else 1
    if one.billing_day is None:
        return month_step(one.anchor, number * months)
    if one.every is Every.YEAR:
        return month_day(one.anchor, number * months, one.billing_day)
    later = month_day(one.anchor, 0, one.billing_day) <= one.anchor
    return month_day(one.anchor, number - 1 + later, one.billing_day)


def last_day(one: Subscription, number: int) -> date:
    """The last day of a period: the one before the next begins."""
    return billing_date(one, number + 1) - ONE_DAY


def whole_period(one: Subscription) -> int:
    """How many days the first period would have if it had begun on the billing day before it."""
    second = billing_date(one, 1)
    if one.billing_day is None or one.every is Every.WEEK:
        return (second - one.anchor).days
    months = 12 if one.every is Every.YEAR else 1
    return (second - month_day(second, -months, one.billing_day)).days


def number_from(one: Subscription, day: date, start: int = 0) -> int:
    """The first period from `start` on whose billing date is `day` or later."""
    number = start
    while billing_date(one, number) < day:
        number += 1
    return number


def is_suspended(one: Subscription, day: date) -> bool:
    """Whether a billing date lies in a pause, its first and last day included."""
    return any(
        pause["from"] <= day.isoformat() and (pause["to"] is None or day.isoformat() <= pause["to"])
        for pause in one.suspensions
    )


def has_ended(one: Subscription, day: date) -> bool:
    return one.ends_on is not None and day > one.ends_on


def terms(one: Subscription, day: date) -> tuple[int, str | None]:
    """Amount and method of a billing date: those of the latest revision before it, or on it."""
    amount, method = one.amount, one.payment_method
    for revision in sorted(one.revisions, key=lambda revision: str(revision["from"])):
        if revision["from"] <= day.isoformat():
            amount = revision.get("amount", amount)
            method = revision.get("payment_method", method)
    return amount, method


def upcoming(one: Subscription, count: int = 12) -> list[Coming]:
    """The next charges, net of pauses, changes and an end (S6)."""
    return [coming for coming, _ in zip(_to_come(one), range(count), strict=False)]


def _to_come(one: Subscription) -> Iterator[Coming]:
    if one.next_on is None:
        return
    for number in range(one.number, one.number + MAX_LOOKED_AHEAD):
        on = billing_date(one, number)
        if has_ended(one, on):
            return
        if not is_suspended(one, on):
            amount, method = terms(one, on)
            yield Coming(number=number, on=on, until=last_day(one, number), amount=amount, payment_method=method)
