"""Periods of subscriptions: every date from its anchor, none twice and none left out, whatever the calendar does."""

import calendar
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.renewing import period_amount
from domain.subscription import (
    Every,
    Subscription,
    billing_date,
    is_suspended,
    last_day,
    number_from,
    terms,
    upcoming,
    whole_period,
)  # fmt: skip
from tests.domain.builders import NOW, organisation

FIRST = date(2026, 11, 24)


def subscription(anchor: date = FIRST, every: Every = Every.MONTH, **more: Any) -> Subscription:
    one = Subscription(
        organisation="ymca", id="sub-1", client="c-1", description="Pass", amount=3_000, every=every, anchor=anchor,
        next_on=anchor, created_at=NOW,
    )  # fmt: skip
    return replace(one, **more)


def dates(one: Subscription, count: int) -> list[date]:
    return [billing_date(one, number) for number in range(count)]


def last_of(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


# -- the rule of the anchor day ------------------------------------------------------------------


def test_S1_months_keep_the_anchor_day() -> None:
    found = dates(subscription(date(2027, 1, 31)), 5)
    assert found == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30), date(2027, 5, 31)]


def test_S1_a_leap_day_is_the_28th_in_other_years_and_comes_back() -> None:
    found = dates(subscription(date(2028, 2, 29), Every.YEAR), 5)
    assert found == [date(year, 2, 29 if year % 4 == 0 else 28) for year in range(2028, 2033)]


def test_S1_with_a_billing_day_the_first_period_begins_on_the_given_date_and_the_others_on_that_day() -> None:
    found = dates(subscription(billing_day=1), 3)
    assert found == [FIRST, date(2026, 12, 1), date(2027, 1, 1)]
    assert dates(subscription(date(2027, 1, 31), billing_day=31), 3) == [
        date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31),
    ]  # fmt: skip
    assert dates(subscription(date(2027, 2, 28), billing_day=30), 3) == [
        date(2027, 2, 28), date(2027, 3, 30), date(2027, 4, 30),
    ]  # fmt: skip
    assert dates(subscription(every=Every.YEAR, billing_day=1), 2) == [FIRST, date(2027, 11, 1)]


def check_months(anchor: date, count: int) -> None:
    """One period in each month, on the anchor's day or the month's last: nothing skipped, nothing twice."""
    one = subscription(anchor)
    for number in range(count):
        found = billing_date(one, number)
        months = anchor.year * 12 + anchor.month - 1 + number
        assert (found.year, found.month) == (months // 12, months % 12 + 1)
        assert found.day == min(anchor.day, last_of(found.year, found.month))


def check_billing_days(anchor: date, billing_day: int, count: int) -> None:
    """After the first, one period in each month, on the billing day or the month's last; and none before the first."""
    found = dates(subscription(anchor, billing_day=billing_day), count)
    second = found[1]
    assert 0 < (second - anchor).days <= 31
    for number, day in enumerate(found[1:]):
        months = second.year * 12 + second.month - 1 + number
        assert (day.year, day.month) == (months // 12, months % 12 + 1)
        assert day.day == min(billing_day, last_of(day.year, day.month))


def test_S1_every_anchor_day_bills_each_month_of_a_leap_cycle_once() -> None:
    for month in range(1, 13):
        for day in range(1, last_of(2028, month) + 1):
            check_months(date(2028, month, day), 60)


def test_S1_every_billing_day_does_too_from_every_anchor_day() -> None:
    for month in (1, 2, 4):
        for day in range(1, last_of(2028, month) + 1):
            for billing_day in range(1, 32):
                check_billing_days(date(2028, month, day), billing_day, 15)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_S1_every_anchor_day_and_start_month_bills_each_month_of_400_years_once() -> None:
    # The calendar repeats after 400 years: a start in each month of one of them has seen every month there is.
    for month in range(1, 13):
        for day in range(1, last_of(2000, month) + 1):
            check_months(date(2000, month, day), 4_800)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_S1_every_billing_day_bills_each_month_of_400_years_once() -> None:
    for billing_day in range(1, 32):
        for day in (1, 15, 28, 29, 30, 31):
            check_billing_days(date(2000, 1, day), billing_day, 4_800)


def test_S1_every_day_of_the_week_and_of_the_year_bills_400_years_of_weeks_and_years_once() -> None:
    for weekday in range(7):
        one = subscription(date(2000, 1, 1) + timedelta(days=weekday), Every.WEEK)
        days = [billing_date(one, number).toordinal() for number in range(20_871)]
        assert days == list(range(one.anchor.toordinal(), one.anchor.toordinal() + 7 * 20_871, 7))
    for day in range(366):
        anchor = date(2000, 1, 1) + timedelta(days=day)
        found = dates(subscription(anchor, Every.YEAR), 400)
        assert [one.year for one in found] == list(range(2000, 2400))
        assert {one.month for one in found} == {anchor.month}
        assert all(one.day == min(anchor.day, last_of(one.year, one.month)) for one in found)


every = st.sampled_from(Every)
days = st.dates(date(2020, 1, 1), date(2060, 12, 31))


@given(days, every, st.one_of(st.none(), st.integers(1, 31)))
def test_S5_periods_follow_each_other_without_a_gap(anchor: date, rhythm: Every, billing_day: int | None) -> None:
    one = subscription(anchor, rhythm, billing_day=billing_day)
    found = dates(one, 30)
    assert all(later > earlier for earlier, later in pairwise(found))
    assert [last_day(one, number) + timedelta(days=1) for number in range(29)] == found[1:]


@given(days, every, days)
def test_S5_the_first_period_from_a_day_on_is_found(anchor: date, rhythm: Every, day: date) -> None:
    one = subscription(anchor, rhythm)
    number = number_from(one, day)
    assert billing_date(one, number) >= day
    assert number == 0 or billing_date(one, number - 1) < day


def test_S1_a_short_first_period_is_told_by_its_days() -> None:
    assert whole_period(subscription(billing_day=1)) == 30  # November: 1st to 30th
    assert whole_period(subscription(date(2027, 2, 10), billing_day=31)) == 28  # 31 January to 28 February
    assert whole_period(subscription(every=Every.YEAR, billing_day=1)) == 365


# -- changes, pauses and the end -----------------------------------------------------------------


def test_S2_a_change_holds_from_its_date_on_and_the_last_of_a_date_wins() -> None:
    one = subscription(
        revisions=({"from": "2027-01-01", "amount": 3_500}, {"from": "2027-03-01", "payment_method": "pm-2"})
    )
    assert terms(one, date(2026, 12, 31)) == (3_000, None)
    assert terms(one, date(2027, 1, 1)) == (3_500, None)
    assert terms(one, date(2027, 3, 24)) == (3_500, "pm-2")


def test_S2_a_pause_holds_its_first_and_its_last_day() -> None:
    one = subscription(suspensions=({"from": "2026-12-24", "to": "2027-01-24"}, {"from": "2027-06-01", "to": None}))
    assert not is_suspended(one, date(2026, 12, 23))
    assert is_suspended(one, date(2026, 12, 24))
    assert is_suspended(one, date(2027, 1, 24))
    assert not is_suspended(one, date(2027, 1, 25))
    assert is_suspended(one, date(2050, 1, 1))


def test_S6_the_next_twelve_charges_are_net_of_pauses_changes_and_the_end() -> None:
    one = subscription(
        revisions=({"from": "2027-02-01", "amount": 3_500},),
        suspensions=({"from": "2026-12-24", "to": "2027-01-24"},),
    )
    coming = upcoming(one)
    assert len(coming) == 12
    assert [(charge.on, charge.amount) for charge in coming[:3]] == [
        (FIRST, 3_000), (date(2027, 2, 24), 3_500), (date(2027, 3, 24), 3_500),
    ]  # fmt: skip
    assert [charge.on for charge in upcoming(replace(one, ends_on=date(2027, 3, 23)))] == [FIRST, date(2027, 2, 24)]
    assert upcoming(replace(one, suspensions=({"from": "2026-11-01", "to": None},))) == []
    assert upcoming(replace(one, next_on=None)) == []


def test_S1_a_shorter_first_period_costs_less_by_its_days_where_the_setting_says_so() -> None:
    club = organisation(settings={"prorate_first_period": True})
    year = subscription(every=Every.YEAR, billing_day=1, amount=36_500)  # 24 November to 31 October
    assert [period_amount(year, club, number) for number in (0, 1)] == [34_200, 36_500]
    longer = subscription(every=Every.YEAR, billing_day=30, amount=36_500)
    assert period_amount(longer, club, 0) == 36_500  # never more than a whole one
    assert period_amount(subscription(billing_day=1), organisation(), 0) == 3_000
