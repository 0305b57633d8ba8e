"""Planning decides the payments of an instalment plan, and their changes until they are claimed (I1-I3)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from domain.decision import Decision, New, move
from domain.instalment import (
    Initial,
    InvalidSchedule,
    Plan,
    PlanDoesNotSum,
    Schedule,
    schedule_amounts,
    schedule_dates,
)  # fmt: skip
from domain.money import fraction_of
from domain.payment import PAYMENT, Payment, PaymentKind, PaymentState
from domain.payment_method import PaymentMethod
from domain.refusal import OutOfRange, Refusal
from domain.resuming import resume
from domain.telling import payment_event, plan_event

Mint = Callable[[str], str]
MAX_YEARS_AHEAD = 20


class NotChangeable(Refusal):
    """The instalment was claimed, charged, failed or cancelled already: it can't be changed any more (I3)."""

    code = "instalment_not_changeable"


class NothingToChange(Refusal):
    """Neither a date, an amount nor a method was given."""

    code = "nothing_to_change"


def planned_payments(total: int, initial: Initial | None, schedule: Schedule, today: date) -> list[tuple[date, int]]:
    """Dates and amounts, the initial payment first; they sum exactly to `total` (I2)."""
    _must_be_near([schedule.start, *schedule.dates, initial.on if initial is not None else None], today)
    first: list[tuple[date, int]] = []
    rest = total
    if initial is not None:
        if (initial.amount is None) == (initial.percent is None):
            raise InvalidSchedule("initial")
        amount = initial.amount if initial.amount is not None else fraction_of(total, initial.percent or "0")
        if not 0 < amount < total:
            raise PlanDoesNotSum("initial", total=total, planned=amount)
        first = [(initial.on or today, amount)]
        rest = total - amount
    dates = schedule_dates(schedule)
    _must_be_near(dates, today)
    return first + sorted(zip(dates, schedule_amounts(rest, schedule, len(dates)), strict=True))


def plan(
    *,
    thing: Plan,
    method: PaymentMethod | None,
    dates: Sequence[tuple[date, int]],
    ref: Callable[[], str],
    by: str,
    today: date,
    now: datetime,
    mint: Mint,
) -> tuple[Decision, list[Payment]]:
    """A plan and its payments. Today's and past ones are charged at once (I1); cheques wait for a person."""
    payments = [
        Payment(
            organisation=thing.organisation,
            id=mint("pay_"),
            kind=PaymentKind.INSTALMENT,
            client=thing.client,
            invoice=thing.invoice,
            plan=thing.id,
            number=number,
            merchant_account=method.merchant_account if method else None,
            payment_method=method.id if method else None,
            offline=thing.offline,
            amount=amount,
            due_on=day,
            due_at=now if method is not None and day <= today else None,
            state=PaymentState.DUE if method is not None and day <= today else PaymentState.SCHEDULED,
            ref=ref(),
            created_at=now,
        )
        for number, (day, amount) in enumerate(dates, 1)
    ]
    told = plan_event(thing, "plan.created", now, by=by, was=None, total=thing.total, count=thing.count)
    return (New(thing=thing), told, *(New(thing=payment) for payment in payments)), payments


def change(
    chosen: Sequence[Payment],
    siblings: Sequence[Payment],
    *,
    plan: Plan,
    asked_for: int,
    day: date | None,
    amount: int | None,
    method: PaymentMethod | None,
    by: str,
    today: date,
    now: datetime,
) -> Decision:
    """New date, amount or method for planned payments of one plan; `siblings` are all planned ones of it.

    New amounts must sum to what the plan has to ask for (`asked_for`: what is open on its lines less what has
    failed), or to what they did before (I3). A new method for what is held lets the plan go on (I5).
    """
    if day is None and amount is None and method is None:
        raise NothingToChange("instalments")
    ids = {payment.id for payment in chosen}
    if amount is not None:
        _must_sum(siblings, ids, amount, asked_for)
    steps: Decision = ()
    if method is not None and any(payment.state is PaymentState.HELD for payment in chosen):
        others = [payment for payment in siblings if payment.id not in ids]
        steps += resume(plan, others, method=None, by=by, now=now)
    for payment in chosen:
        _must_be_changeable(payment)
        put = _put(day, amount, method)
        event_name = _step(payment, day, method, today)
        if event_name == "fall_due":
            put["due_at"] = now
        steps += (
            replace(move(PAYMENT, payment, event_name), put=put),
            payment_event(
                payment, "instalment.changed", now, by=by, public=False,
                was={name: _plain(getattr(payment, name)) for name in put},
                **{name: _plain(value) for name, value in put.items()},
            ),
        )  # fmt: skip
    return steps


def _must_sum(siblings: Sequence[Payment], ids: Collection[str], amount: int, asked_for: int) -> None:
    before = sum(payment.amount for payment in siblings)
    after = sum(amount if payment.id in ids else payment.amount for payment in siblings)
    if after not in (before, asked_for):
        raise PlanDoesNotSum("amount", total=asked_for, planned=after)


def _put(day: date | None, amount: int | None, method: PaymentMethod | None) -> dict[str, Any]:
    put: dict[str, Any] = {}
    if day is not None:
        put["due_on"] = day
    if amount is not None:
        put["amount"] = amount
    if method is not None:
        put |= {"payment_method": method.id, "merchant_account": method.merchant_account, "offline": None}
    return put


def _step(payment: Payment, day: date | None, method: PaymentMethod | None, today: date) -> str:
    """A date that is today or past is charged at once (I1); a new method releases what is held (I5)."""
    if payment.state is PaymentState.HELD:
        return "release" if method is not None else "change"
    card = method is not None or payment.payment_method is not None
    return "fall_due" if day is not None and day <= today and card else "change"


def cancel(chosen: Sequence[Payment], *, by: str, now: datetime) -> Decision:
    """Planned payments that will not be asked for; what they were for stays owed on the invoice."""
    steps: Decision = ()
    for payment in chosen:
        _must_be_changeable(payment)
        steps += (
            move(PAYMENT, payment, "cancel"),
            payment_event(payment, "instalment.cancelled", now, by=by, public=False, why="asked"),
        )
    return steps


def _plain(value: object) -> object:
    """As an event keeps it."""
    return value if value is None or isinstance(value, int) else str(value)


def _must_be_near(days: Sequence[date | None], today: date) -> None:
    if any(day is not None and day.year - today.year > MAX_YEARS_AHEAD for day in days):
        raise OutOfRange("schedule", maximum=MAX_YEARS_AHEAD)


def _must_be_changeable(payment: Payment) -> None:
    if payment.state not in (PaymentState.SCHEDULED, PaymentState.HELD):
        raise NotChangeable("instalments", instalment=payment.id, state=payment.state.value)
