"""Banking days: the published lists of the Federal Reserve and of Canada's banks, cut-offs and windows (E2, E4)."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.banking_days import (
    CALENDARS,
    BankingCalendar,
    NoBankingDay,
    calendar_of,
    cutoff,
    easter,
    last_cutoff,
    verdict_due,
)
from domain.organisation import Organisation

# As published, closings on weekdays only; written down here by hand, not computed.
PUBLISHED = {
    "US": {
        2024: "01-01 01-15 02-19 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25",
        2025: "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25",
        2026: "01-01 01-19 02-16 05-25 06-19 09-07 10-12 11-11 11-26 12-25",
        2027: "01-01 01-18 02-15 05-31 07-05 09-06 10-11 11-11 11-25",
        2028: "01-17 02-21 05-29 06-19 07-04 09-04 10-09 11-23 12-25",
    },
    "CA10": {
        2024: "01-01 03-29 05-20 07-01 09-02 09-30 10-14 11-11 12-25 12-26",
        2025: "01-01 04-18 05-19 07-01 09-01 09-30 10-13 11-11 12-25 12-26",
        2026: "01-01 04-03 05-18 07-01 09-07 09-30 10-12 11-11 12-25 12-28",
        2027: "01-01 03-26 05-24 07-01 09-06 09-30 10-11 11-11 12-27 12-28",
        2028: "01-03 04-14 05-22 07-03 09-04 10-02 10-09 11-13 12-25 12-26",
    },
}
TORONTO = {2024: "02-19 08-05", 2025: "02-17 08-04", 2026: "02-16 08-03", 2027: "02-15 08-02", 2028: "02-21 08-07"}
PUBLISHED["CA12"] = {year: f"{PUBLISHED['CA10'][year]} {more}" for year, more in TORONTO.items()}


def organisation(currency: str = "USD", timezone: str = "America/New_York", **settings: object) -> Organisation:
    return Organisation(
        id="ymca", name="YMCA", timezone=timezone, currency=currency, language="en", settings=settings,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def closed_weekdays(calendar: BankingCalendar, year: int) -> list[str]:
    days = (date(year, 1, 1) + timedelta(days=passed) for passed in range(366))
    return [f"{day:%m-%d}" for day in days if day.year == year and day.weekday() < 5 and not calendar.is_open(day)]


@pytest.mark.parametrize("name", ["US", "CA10", "CA12"])
@pytest.mark.parametrize("year", range(2024, 2029))
def test_E4_closing_days_equal_the_published_lists(name: str, year: int) -> None:
    assert closed_weekdays(CALENDARS[name], year) == sorted(PUBLISHED[name][year].split())


@pytest.mark.parametrize("friday", ["2026-07-03", "2027-06-18", "2027-12-24", "2027-12-31", "2028-11-10"])
def test_E4_the_federal_reserve_is_open_on_the_friday_before_a_saturday_holiday(friday: str) -> None:
    assert CALENDARS["US"].is_open(date.fromisoformat(friday))
    assert date.fromisoformat(friday).weekday() == 4


def test_E4_ten_banking_days_are_counted_over_weekends_and_closings() -> None:
    assert CALENDARS["US"].after(date(2026, 11, 20), 10) == date(2026, 12, 7)  # over Thanksgiving
    assert CALENDARS["CA12"].after(date(2026, 11, 20), 10) == date(2026, 12, 4)
    assert CALENDARS["CA12"].after(date(2026, 12, 24), 1) == date(2026, 12, 29)
    assert verdict_due(organisation(settlement_days=3), date(2026, 12, 24)) == date(2026, 12, 30)


@given(
    day=st.dates(date(2020, 1, 1), date(2060, 1, 1)), count=st.integers(1, 30), name=st.sampled_from(sorted(CALENDARS))
)
def test_E4_counting_agrees_with_listing(day: date, count: int, name: str) -> None:
    calendar = CALENDARS[name]
    until = calendar.after(day, count)
    listed = list(calendar.between(day, until))
    assert len(listed) == count
    assert listed[-1] == until
    assert all(calendar.is_open(one) for one in listed)


def test_E2_a_cut_off_is_in_the_organisations_zone_and_on_banking_days_only() -> None:
    west = organisation("CAD", "America/Vancouver")
    assert cutoff(west, date(2026, 11, 24)) == datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
    # 03:00 UTC on 26 December is still Christmas evening in Vancouver: what struck last was Thursday's cut-off.
    assert last_cutoff(west, datetime(2026, 12, 26, 3, 0, tzinfo=UTC)) == date(2026, 12, 24)
    assert last_cutoff(west, datetime(2026, 12, 29, 0, 59, tzinfo=UTC)) == date(2026, 12, 24)
    assert last_cutoff(west, datetime(2026, 12, 30, 1, 0, tzinfo=UTC)) == date(2026, 12, 29)


def test_E2_before_the_cut_off_the_last_one_is_that_of_the_banking_day_before() -> None:
    east = organisation(echeck_cutoff_at="16:30")
    assert last_cutoff(east, datetime(2026, 11, 30, 21, 29, tzinfo=UTC)) == date(2026, 11, 27)
    assert last_cutoff(east, datetime(2026, 11, 30, 21, 30, tzinfo=UTC)) == date(2026, 11, 30)


def test_E4_an_organisation_names_its_calendar_and_its_own_closings() -> None:
    assert calendar_of(organisation("USD")).name == "US"
    assert calendar_of(organisation("CAD")).name == "CA12"
    assert calendar_of(organisation("CAD", calendar="CA10")).is_open(date(2026, 8, 3))
    storm = organisation("CAD", bank_closings=["2026-11-25"])
    assert not calendar_of(storm).is_open(date(2026, 11, 25))
    assert CALENDARS["CA12"].is_open(date(2026, 11, 25))  # others are not concerned


def test_E4_a_list_that_closes_every_day_is_told_and_not_searched_for_ever() -> None:
    shut = CALENDARS["US"].closed_also(date(2026, 1, 1) + timedelta(days=passed) for passed in range(400))
    with pytest.raises(NoBankingDay):
        shut.on_or_after(date(2026, 2, 1))


def test_easter_sundays_of_a_known_table() -> None:
    known = ["2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2028-04-16", "2038-04-25", "2057-04-22"]
    assert [easter(date.fromisoformat(day).year).isoformat() for day in known] == known


def test_E4_calendars_are_built_with_their_years_up_front_so_threads_only_read() -> None:
    """Lazily filled calendars answer wrongly to threads; ours are frozen before anybody asks."""
    before = {name: len(calendar.closed) for name, calendar in CALENDARS.items()}
    answers: list[bool] = []

    def ask() -> None:
        answers.append(all(CALENDARS[name].is_open(date(2044, 3, 1)) for name in CALENDARS))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 6
    assert {name: len(calendar.closed) for name, calendar in CALENDARS.items()} == before
