"""What is told of the runs of an organisation: each night with the figures of what it did, counted from the events."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select, text

from adapters.database.books import BookTransaction
from adapters.database.tables import events, runs
from domain.run import NIGHT, Run

NIGHTS_SHOWN = 14
# fmt: off
FIGURES = {  # what is counted of a night: the types of the events that say it
    "charged":           ("instalment.charged",),
    "declined":          ("instalment.failed", "subscription.renewal_failed"),
    "lost":              ("attempt.lost",),
    "renewed":           ("subscription.renewed",),
    "refunds_submitted": ("refund.submitted",),
    "echecks_batched":   ("echeck.batched",),
    "echecks_settled":   ("echeck.settled",),
    "echecks_returned":  ("echeck.returned",),
    "digests":           ("digest.written",),
}
# fmt: on
NAMES = {type_: name for name, types in FIGURES.items() for type_ in types}


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """A business date: its runs by kind, and what happened from its night until the next one began."""

    on: date
    runs: dict[str, Run]
    figures: dict[str, int]


def nights(tx: BookTransaction, organisation: str, *, before: date | None = None) -> list[Night]:
    """The newest first; one more than a page holds."""
    days = _days(tx, organisation, before)
    if not days:
        return []
    found = tx.all(Run, limit=len(days) * 10, organisation=organisation, business_date=days)
    by_day: dict[date, dict[str, Run]] = {day: {} for day in days}
    for run in found:
        by_day[run.business_date][run.kind] = run
    marks = _marks(tx, organisation, days)
    return [
        Night(on=day, runs=by_day[day], figures=_figures(tx, organisation, *_between(marks, day))) for day in days
    ]  # fmt: skip


def _days(tx: BookTransaction, organisation: str, before: date | None) -> list[date]:
    wanted = select(runs.c.business_date).where(runs.c.organisation == organisation).distinct()
    if before is not None:
        wanted = wanted.where(runs.c.business_date < before)
    wanted = wanted.order_by(runs.c.business_date.desc()).limit(NIGHTS_SHOWN + 1)
    return list(tx.connection.execute(wanted).scalars())


def _marks(tx: BookTransaction, organisation: str, days: list[date]) -> dict[str, int]:
    """The event with which each of these nights began, and the one after them, by date."""
    later = select(func.min(runs.c.business_date)).where(
        runs.c.organisation == organisation, runs.c.kind == NIGHT, runs.c.business_date > days[0]
    )
    following = tx.connection.execute(later).scalar_one()
    subjects = [f"run:{day.isoformat()}" for day in (*days, *([following] if following is not None else []))]
    wanted = (
        select(events.c.subject, func.min(events.c.id))
        .where(events.c.organisation == organisation, events.c.subject.in_(subjects))
        .where(events.c.type == "night.started")
        .group_by(events.c.subject)
    )
    return {str(row[0]).rpartition(":")[2]: int(row[1]) for row in tx.connection.execute(wanted).all()}


def _between(marks: dict[str, int], day: date) -> tuple[int, int] | tuple[None, None]:
    """The first event of a night, and the first of the next; nothing where it had no night."""
    first = marks.get(day.isoformat())
    if first is None:
        return None, None
    later = [mark for on, mark in marks.items() if on > day.isoformat()]
    return first, min(later, default=2**62)


def _figures(tx: BookTransaction, organisation: str, first: int | None, end: int | None) -> dict[str, int]:
    counted = dict.fromkeys(FIGURES, 0)
    if first is None:
        return counted
    types = ", ".join(f"'{type_}'" for type_ in NAMES)
    sql = f"""SELECT type, count(DISTINCT subject) FROM events WHERE id >= :first AND id < :end
        AND organisation = :o AND type IN ({types}) GROUP BY type"""
    given: dict[str, Any] = {"o": organisation, "first": first, "end": end}
    for type_, number in tx.connection.execute(text(sql), given).all():
        counted[NAMES[type_]] += int(number)
    return counted
