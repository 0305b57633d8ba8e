"""Dates and instants of an organisation: local days, month steps that keep their anchor, nights."""

import calendar
from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.organisation import Organisation

SECOND = timedelta(seconds=1)
MAX_CAUGHT_UP_NIGHTS = 4_000  # eleven years of missed nights; more is a wrong clock, not downtime


def month_step(anchor: date, months: int) -> date:
    """`months` after `anchor`, always computed from the anchor (I1): 31 Jan, 28 Feb, 31 Mar."""
    return month_day(anchor, months, anchor.day)


def month_day(anchor: date, months: int, day: int) -> date:
    """That day of the month which is `months` after the anchor's; its last where it has none such."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day, last))


def week_step(anchor: date, weeks: int) -> date:
    return anchor + timedelta(weeks=weeks)


def local_date(now: datetime, timezone: str) -> date:
    """The business date of an instant in a zone."""
    return now.astimezone(ZoneInfo(timezone)).date()


def instant(day: date, at: time, timezone: str) -> datetime:
    """The instant of a wall-clock time; in a gap the first moment after it, in an overlap the first of the two."""
    zone = ZoneInfo(timezone)
    later, earlier = (datetime.combine(day, at.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
    if earlier >= later:
        return later
    before = earlier.astimezone(zone).utcoffset()

    def jumped(seconds: int) -> bool:
        return (earlier + timedelta(seconds=seconds)).astimezone(zone).utcoffset() != before

    return earlier + timedelta(seconds=bisect_left(range((later - earlier) // SECOND), True, key=jumped))


def last_night(organisation: Organisation, now: datetime) -> date:
    """The newest business date whose night has begun (I4): today once `night_at` has struck, else yesterday."""
    today = local_date(now, organisation.timezone)
    if now >= instant(today, organisation.night_at, organisation.timezone):
        return today
    return today - timedelta(days=1)


def nights_between(after: date | None, until: date) -> list[date]:
    """Business dates after `after` up to `until`, oldest first; only `until` when there was none before."""
    if after is None:
        return [until]
    missed = min((until - after).days, MAX_CAUGHT_UP_NIGHTS)
    return [until - timedelta(days=back) for back in range(missed - 1, -1, -1)]


def last_digest(organisation: Organisation, now: datetime) -> date:
    """The newest business date whose digest is due (N1): today once `digest_at` has struck, else yesterday."""
    today = local_date(now, organisation.timezone)
    if now >= instant(today, organisation.digest_at, organisation.timezone):
        return today
    return today - timedelta(days=1)


def end_of(day: date, timezone: str) -> datetime:
    """The first instant of the next day."""
    return instant(day + timedelta(days=1), time(0), timezone)
