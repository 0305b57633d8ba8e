"""A night from the command line: starts what is due, works it or waits for who does, tells what came of it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from sqlalchemy import bindparam, text

from adapters.beating import Beating
from adapters.bootstrap import App
from adapters.cutoffs import start_missing_cutoffs
from adapters.database.books import BookTransaction
from adapters.database.types import Instant
from adapters.errands import Errand, due_errands, in_turns, run_apart
from adapters.mail.digests import digests_due, start_digests
from adapters.mail.planning import plan_all
from adapters.mail.postman import Postman
from adapters.night_report import Mark, Report, mark, newest_event, report
from adapters.queue_lock import QueueLock
from adapters.runs import close_finished, due_nights, start_missing
from domain.refusal import NotKnown

THREADS = 4  # accounts worked at once; each batch is concurrent in itself
POLL_S = 0.25  # between two looks at what somebody else works or holds
MAIL_TIMEOUT_S = 5.0  # of a word of a mail server, while somebody waits for the night
PATIENCE_S = 120.0  # without any event, whoever works the queue is not getting on

Watch = Callable[[Mark], None]


class NightNotStarted(Exception):
    """A run that is due could not be started; the log says why."""


class NightStuck(Exception):
    """Somebody else works the queue, and has done nothing for PATIENCE_S."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What was asked: through a business date, for one organisation or all. `watch` is called often while
    the night goes on; `failed` collects errands that broke."""

    app: App
    through: date | None = None
    organisation: str | None = None
    watch: Watch = field(default=lambda mark: None)
    failed: set[Errand] = field(default_factory=set)

    def run(self) -> list[Report]:
        """Carries out every run that is due; a report per organisation.

        Raises NotKnown, NightNotStarted, NightStuck.
        """
        before = mark(self.app, self.organisation)
        if self.organisation is not None and not before.organisations:
            raise NotKnown("organisation", id=self.organisation)
        start_missing(self.app, through=self.through, organisation=self.organisation)
        start_missing_cutoffs(self.app, through=self.through, organisation=self.organisation)
        self._until_done(before)
        close_finished(self.app)
        if due_nights(self.app, through=self.through, organisation=self.organisation):
            raise NightNotStarted
        self._mail()
        self.watch(before)
        return report(self.app, before, through=self.through)

    def _mail(self) -> None:
        """The digests that are due, and what there is to send; a mail server that is away keeps nobody waiting."""
        plan_all(self.app)
        start_digests(self.app, through=self.through, organisation=self.organisation)
        if digests_due(self.app, through=self.through, organisation=self.organisation):
            raise NightNotStarted
        postman = Postman(self.app, timeout_s=MAIL_TIMEOUT_S)
        try:
            postman.send_all()
        finally:
            postman.close()

    def _until_done(self, before: Mark) -> None:
        """By ourselves, or by whoever works the queue; should they die, by ourselves after all."""
        seen, since = before.event, time.monotonic()
        while not self.app.stopping.is_set():
            with QueueLock(self.app.settings, self.app.engine).attempt() as ours:
                if ours:
                    return self._work(before)
            if not self._left():
                return None
            self.watch(before)
            self.app.stopping.wait(POLL_S)
            if (newest := newest_event(self.app)) != seen:
                seen, since = newest, time.monotonic()
            elif time.monotonic() - since > PATIENCE_S:
                raise NightStuck
        return None

    def _work(self, before: Mark) -> None:
        """Works until nothing is due and nobody, not even a dead worker, holds anything."""
        embedded = self.app.settings.embedded
        if embedded:
            self.app.leases.reap(everyone_else=True)
        with nullcontext() if embedded else Beating(self.app), ThreadPoolExecutor(THREADS, "night") as pool:
            while not self.app.stopping.is_set():
                futures = [pool.submit(self._run, errand) for errand in self._errands()]
                while not all(future.done() for future in futures):
                    self.watch(before)
                    time.sleep(POLL_S / 5)
                if not sum(future.result() for future in futures):
                    if not self._held() and not self._rated():
                        return
                    self.app.stopping.wait(POLL_S)

    def _run(self, errand: Errand) -> int:
        return run_apart(self.app, errand, failed=self.failed)

    def _errands(self) -> list[Errand]:
        found = self.app.books.run(due_errands, read_only=True)
        ours = [one for one in found if self.organisation in (None, one.organisation) and one not in self.failed]
        return in_turns(ours)

    def _held(self) -> bool:
        """Whether an attempt is in somebody's hands."""
        return self._any(_HELD)

    def _rated(self) -> bool:
        """Whether a rate was reached, so that more may be asked within a second."""
        return self.app.settings.now is None and self._any(_RATED)

    def _left(self) -> bool:
        """Whether anything that can be done at this instant is still to be done."""
        return self._any(_HELD) or self._any(_DUE)

    def _any(self, sql: str) -> bool:
        def look(tx: BookTransaction) -> bool:
            statement = text(sql)
            if ":now" in sql:  # others go by the real clock, whatever ours says
                now = min(tx.now, datetime.now(UTC))
                statement = statement.bindparams(bindparam("now", now, Instant))
            found = tx.connection.execute(statement).scalars().all()
            return any(self.organisation in (None, organisation) for organisation in found)

        return self.app.books.run(look, read_only=True)


_HELD = """SELECT DISTINCT organisation FROM attempts
    WHERE worker IS NOT NULL AND state IN ('submitting', 'unknown', 'in_doubt')
    UNION SELECT organisation FROM repayments
    WHERE worker IS NOT NULL AND state IN ('submitting', 'unknown', 'in_doubt')
    UNION SELECT organisation FROM echecks WHERE worker IS NOT NULL"""
# A planned payment whose plan has one in flight waits for that one, which may take a person.
# What waits for a processor that does not answer is not waited for: it is done once that is over.
_DUE = """SELECT p.organisation FROM payments p WHERE p.state = 'due' AND p.due_at <= :now
        AND NOT EXISTS (SELECT 1 FROM cares c WHERE c.organisation = p.organisation AND c.id = p.merchant_account
            AND c.state = 'open')
    UNION SELECT e.organisation FROM echecks e WHERE e.next_at <= :now AND e.worker IS NULL
        AND NOT EXISTS (SELECT 1 FROM cares c WHERE c.organisation = e.organisation AND c.id = e.merchant_account
            AND c.state = 'open')
    UNION SELECT e.organisation FROM echecks e
        JOIN (SELECT organisation, max(business_date) AS newest FROM runs WHERE kind = 'batch' GROUP BY organisation) r
            ON r.organisation = e.organisation
        WHERE e.state = 'pending' AND e.cutoff_on <= r.newest AND NOT EXISTS (
            SELECT 1 FROM echeck_batches b WHERE b.organisation = e.organisation
            AND b.merchant_account = e.merchant_account AND b.cutoff_on = r.newest)
    UNION SELECT d.organisation FROM bank_desks d WHERE d.next_at IS NULL OR d.next_at <= :now
    UNION SELECT a.organisation FROM attempts a
        WHERE a.next_at IS NOT NULL AND a.next_at <= :now AND a.state IN ('unknown', 'in_doubt')
        AND NOT EXISTS (SELECT 1 FROM cares c WHERE c.organisation = a.organisation AND c.id = a.merchant_account
            AND c.state = 'open')
    UNION SELECT i.organisation FROM action_items i WHERE i.state = 'open' AND i.retry_on <= (
        SELECT max(r.business_date) FROM runs r WHERE r.organisation = i.organisation AND r.kind = 'night')
    UNION SELECT s.organisation FROM subscriptions s WHERE s.next_on <= (
        SELECT max(r.business_date) FROM runs r WHERE r.organisation = s.organisation AND r.kind = 'night')
    UNION SELECT a.organisation FROM repayments a WHERE (a.state = 'due'
        OR (a.next_at IS NOT NULL AND a.next_at <= :now AND a.state IN ('unknown', 'in_doubt')))
        AND NOT EXISTS (SELECT 1 FROM cares c WHERE c.organisation = a.organisation AND c.id = a.merchant_account
            AND c.state = 'open')
    UNION SELECT f.organisation FROM refunds f
        WHERE ((f.state = 'pending' AND (f.due_at <= :now OR (f.due_at IS NULL AND f.send_on <= (
            SELECT max(r.business_date) FROM runs r WHERE r.organisation = f.organisation AND r.kind = 'night'))))
        OR (f.state = 'submitted' AND f.follow_on <= (
            SELECT max(r.business_date) FROM runs r WHERE r.organisation = f.organisation AND r.kind = 'night')))
        AND NOT EXISTS (SELECT 1 FROM cares c WHERE c.organisation = f.organisation AND c.id = f.merchant_account
            AND c.state = 'open')
    UNION SELECT p.organisation FROM payments p
        WHERE p.state = 'scheduled' AND NOT EXISTS (SELECT 1 FROM cares c
            WHERE c.organisation = p.organisation AND c.id = p.merchant_account AND c.state = 'open')
        AND p.merchant_account IS NOT NULL AND p.due_on <= (
            SELECT max(r.business_date) FROM runs r WHERE r.organisation = p.organisation AND r.kind = 'night')
        AND NOT EXISTS (SELECT 1 FROM attempts a
            JOIN payments q ON q.organisation = a.organisation AND q.id = a.payment
            WHERE a.organisation = p.organisation AND a.state IN ('submitting', 'unknown', 'in_doubt')
            AND q.plan = p.plan)"""
# More is due, and may be asked for within a second: a rate was reached.
_RATED = "SELECT organisation FROM cares WHERE state = 'closed' AND not_before > :now"
