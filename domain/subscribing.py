"""Subscribing decides how a subscription begins, changes, pauses, goes on and ends (S1, S2)."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from domain.decision import Decision, New, move
from domain.event import SYSTEM, Event
from domain.refusal import OutOfRange, Refusal
from domain.subscription import (
    ONE_DAY,
    SUBSCRIPTION,
    Every,
    Subscription,
    billing_date,
    has_ended,
    is_suspended,
    number_from,
)  # fmt: skip

MAX_YEARS_AWAY = 20
MAX_YEARS_BACK = 2
MAX_REVISIONS = 200  # of a subscription, and as many pauses: a change every month for sixteen years


class SubscriptionEnded(Refusal):
    """Nothing more is billed on it: start another one."""

    code = "subscription_ended"


class EndOnlyEarlier(Refusal):
    """A scheduled end can be moved to an earlier date only (S2)."""

    code = "end_only_earlier"


class NotSuspended(Refusal):
    """There is no pause to end."""

    code = "not_suspended"


class NoChange(Refusal):
    """Neither an amount, a method nor an end was given."""

    code = "no_change"


class BillingDayOfWeeks(Refusal):
    """A day of the month says nothing to a subscription that is billed by the week."""

    code = "billing_day_of_weeks"


def start(thing: Subscription, *, by: str, today: date, now: datetime) -> Decision:
    """A subscription comes into being; its periods are billed by `renewing`."""
    _must_be_near(thing.anchor, today)
    if thing.billing_day is not None and thing.every is Every.WEEK:
        raise BillingDayOfWeeks("billing_day")
    told = subscription_event(
        replace(thing, version=0), "subscription.started", now, by=by, amount=thing.amount, every=thing.every.value,
        start=thing.anchor.isoformat(), billing_day=thing.billing_day, payment_method=thing.payment_method,
    )  # fmt: skip
    return (New(thing=thing), told)


def change(
    one: Subscription, *, since: date, amount: int | None, payment_method: str | None, ends_on: date | None, by: str,
    today: date, now: datetime,
) -> Decision:  # fmt: skip
    """Another amount or method for the periods that begin from a date on, or an earlier end."""
    _must_go_on(one)
    _must_be_near(since, today)
    given: dict[str, Any] = {"amount": amount, "payment_method": payment_method}
    given = {name: value for name, value in given.items() if value is not None}
    if not given and ends_on is None:
        raise NoChange("subscription")
    put: dict[str, Any] = {}
    if given:
        put["revisions"] = _revised(one, since, given)
    if ends_on is not None:
        return cancel(replace(one, **put), ends_on=ends_on, by=by, now=now, also=put)
    told = subscription_event(one, "subscription.changed", now, by=by, since=since.isoformat(), **given)
    return (move(SUBSCRIPTION, one, "change", **put), told)


def _revised(one: Subscription, since: date, given: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """With one more revision; one of the same date is completed by it."""
    kept = [dict(revision) for revision in one.revisions]
    same = [revision for revision in kept if revision["from"] == since.isoformat()]
    if same:
        same[0].update(given)
    else:
        kept.append({"from": since.isoformat(), **given})
    if len(kept) > MAX_REVISIONS:
        raise OutOfRange("subscription", maximum=MAX_REVISIONS)
    return tuple(kept)


def suspend(one: Subscription, *, since: date, to: date | None, by: str, today: date, now: datetime) -> Decision:
    """Periods whose billing date lies from the first to the last day make no invoice."""
    _must_go_on(one)
    _must_be_near(since, today)
    if to is not None and to < since:
        raise OutOfRange("to", minimum=since.isoformat())
    if len(one.suspensions) >= MAX_REVISIONS:
        raise OutOfRange("subscription", maximum=MAX_REVISIONS)
    pause = {"from": since.isoformat(), "to": to.isoformat() if to is not None else None}
    told = subscription_event(one, "subscription.suspended", now, by=by, since=pause["from"], to=pause["to"])
    return (move(SUBSCRIPTION, one, "change", suspensions=(*one.suspensions, pause)), told)


def resume(one: Subscription, *, since: date, by: str = SYSTEM, now: datetime) -> Decision:
    """From a date on nothing pauses it: the pauses that reach into it end the day before, and when none does, those
    to come are taken back. Periods that were passed over since that date are billed after all."""
    _must_go_on(one)
    first = since.isoformat()
    running = [pause for pause in one.suspensions if pause["from"] <= first <= (pause["to"] or first)]
    later = [pause for pause in one.suspensions if pause["from"] > first]
    if not running and not later:
        raise NotSuspended("subscription")
    ended = running or later
    kept = [pause for pause in one.suspensions if pause not in ended]
    cut = (since - ONE_DAY).isoformat()
    kept += [{"from": pause["from"], "to": cut} for pause in running if pause["from"] <= cut]
    going = replace(one, suspensions=tuple(sorted(kept, key=lambda pause: str(pause["from"]))))
    number = min(one.number, number_from(one, since, one.billed + 1))
    put: dict[str, Any] = {
        "suspensions": going.suspensions, "number": number, "next_on": _next_on(going, number), "counted_from": number,
    }  # fmt: skip
    return (
        move(SUBSCRIPTION, one, "change", **put),
        subscription_event(one, "subscription.resumed", now, by=by, since=first),
    )


def cancel(
    one: Subscription, *, ends_on: date | None = None, since: date | None = None, by: str, now: datetime,
    also: dict[str, Any] | None = None,
) -> Decision:  # fmt: skip
    """It ends on a date, or the day before its first billing date from `since` on that is not billed yet (S2).

    A period whose billing date has passed and that is not billed yet is owed all the same.
    """
    if ends_on is None and since is not None:
        ends_on = billing_date(one, number_from(one, since, one.billed + 1)) - ONE_DAY
        ends_on = min(ends_on, one.ends_on or ends_on)
    if ends_on is None:
        raise NoChange("ends_on")
    if one.ends_on is not None and ends_on > one.ends_on:
        raise EndOnlyEarlier("ends_on", ends_on=one.ends_on.isoformat())
    ending = replace(one, ends_on=ends_on)
    put = {**(also or {}), "ends_on": ends_on, "next_on": _next_on(ending, one.number)}
    told = subscription_event(
        one, "subscription.cancelled", now, by=by, ends_on=ends_on.isoformat(),
        was=one.ends_on.isoformat() if one.ends_on is not None else None,
    )  # fmt: skip
    return (move(SUBSCRIPTION, one, "cancel", **put), told)


def _next_on(one: Subscription, number: int) -> date | None:
    on = billing_date(one, number)
    return None if has_ended(one, on) else on


def state_on(one: Subscription, day: date) -> str:
    """As people see it on a day: active, suspended, cancelled (it has an end), ended."""
    if has_ended(one, day):
        return "ended"
    if is_suspended(one, day):
        return "suspended"
    return one.state.value


def subscription_event(
    one: Subscription, type_: str, now: datetime, *, by: str = SYSTEM, was: str | None = None, **data: object
) -> New:
    return New(
        thing=Event(
            organisation=one.organisation, type=type_, subject=f"subscription:{one.id}", sequence=one.version + 1,
            at=now, by=by, public=False, data={"subscription": one.id, "client": one.client, **data},
            before={"state": one.state.value, "ends_on": was},
        )
    )  # fmt: skip


def _must_go_on(one: Subscription) -> None:
    if one.next_on is None:
        raise SubscriptionEnded("subscription", subscription=one.id)


def _must_be_near(day: date, today: date) -> None:
    if day.year - today.year > MAX_YEARS_AWAY or today.year - day.year > MAX_YEARS_BACK:
        raise OutOfRange("from", maximum=MAX_YEARS_AWAY)
