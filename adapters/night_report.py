"""What came of a night, counted from the events that were written since it began."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.runs import night_of, organisations
from domain.organisation import Organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The place in the events from which a night counts, and the organisations that it counts for."""

    event: int
    organisations: tuple[Organisation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A line of `encaisse night --json` (CONTRACT section 1)."""

    organisation: str
    date: str
    charged: int = 0
    declined: int = 0
    in_doubt: int = 0
    renewed: int = 0
    refunds_submitted: int = 0
    echecks_batched: int = 0
    echecks_settled: int = 0
    echecks_returned: int = 0
    digests: int = 0

    def document(self) -> dict[str, Any]:
        return asdict(self)


def mark(app: App, organisation: str | None) -> Mark:
    """Taken before anything is started."""

    def look(tx: BookTransaction) -> Mark:
        return Mark(event=_newest(tx), organisations=tuple(organisations(tx, organisation)))

    return app.books.run(look, read_only=True)


def newest_event(app: App) -> int:
    return app.books.run(_newest, read_only=True)


def _newest(tx: BookTransaction) -> int:
    newest: int = tx.connection.execute(text("SELECT coalesce(max(id), 0) FROM events")).scalar_one()
    return newest


def waiting(app: App, since: Mark) -> int:
    """How many payments the nights that have begun take, when none has been taken yet."""
    ours = {owner.id for owner in since.organisations}

    def count(tx: BookTransaction) -> int:
        return sum(row[1] for row in tx.connection.execute(text(_WAITING)).all() if row[0] in ours)

    return app.books.run(count, read_only=True)


def report(app: App, since: Mark, *, through: date | None) -> list[Report]:
    """A line for every organisation, also where nothing was due."""

    def count(tx: BookTransaction) -> list[Report]:
        found = counts(tx, since)
        return [
            Report(
                organisation=owner.id,
                date=night_of(owner, tx.now, through).isoformat(),
                **{name: found.get((owner.id, name), 0) for name in COUNTED},
            )
            for owner in since.organisations
        ]

    return app.books.run(count, read_only=True)


def counts(tx: BookTransaction, since: Mark) -> dict[tuple[str, str], int]:
    """(organisation, field of the report) -> how many since the mark."""
    found: dict[tuple[str, str], int] = {}
    for name, sql in COUNTED.items():
        for row in tx.connection.execute(text(sql), {"since": since.event}).all():
            found[row[0], name] = row[1]
    return found


_OF_TYPE = """SELECT organisation, count(DISTINCT subject) FROM events
    WHERE id > :since AND type = '{}' GROUP BY organisation"""
COUNTED = {
    "charged": _OF_TYPE.format("instalment.charged"),
    "echecks_batched": _OF_TYPE.format("echeck.batched"),
    "echecks_settled": _OF_TYPE.format("echeck.settled"),
    "echecks_returned": _OF_TYPE.format("echeck.returned"),
    "renewed": _OF_TYPE.format("subscription.renewed"),
    "declined": """SELECT organisation, count(DISTINCT subject) FROM events
        WHERE id > :since AND type IN ('instalment.failed', 'subscription.renewal_failed') GROUP BY organisation""",
    "refunds_submitted": _OF_TYPE.format("refund.submitted"),
    "digests": _OF_TYPE.format("digest.written"),
    # Lost in this night, and still without a verdict.
    "in_doubt": """SELECT e.organisation, count(DISTINCT e.subject) FROM events e
        JOIN payments p ON p.organisation = e.organisation AND 'payment:' || p.id = e.subject
        WHERE e.id > :since AND e.type IN ('attempt.lost', 'payment.in_doubt')
        AND p.state IN ('submitting', 'unknown', 'in_doubt') GROUP BY e.organisation""",
}
_WAITING = """SELECT p.organisation, count(*) FROM payments p
    WHERE p.merchant_account IS NOT NULL AND (p.state IN ('due', 'submitting') OR p.state = 'scheduled'
    AND p.due_on <= (SELECT max(r.business_date) FROM runs r
        WHERE r.organisation = p.organisation AND r.kind = 'night')) GROUP BY p.organisation"""
