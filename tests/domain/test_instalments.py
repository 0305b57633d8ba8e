"""Instalment plans: dates, amounts that sum, and changes until they are claimed (I1-I3)."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import planning
from domain.instalment import (
    MAX_INSTALMENTS,
    Initial,
    InvalidSchedule,
    PlanDoesNotSum,
    Schedule,
    schedule_amounts,
    schedule_dates,
)  # fmt: skip
from domain.money import fraction_of
from domain.payment import Payment, PaymentState
from domain.planning import MAX_YEARS_AHEAD, NotChangeable, NothingToChange, planned_payments
from domain.refusal import OutOfRange, Refusal
from tests.domain.builders import NOW, TODAY, instalment, made, method, mint, moved, plan, told

TOMORROW = TODAY + timedelta(days=1)
monthly = Schedule(every="month", count=3, start=TODAY)

# -- dates and amounts ---------------------------------------------------------------------------


def test_I1_monthly_payments_keep_the_anchor_day_and_weekly_ones_the_weekday() -> None:
    assert schedule_dates(Schedule(every="month", count=3, start=date(2027, 1, 31))) == [
        date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31),
    ]  # fmt: skip
    assert schedule_dates(Schedule(every="week", count=2, start=TODAY)) == [TODAY, TODAY + timedelta(days=7)]


@pytest.mark.parametrize(
    "schedule",
    [
        Schedule(),
        Schedule(every="year", count=2, start=TODAY),
        Schedule(every="month", start=TODAY),
        Schedule(every="month", count=MAX_INSTALMENTS + 1, start=TODAY),
        Schedule(every="month", count=-1, start=TODAY),
        Schedule(dates=tuple(TODAY + timedelta(days=day) for day in range(MAX_INSTALMENTS + 1))),
    ],
)
def test_I1_neither_a_rhythm_nor_dates_within_the_limit_is_refused(schedule: Schedule) -> None:
    with pytest.raises(InvalidSchedule):
        schedule_dates(schedule)


def test_I2_the_remainder_goes_to_the_first_instalments_a_cent_each() -> None:
    assert schedule_amounts(10_001, monthly, 3) == [3_334, 3_334, 3_333]


def test_I2_amounts_of_ones_own_must_sum_to_the_price() -> None:
    own = Schedule(dates=(TODAY, TOMORROW), amounts=(9_000, 1_000))
    assert schedule_amounts(10_000, own, 2) == [9_000, 1_000]
    for amounts in [(9_000, 999), (10_000,), (11_000, -1_000), (10_000, 0), ()]:
        with pytest.raises(PlanDoesNotSum):
            schedule_amounts(10_000, Schedule(dates=(TODAY, TOMORROW), amounts=amounts), 2)


def test_I2_no_instalment_is_of_nothing() -> None:
    with pytest.raises(PlanDoesNotSum):
        schedule_amounts(2, monthly, 3)


def test_I1_the_initial_payment_comes_first_and_is_today_unless_it_says_otherwise() -> None:
    later = Schedule(dates=(TOMORROW,))
    assert planned_payments(10_000, Initial(percent="25"), later, TODAY) == [(TODAY, 2_500), (TOMORROW, 7_500)]
    fixed = Initial(amount=1_000, on=date(2026, 12, 1))
    assert planned_payments(10_000, fixed, later, TODAY)[0] == (date(2026, 12, 1), 1_000)


@pytest.mark.parametrize("initial", [Initial(), Initial(amount=1, percent="1")])
def test_I1_an_initial_payment_is_an_amount_or_a_percentage(initial: Initial) -> None:
    with pytest.raises(InvalidSchedule):
        planned_payments(10_000, initial, monthly, TODAY)


@pytest.mark.parametrize("initial", [Initial(amount=0), Initial(amount=10_000), Initial(percent="100")])
def test_I2_an_initial_payment_is_a_part_of_the_price(initial: Initial) -> None:
    with pytest.raises(PlanDoesNotSum):
        planned_payments(10_000, initial, monthly, TODAY)


def test_F88_a_plan_ends_within_twenty_years() -> None:
    far = Schedule(dates=(date(TODAY.year + MAX_YEARS_AHEAD + 1, 1, 1),))
    with pytest.raises(OutOfRange):
        planned_payments(10_000, None, far, TODAY)


@pytest.mark.parametrize("every", ["week", "month"])
def test_F88_a_plan_that_would_leave_the_calendar_is_refused(every: str) -> None:
    with pytest.raises(OutOfRange):
        planned_payments(10_000, None, Schedule(every=every, count=9, start=date(9999, 11, 30)), TODAY)


def test_F88_nor_does_an_initial_payment_leave_the_twenty_years() -> None:
    with pytest.raises(OutOfRange):
        planned_payments(10_000, Initial(amount=1, on=date(9999, 12, 31)), monthly, TODAY)


@given(
    st.integers(min_value=1, max_value=99_999_999_99),
    st.integers(min_value=1, max_value=MAX_INSTALMENTS),
    st.one_of(st.none(), st.integers(min_value=1, max_value=99).map(lambda percent: Initial(percent=str(percent)))),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.sampled_from(["week", "month"]),
)
def test_I2_whatever_the_plan_its_payments_sum_to_the_price(
    total: int, count: int, initial: Initial | None, start: date, every: str
) -> None:
    try:
        planned = planned_payments(total, initial, Schedule(every=every, count=count, start=start), TODAY)
    except PlanDoesNotSum:
        first = fraction_of(total, initial.percent or "") if initial else 0
        assert total - first < count or (initial and first in (0, total))  # a payment would be of nothing
        return
    assert sum(amount for _, amount in planned) == total
    assert all(amount > 0 for _, amount in planned)
    scheduled = [day for day, _ in planned[1 if initial else 0 :]]
    assert len(scheduled) == count
    assert scheduled == sorted(set(scheduled))


# -- a plan --------------------------------------------------------------------------------------


def _planned(**more: Any) -> list[Payment]:
    dates = [(TODAY - timedelta(days=1), 3_334), (TODAY, 3_333), (TOMORROW, 3_333)]
    given: dict[str, Any] = {"thing": plan(total=10_000), "method": method()} | more
    _, payments = planning.plan(
        **given, dates=dates, ref=lambda: mint("e"), by="marie", today=TODAY, now=NOW, mint=mint
    )
    return payments


def test_I1_what_is_today_or_past_is_charged_at_once_the_rest_waits_for_its_night() -> None:
    assert [(payment.state, payment.due_at) for payment in _planned()] == [
        (PaymentState.DUE, NOW), (PaymentState.DUE, NOW), (PaymentState.SCHEDULED, None),
    ]  # fmt: skip


def test_I7_cheques_are_planned_and_no_run_ever_takes_them() -> None:
    payments = _planned(method=None, thing=plan(payment_method=None, offline="cheque"))
    assert {(payment.state, payment.merchant_account) for payment in payments} == {(PaymentState.SCHEDULED, None)}


def test_I1_the_payments_of_a_plan_are_numbered_and_each_has_keys_of_its_own() -> None:
    payments = _planned()
    assert [payment.number for payment in payments] == [1, 2, 3]
    assert len({payment.ref for payment in payments}) == len({payment.id for payment in payments}) == 3


def test_I1_making_a_plan_writes_it_its_payments_and_that_it_was_made() -> None:
    decision, payments = planning.plan(
        thing=plan(), method=method(), dates=[(TODAY, 30_000)], ref=lambda: mint("e"), by="marie", today=TODAY, now=NOW,
        mint=mint,
    )  # fmt: skip
    assert told(decision) == ["new Payment", "new Plan", "tell plan.created"]
    assert made(decision, Payment) == payments


# -- changes -------------------------------------------------------------------------------------


def change(chosen: list[Payment], siblings: list[Payment] | None = None, **more: Any) -> Any:
    given: dict[str, Any] = {"day": None, "amount": None, "method": None} | more
    its = siblings or chosen
    asked_for = sum(payment.amount for payment in its)
    return planning.change(chosen, its, plan=plan(), asked_for=asked_for, **given, by="marie", today=TODAY, now=NOW)


def test_I3_a_change_of_the_date_is_a_step_and_is_told() -> None:
    decision = change([instalment()], day=date(2026, 12, 24))
    assert told(decision) == ["Payment scheduled -> scheduled", "tell instalment.changed"]
    assert moved(decision, Payment).put == {"due_on": date(2026, 12, 24)}


def test_I1_a_date_that_is_moved_to_today_or_before_is_charged_at_once() -> None:
    for day in (TODAY, TODAY - timedelta(days=9)):
        step = moved(change([instalment()], day=day), Payment)
        assert (step.after, step.put["due_at"]) == (PaymentState.DUE, NOW)


def test_I7_a_cheque_that_is_moved_to_today_still_waits_for_a_person() -> None:
    cheque = instalment(payment_method=None, merchant_account=None, offline="cheque")
    assert moved(change([cheque], day=TODAY), Payment).after is PaymentState.SCHEDULED


def test_I3_a_cheque_that_becomes_a_card_payment_is_no_cheque_any_more() -> None:
    cheque = instalment(payment_method=None, merchant_account=None, offline="cheque")
    assert moved(change([cheque], method=method()), Payment).put == {
        "payment_method": "pm-1", "merchant_account": "main", "offline": None,
    }  # fmt: skip


def test_I5_a_held_instalment_that_is_moved_to_today_stays_held() -> None:
    assert moved(change([instalment(state=PaymentState.HELD)], day=TODAY), Payment).after is PaymentState.HELD


def test_I3_one_method_is_given_to_many_at_once() -> None:
    decision = change([instalment(id="a"), instalment(id="b")], method=method(id="pm-2"))
    assert told(decision).count("Payment scheduled -> scheduled") == 2


def test_I3_amounts_that_no_longer_sum_are_refused() -> None:
    siblings = [instalment(id="a", amount=5_000), instalment(id="b", amount=5_000)]
    with pytest.raises(PlanDoesNotSum) as refused:
        change(siblings[:1], siblings, amount=6_000)
    assert refused.value.params == {"total": 10_000, "planned": 11_000}


def test_I3_amounts_may_be_moved_between_payments_as_long_as_they_sum() -> None:
    siblings = [instalment(id="a", amount=6_000), instalment(id="b", amount=4_000)]
    decision = change(siblings, amount=5_000)
    assert told(decision).count("tell instalment.changed") == 2


def test_I3_nothing_to_change_is_refused() -> None:
    with pytest.raises(NothingToChange):
        change([instalment()])


@pytest.mark.parametrize("state", [state for state in PaymentState if state not in ("scheduled", "held")])
def test_I3_F103_what_was_claimed_charged_or_ended_can_neither_be_changed_nor_cancelled(state: PaymentState) -> None:
    with pytest.raises(NotChangeable):
        change([instalment(state=state)], day=TOMORROW)
    with pytest.raises(NotChangeable):
        planning.cancel([instalment(state=state)], by="marie", now=NOW)


@pytest.mark.parametrize("state", [PaymentState.SCHEDULED, PaymentState.HELD])
def test_I3_a_planned_payment_can_be_cancelled(state: PaymentState) -> None:
    decision = planning.cancel([instalment(state=state)], by="marie", now=NOW)
    assert told(decision) == [f"Payment {state} -> cancelled", "tell instalment.cancelled"]


@given(
    st.lists(st.integers(min_value=1, max_value=100_000), min_size=1, max_size=6),
    st.sets(st.integers(min_value=0, max_value=5)), st.integers(min_value=1, max_value=100_000),
)  # fmt: skip
def test_I3_no_change_of_amounts_changes_the_sum_of_a_plan(amounts: list[int], picked: set[int], amount: int) -> None:
    siblings = [instalment(id=str(number), amount=one) for number, one in enumerate(amounts)]
    chosen = [payment for number, payment in enumerate(siblings) if number in picked]
    try:
        change(chosen, siblings, amount=amount)
    except Refusal:
        return
    after = sum(amount if payment in chosen else payment.amount for payment in siblings)
    assert after == sum(amounts)
