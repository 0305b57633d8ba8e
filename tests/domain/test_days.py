"""Days: month steps that keep their anchor, and nights that begin once whatever the clocks do."""

import calendar
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.days import MAX_CAUGHT_UP_NIGHTS, instant, last_night, local_date, month_step, nights_between, week_step
from domain.organisation import Organisation
from tests.domain.builders import organisation

Transition = tuple[str, datetime]  # a zone, and the first instant of its new offset
TICK = timedelta(minutes=20)  # how often the timetable looks in these tests
ODD = (
    "America/St_Johns", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Beirut", "America/Havana", "America/Santiago",
    "Africa/Casablanca", "Pacific/Chatham", "Atlantic/Azores", "America/Nuuk", "Antarctica/Troll", "Europe/London",
    "America/Toronto", "America/Vancouver", "Asia/Gaza", "Asia/Jerusalem",
)  # fmt: skip


# -- steps ---------------------------------------------------------------------------------------


def test_I1_month_steps_keep_the_anchor_day() -> None:
    steps = [month_step(date(2027, 1, 31), months) for months in range(5)]
    assert steps == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30), date(2027, 5, 31)]


def test_I1_a_leap_day_comes_back_in_leap_years_and_is_the_28th_in_the_others() -> None:
    steps = [month_step(date(2028, 2, 29), 12 * years) for years in range(5)]
    assert [step.day for step in steps] == [29, 28, 28, 28, 29]


def _as_the_rule_says(anchor: date, months: int) -> date:
    year, month = anchor.year, anchor.month + months
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    return date(year, month, min(anchor.day, last))


def test_F81_every_anchor_day_steps_right_through_every_month_of_400_years() -> None:
    # The calendar repeats after 400 years, so a month of January has seen every month that there is.
    for day in range(1, 32):
        anchor = date(2000, 1, day)
        assert [month_step(anchor, months) for months in range(4_800)] == [
            _as_the_rule_says(anchor, months) for months in range(4_800)
        ]


def test_F81_every_start_month_steps_right_over_two_leap_years_and_a_century_without() -> None:
    for year in (2026, 2028, 2098):
        for month in range(1, 13):
            for day in range(1, calendar.monthrange(year, month)[1] + 1):
                anchor = date(year, month, day)
                for months in range(60):
                    assert month_step(anchor, months) == _as_the_rule_says(anchor, months)


def test_I1_week_steps_keep_the_day_of_the_week_over_week_53() -> None:
    steps = [week_step(date(2026, 12, 24), weeks) for weeks in range(3)]
    assert steps == [date(2026, 12, 24), date(2026, 12, 31), date(2027, 1, 7)]


# -- instants ------------------------------------------------------------------------------------


def test_I4_a_business_date_is_the_organisations_own() -> None:
    late = datetime(2026, 11, 25, 4, 30, tzinfo=UTC)
    assert local_date(late, "America/Toronto") == date(2026, 11, 24)
    assert local_date(late, "America/St_Johns") == date(2026, 11, 25)


def test_F80_a_time_in_a_gap_is_the_first_moment_after_it_and_in_an_overlap_the_first_of_the_two() -> None:
    at = time(2, 30)
    assert instant(date(2027, 3, 14), at, "America/New_York") == datetime(2027, 3, 14, 7, 0, tzinfo=UTC)  # 03:00 EDT
    assert instant(date(2026, 4, 24), time(0, 59), "Africa/Cairo") == datetime(2026, 4, 23, 22, 0, tzinfo=UTC)
    assert instant(date(2011, 12, 30), time(3), "Pacific/Apia") == datetime(2011, 12, 30, 10, 0, tzinfo=UTC)
    assert instant(date(2027, 11, 7), time(1, 30), "America/Toronto") == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


def test_I4_a_night_begins_when_its_hour_has_struck_and_not_before() -> None:
    club = organisation()
    strikes = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    assert last_night(club, strikes - timedelta(microseconds=1)) == date(2026, 11, 23)
    assert last_night(club, strikes) == date(2026, 11, 24)


def test_F84_missed_nights_are_named_oldest_first() -> None:
    until = date(2026, 11, 24)
    assert nights_between(date(2026, 11, 21), until) == [date(2026, 11, day) for day in (22, 23, 24)]


def test_I4_the_first_night_of_an_organisation_is_one() -> None:
    assert nights_between(None, date(2026, 11, 24)) == [date(2026, 11, 24)]


def test_F82_a_clock_that_goes_back_starts_nothing() -> None:
    assert nights_between(date(2026, 11, 24), date(2026, 11, 20)) == []
    assert nights_between(date(2026, 11, 24), date(2026, 11, 24)) == []


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(min_value=1, max_value=30_000))
def test_F82_a_clock_years_ahead_catches_up_a_bounded_number_of_nights(after: date, days: int) -> None:
    nights = nights_between(after, after + timedelta(days=days))
    assert len(nights) == min(days, MAX_CAUGHT_UP_NIGHTS)
    assert nights[-1] == after + timedelta(days=days)
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(nights))


# -- zones and their transitions -----------------------------------------------------------------


def transitions(zones: Sequence[str], first_year: int, last_year: int) -> list[Transition]:
    """One of each kind: zones that change at the same instant between the same offsets are one case."""
    found: dict[tuple[datetime, timedelta, timedelta], str] = {}
    for zone in zones:
        for at, before, after in _transitions(zone, first_year, last_year):
            found.setdefault((at, before, after), zone)
    return [(zone, at) for (at, _, _), zone in found.items()]


@cache
def _transitions(zone: str, first_year: int, last_year: int) -> list[tuple[datetime, timedelta, timedelta]]:
    info = ZoneInfo(zone)
    found = []
    at, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year, 12, 31, tzinfo=UTC)
    before = _offset(at, info)
    while at < end:
        later = at + timedelta(days=5)
        after = _offset(later, info)
        if after != before:
            found.append((_first_with(after, at, later, info), before, after))
            before = after
        at = later
    return found


def _offset(at: datetime, info: ZoneInfo) -> timedelta:
    offset = at.astimezone(info).utcoffset()
    assert offset is not None
    return offset


def _first_with(offset: timedelta, low: datetime, high: datetime, info: ZoneInfo) -> datetime:
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (low, middle) if _offset(middle, info) == offset else (middle, high)
    return high


def hours(zone: str, at: datetime) -> Iterator[time]:
    """Hours of the night in and around a gap or an overlap, and the default."""
    info = ZoneInfo(zone)
    before = (at - timedelta(seconds=1)).astimezone(info).replace(tzinfo=None) + timedelta(seconds=1)
    after = at.astimezone(info).replace(tzinfo=None)
    for wall in (before, after, before + (after - before) / 2):
        yield wall.time().replace(microsecond=0)
    yield time(3, 0)
    yield time(0, 0)


def nights_started(club: Organisation, around: datetime, hours_around: int = 40) -> list[date]:
    """What a timetable that looks every TICK writes, as `start_nights` does."""
    now, until = around - timedelta(hours=hours_around), around + timedelta(hours=hours_around)
    newest = last_night(club, now)
    started = []
    while now <= until:
        night = last_night(club, now)
        if night > newest:
            new = nights_between(newest, night)
            assert local_date(now, club.timezone) >= new[-1], "a night began before its date"
            started += new
            newest = night
        now += TICK
    return started


def assert_each_night_once(zone: str, at: datetime) -> None:
    for night_at in set(hours(zone, at)):
        club = organisation(timezone=zone, settings={"night_at": night_at.isoformat()})
        first = last_night(club, at - timedelta(hours=40))
        last = last_night(club, at + timedelta(hours=40))
        expected = [first + timedelta(days=day) for day in range(1, (last - first).days + 1)]
        assert nights_started(club, at) == expected, (zone, at, night_at)


def test_F80_each_night_begins_exactly_once_and_in_order_where_clocks_change() -> None:
    found = transitions(ODD, 2026, 2028)
    assert len(found) > 40
    for zone, at in found:
        assert_each_night_once(zone, at)


def test_F80_so_it_does_where_a_day_was_skipped_or_midnight_struck_twice() -> None:
    for zone, at in transitions(("Pacific/Apia",), 2011, 2011) + transitions(("America/St_Johns",), 2005, 2006):
        assert_each_night_once(zone, at)


@pytest.mark.soak
def test_F80_each_night_begins_exactly_once_in_every_zone_at_every_transition_from_1970_to_2100() -> None:
    found = transitions(sorted(available_timezones()), 1970, 2100)
    assert len(found) > 5_000
    for zone, at in found:
        assert_each_night_once(zone, at)


@given(st.sampled_from(ODD), st.integers(min_value=0, max_value=74 * 365 * 86_400), st.times())
def test_I4_the_last_night_is_today_or_yesterday(zone: str, seconds: int, night_at: time) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    club = organisation(timezone=zone, settings={"night_at": night_at.replace(microsecond=0).isoformat()})
    assert local_date(now, zone) - last_night(club, now) in (timedelta(0), timedelta(days=1))
