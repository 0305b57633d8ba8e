"""Runs: which nights are missing, and which are over."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfoNotFoundError

from sqlalchemy import bindparam, func, select, text

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.database.tables import runs
from adapters.database.types import Instant
from adapters.logs import log_failure
from domain.days import last_night
from domain.organisation import Organisation
from domain.run import NIGHT
from domain.use_cases.start_nights import start_nights

MAX_ORGANISATIONS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An organisation, and the business date through which its nights should have run by now."""

    organisation: str
    through: date


def due_nights(app: App, *, through: date | None = None, organisation: str | None = None) -> list[Due]:
    """What `start_missing` would start; a read that waits for nobody."""

    def find(tx: BookTransaction) -> list[Due]:
        newest = {
            row[0]: row[1]
            for row in tx.connection.execute(
                select(runs.c.organisation, func.max(runs.c.business_date))
                .where(runs.c.kind == NIGHT)
                .group_by(runs.c.organisation)
            ).all()
        }
        found = []
        for owner in organisations(tx, organisation):
            try:
                until = night_of(owner, tx.now, through)
            except ZoneInfoNotFoundError as error:  # the others have their nights
                log_failure("night.not_started", error, organisation=owner.id)
                continue
            if owner.id not in newest or newest[owner.id] < until:
                found.append(Due(organisation=owner.id, through=until))
        return found

    return app.books.run(find, read_only=True)


def organisations(tx: BookTransaction, only: str | None = None) -> list[Organisation]:
    key = {} if only is None else {"id": only}
    return tx.all(Organisation, order_by="id", limit=MAX_ORGANISATIONS, **key)


def night_of(owner: Organisation, now: datetime, through: date | None = None) -> date:
    """The newest night that has begun, or that of `through` when it is older."""
    until = last_night(owner, now)
    return until if through is None else min(until, through)


def start_missing(app: App, *, through: date | None = None, organisation: str | None = None) -> int:
    """Starts what is missing, organisation by organisation; one that can't be started keeps no other from it.

    Answers how many runs were started.
    """
    started = 0
    for due in due_nights(app, through=through, organisation=organisation):
        try:
            new = app.books.run(partial(start_nights, organisation=due.organisation, through=due.through))
        except Exception as error:
            log_failure("night.not_started", error, organisation=due.organisation)
            continue
        started += len(new)
    return started


def close_finished(app: App) -> int:
    """Marks runs of which nothing is left but what waits for a person; answers how many."""

    def close(tx: BookTransaction) -> int:
        closing = (text(sql).bindparams(bindparam("now", tx.now, Instant)) for sql in (_CLOSE, _CLOSE_CUTOFFS))
        return sum(tx.connection.execute(statement).rowcount for statement in closing)

    def any_open(tx: BookTransaction) -> bool:
        wanted = select(runs.c.kind).where(runs.c.finished_at.is_(None)).limit(1)
        return tx.connection.execute(wanted).first() is not None

    if not app.books.run(any_open, read_only=True):
        return 0
    return app.books.run(close)


# A planned payment behind one of its plan that is in doubt waits for the person who settles that one.
_CLOSE = """UPDATE runs SET finished_at = :now
    WHERE finished_at IS NULL AND kind = 'night'
    AND NOT EXISTS (SELECT 1 FROM action_items i
        WHERE i.organisation = runs.organisation AND i.state = 'open' AND i.retry_on <= runs.business_date)
    AND NOT EXISTS (SELECT 1 FROM subscriptions s
        WHERE s.organisation = runs.organisation AND s.next_on <= runs.business_date)
    AND NOT EXISTS (SELECT 1 FROM attempts a
        JOIN payments p ON p.organisation = a.organisation AND p.id = a.payment
        WHERE a.organisation = runs.organisation AND a.state IN ('submitting', 'unknown')
        AND p.due_on <= runs.business_date)
    AND NOT EXISTS (SELECT 1 FROM repayments a
        WHERE a.organisation = runs.organisation AND a.state IN ('submitting', 'unknown'))
    AND NOT EXISTS (SELECT 1 FROM refunds f WHERE f.organisation = runs.organisation
        AND ((f.state = 'pending' AND f.due_at IS NULL AND f.send_on <= runs.business_date)
        OR (f.state = 'submitted' AND f.follow_on <= runs.business_date)))
    AND NOT EXISTS (SELECT 1 FROM payments p
        WHERE p.organisation = runs.organisation AND p.merchant_account IS NOT NULL
        AND p.state = 'scheduled' AND p.due_on <= runs.business_date
        AND NOT EXISTS (SELECT 1 FROM attempts a
            JOIN payments q ON q.organisation = a.organisation AND q.id = a.payment
            WHERE a.organisation = p.organisation AND a.state IN ('submitting', 'unknown', 'in_doubt')
            AND q.plan = p.plan))"""
# A cut-off is over once everything in its batches is handed over.
_CLOSE_CUTOFFS = """UPDATE runs SET finished_at = :now
    WHERE finished_at IS NULL AND kind = 'batch' AND NOT EXISTS (
        SELECT 1 FROM echecks e WHERE e.organisation = runs.organisation AND e.cutoff_on <= runs.business_date
        AND e.state IN ('pending', 'batched', 'unknown'))"""
