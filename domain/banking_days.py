"""Banking days: when a rail's banks are open, and everything counted in them: cut-offs, effective dates, windows.

Three calendars, built once with all their years, so that threads only ever read: `US` (Federal Reserve), `CA10` (the
federal list) and `CA12` (also Family Day and the Civic Holiday). An organisation may add closings of its own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.days import instant, local_date
from domain.organisation import Organisation

YEARS = range(2015, 2101)
DAY = timedelta(days=1)
MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6
JUNETEENTH_SINCE = 2022
RECONCILIATION_SINCE = 2021
MAX_CLOSED_IN_A_ROW = 60  # a calendar that is closed for longer is a wrong list of closings


class NoBankingDay(Exception):
    """The list of closings leaves no banking day within MAX_CLOSED_IN_A_ROW days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankingCalendar:
    """`closed` are the closing days of its banks beside the weekends."""

    name: str
    closed: frozenset[date]

    def is_open(self, day: date) -> bool:
        return day.weekday() < SATURDAY and day not in self.closed

    def on_or_after(self, day: date) -> date:
        """The first banking day that is not before `day`."""
        return self._first(day, DAY)

    def on_or_before(self, day: date) -> date:
        """The last banking day that is not after `day`."""
        return self._first(day, -DAY)

    def after(self, day: date, count: int = 1) -> date:
        """The `count`-th banking day after `day`, which itself is not counted: 10 after a Friday is two weeks."""
        for _ in range(count):
            day = self._first(day + DAY, DAY)
        return day

    def between(self, after: date, until: date) -> Iterator[date]:
        """The banking days after `after` up to and with `until`, in order."""
        days = (after + timedelta(days=passed) for passed in range(1, (until - after).days + 1))
        return (day for day in days if self.is_open(day))

    def closed_also(self, closings: Iterable[date]) -> "BankingCalendar":
        """The same with one-off closings added: a storm, a mourning day, a bank's own list."""
        more = frozenset(closings)
        return BankingCalendar(name=self.name, closed=self.closed | more) if more else self

    def _first(self, day: date, step: timedelta) -> date:
        for passed in range(MAX_CLOSED_IN_A_ROW):
            if self.is_open(day + passed * step):
                return day + passed * step
        raise NoBankingDay(f"{self.name}: none within {MAX_CLOSED_IN_A_ROW} days of {day}")


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last_monday(year: int, month: int) -> date:
    last = date(year, month, 31)  # of May only
    return last - timedelta(days=last.weekday())


def easter(year: int) -> date:
    """Easter Sunday, Gregorian (the anonymous algorithm of 1876)."""
    golden, (century, rest) = year % 19, divmod(year, 100)
    leaps, correction = divmod(century, 4)
    moon = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * correction + 2 * (rest // 4) - moon - rest % 4) % 7
    shift = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def _federal_reserve(year: int) -> set[date]:
    """On a Sunday the Monday is closed; on a Saturday the Friday before is OPEN, which most lists get wrong."""
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    if year >= JUNETEENTH_SINCE:
        fixed.append(date(year, 6, 19))
    moved = {day + DAY if day.weekday() == SUNDAY else day for day in fixed}
    floating = {
        _nth(year, 1, MONDAY, 3), _nth(year, 2, MONDAY, 3), _last_monday(year, 5), _nth(year, 9, MONDAY, 1),
        _nth(year, 10, MONDAY, 2), _nth(year, 11, THURSDAY, 4),
    }  # fmt: skip
    return moved | floating


def _canadian_ten(year: int) -> set[date]:
    """What falls on a weekend is kept on the next weekday that is not a closing itself."""
    fixed = [date(year, 1, 1), date(year, 7, 1), date(year, 11, 11), date(year, 12, 25), date(year, 12, 26)]
    if year >= RECONCILIATION_SINCE:
        fixed.append(date(year, 9, 30))
    before_25_may = date(year, 5, 24)
    victoria = before_25_may - timedelta(days=before_25_may.weekday())
    closed = {easter(year) - 2 * DAY, victoria, _nth(year, 9, MONDAY, 1), _nth(year, 10, MONDAY, 2)}
    for day in sorted(fixed):
        while day.weekday() >= SATURDAY or day in closed:
            day += DAY
        closed.add(day)
    return closed


def _canadian_twelve(year: int) -> set[date]:
    return _canadian_ten(year) | {_nth(year, 2, MONDAY, 3), _nth(year, 8, MONDAY, 1)}


def _built(name: str, closed_in: Iterable[set[date]]) -> BankingCalendar:
    return BankingCalendar(name=name, closed=frozenset().union(*closed_in))


# fmt: off
CALENDARS: dict[str, BankingCalendar] = {
    "US":   _built("US",   (_federal_reserve(year) for year in YEARS)),
    "CA10": _built("CA10", (_canadian_ten(year) for year in YEARS)),
    "CA12": _built("CA12", (_canadian_twelve(year) for year in YEARS)),
}
BY_CURRENCY = {"USD": "US", "CAD": "CA12"}
# fmt: on


def calendar_of(organisation: Organisation) -> BankingCalendar:
    """The calendar of an organisation's banks: its setting `calendar`, else by currency; with its `bank_closings`."""
    name = organisation.settings.get("calendar") or BY_CURRENCY[organisation.currency]
    closings = organisation.settings.get("bank_closings") or ()
    return CALENDARS[str(name)].closed_also(date.fromisoformat(str(day)) for day in closings)


def cutoff(organisation: Organisation, day: date) -> datetime:
    """The instant of a banking day's cut-off, in the organisation's zone (E2)."""
    return instant(day, organisation.echeck_cutoff_at, organisation.timezone)


def last_cutoff(organisation: Organisation, now: datetime) -> date:
    """The newest banking day whose cut-off has struck: what is missed is caught up with it."""
    today = local_date(now, organisation.timezone)
    calendar = calendar_of(organisation)
    if calendar.is_open(today) and now >= cutoff(organisation, today):
        return today
    return calendar.on_or_before(today - DAY)


def next_cutoff(organisation: Organisation, now: datetime) -> date:
    """The banking day whose batch takes what is made now: its cut-off is still to come."""
    today = local_date(now, organisation.timezone)
    calendar = calendar_of(organisation)
    if calendar.is_open(today) and now < cutoff(organisation, today):
        return today
    return calendar.after(today)


def verdict_due(organisation: Organisation, submitted_on: date) -> date:
    """Until the end of this day a verdict is awaited (E4): `settlement_days` banking days after submission."""
    return calendar_of(organisation).after(submitted_on, organisation.settlement_days)
