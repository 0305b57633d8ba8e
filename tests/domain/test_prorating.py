"""B14: the price of a late registration, at the edges of months, sessions, cents and fees."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.prorating import Deduction, Unit, prorated_price
from domain.refusal import OutOfRange

START, END = date(2026, 9, 7), date(2026, 12, 13)  # fourteen weeks, 98 days
WEEKLY = Deduction(per=Unit.WEEK, amount=1_000)
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
deductions = st.one_of(
    st.builds(Deduction, per=st.sampled_from(Unit), amount=st.integers(0, 5_000)),
    st.builds(Deduction, per=st.sampled_from(Unit), percent=st.sampled_from(["0", "0.1", "7.5", "33.333", "100"])),
)


def price(on: date, deduction: Deduction = WEEKLY, of: int = 14_000, **more: int) -> int:
    return prorated_price(of, start=START, end=END, on=on, deduction=deduction, **more)


@pytest.mark.parametrize(
    ("on", "costs"),
    [
        (date(2026, 8, 1), 14_000),  # before the session
        (START, 14_000),
        (date(2026, 9, 13), 14_000),  # the first week is not over
        (date(2026, 9, 14), 13_000),
        (END, 1_000),  # the last day: thirteen weeks have passed
        (date(2026, 12, 14), 0),  # the day after: all fourteen
        (date(2027, 6, 1), 0),
    ],
)
def test_B14_a_week_counts_once_it_has_wholly_passed(on: date, costs: int) -> None:
    assert price(on) == costs


def test_B14_the_last_day_has_passed_once_the_session_is_over() -> None:
    daily = Deduction(per=Unit.DAY, amount=100)
    assert [price(END + timedelta(days=late), daily, 9_800) for late in (0, 1, 2)] == [100, 0, 0]


@pytest.mark.parametrize(
    ("start", "on", "months"),
    [
        (date(2027, 1, 31), date(2027, 2, 27), 0),
        (date(2027, 1, 31), date(2027, 2, 28), 1),  # the anchor rule of I1
        (date(2027, 1, 31), date(2027, 3, 30), 1),
        (date(2027, 1, 31), date(2027, 3, 31), 2),
        (date(2028, 1, 31), date(2028, 2, 28), 0),  # a leap year
        (date(2028, 1, 31), date(2028, 2, 29), 1),
        (date(2026, 12, 15), date(2027, 1, 14), 0),
        (date(2026, 12, 15), date(2027, 1, 15), 1),
    ],
)
def test_B14_months_keep_their_anchor(start: date, on: date, months: int) -> None:
    monthly = Deduction(per=Unit.MONTH, amount=1)
    assert 1_000 - prorated_price(1_000, start=start, end=date(2029, 1, 1), on=on, deduction=monthly) == months


def test_B14_classes_are_counted_by_who_asks_and_none_before_the_session() -> None:
    by_class = Deduction(per=Unit.CLASS, percent="10")
    assert price(START, by_class, classes_passed=1) == 12_600
    assert price(START - timedelta(days=1), by_class, classes_passed=1) == 14_000
    assert price(END, by_class, classes_passed=11) == 0


def test_B14_a_percentage_is_of_the_price_and_rounded_once_half_even() -> None:
    assert price(date(2026, 9, 14), Deduction(per=Unit.WEEK, percent="7.5"), 1_500) == 1_388  # 1387.5
    assert price(date(2026, 9, 14), Deduction(per=Unit.WEEK, percent="2.5"), 1_500) == 1_462  # 1462.5
    third = Deduction(per=Unit.WEEK, percent="33.333333")
    assert [price(START + timedelta(weeks=weeks), third, 100) for weeks in (1, 2, 3)] == [67, 33, 0]


def test_B14_the_minimum_fee_is_kept_but_never_raises_the_price() -> None:
    assert price(END, minimum=2_500) == 2_500
    assert price(END, of=2_000, minimum=2_500) == 2_000
    assert price(START, minimum=2_500) == 14_000


@pytest.mark.parametrize(
    ("deduction", "more"),
    [
        (Deduction(per=Unit.DAY), {}),
        (Deduction(per=Unit.DAY, amount=1, percent="1"), {}),
        (Deduction(per=Unit.DAY, amount=-1), {}),
        (Deduction(per=Unit.DAY, percent="-1"), {}),
        (Deduction(per=Unit.DAY, percent="100.1"), {}),
        (Deduction(per=Unit.DAY, percent="NaN"), {}),
        (Deduction(per=Unit.DAY, percent="a tenth"), {}),
        (WEEKLY, {"of": -1}),
        (WEEKLY, {"minimum": -1}),
        (WEEKLY, {"classes_passed": -1}),
    ],
)
def test_B14_what_makes_no_sense_is_refused(deduction: Deduction, more: dict[str, int]) -> None:
    with pytest.raises(OutOfRange):
        price(START, deduction, **more)


def test_B14_a_session_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(OutOfRange):
        prorated_price(100, start=END, end=START, on=START, deduction=WEEKLY)


@given(days, st.integers(0, 400), days, days, deductions, st.integers(0, 50_000), st.integers(0, 3_000))
def test_B14_who_comes_later_never_pays_more(
    start: date, length: int, one: date, other: date, deduction: Deduction, whole: int, minimum: int
) -> None:
    end = start + timedelta(days=length)
    earlier, later = (
        prorated_price(whole, start=start, end=end, on=on, deduction=deduction, minimum=minimum, classes_passed=2)
        for on in sorted((one, other))
    )
    assert min(minimum, whole) <= later <= earlier <= whole
