"""What is told of queues: what of an organisation waits where, how old it is, and which processes are alive."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text

from adapters.database.books import BookTransaction
from adapters.database.tables import workers
from adapters.database.types import Instant

SILENT_AFTER = timedelta(seconds=10)  # DESIGN: a worker that was silent for so long is dead
MAX_WORKERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """`trouble`: somebody has to look. `since` is when the oldest came, where that is known."""

    name: str
    waiting: int
    since: datetime | None = None
    trouble: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    role: str
    host: str
    started_at: datetime
    beat_at: datetime
    alive: bool


# fmt: off
QUEUES: dict[str, tuple[str, bool]] = {  # name -> (count and age, whether anything in it is trouble)
    "inbox":      ("SELECT count(*), min(received_at) FROM commands WHERE organisation = :o AND status = 'accepted'",
                   False),
    "due":        ("SELECT count(*), min(due_at) FROM payments WHERE organisation = :o AND queue = 'now'", False),
    "claims":     ("SELECT count(*), min(promised_at) FROM attempts WHERE organisation = :o AND state = 'submitting'",
                   False),
    "look_ups":   ("SELECT count(*), min(promised_at) FROM attempts WHERE organisation = :o AND state = 'unknown'",
                   False),
    "in_doubt":   ("SELECT count(*), min(promised_at) FROM attempts WHERE organisation = :o AND state = 'in_doubt'",
                   True),
    "refunds":    ("SELECT count(*), min(created_at) FROM refunds WHERE organisation = :o AND state IN "
                   "('pending', 'submitting', 'unknown') AND offline IS NULL", False),
    "echecks":    ("SELECT count(*), min(created_at) FROM echecks WHERE organisation = :o AND state IN "
                   "('pending', 'batched', 'unknown')", False),
    "reports":    ("SELECT count(*), min(received_at) FROM reports WHERE organisation = :o AND state = 'received'",
                   False),
    "webhooks":   ("SELECT count(*), min(created_at) FROM deliveries WHERE organisation = :o AND state = 'pending'",
                   False),
    "undelivered":("SELECT count(*), min(created_at) FROM deliveries WHERE organisation = :o AND state = 'failed'",
                   True),
    "mail":       ("SELECT count(*), min(planned_at) FROM mails WHERE organisation = :o AND state = 'waiting'", False),
    "mail_failed":("SELECT count(*), min(planned_at) FROM mails WHERE organisation = :o AND state IN "
                   "('refused', 'expired')", True),
}
# fmt: on


def queues(tx: BookTransaction, organisation: str) -> list[Queue]:
    """All of them, also those in which nothing waits."""
    found = []
    for name, (sql, trouble) in QUEUES.items():
        counted = text(sql.replace(") FROM", ") AS since FROM", 1)).columns(since=Instant)
        number, since = tx.connection.execute(counted, {"o": organisation}).one()
        found.append(Queue(name=name, waiting=int(number), since=since, trouble=trouble and number > 0))
    return found


def processes(tx: BookTransaction) -> list[Process]:
    """Those that have said anything; their clock is the database's, whatever stands still in a simulation."""
    now = _real_now(tx)
    wanted = select(workers).order_by(workers.c.role, workers.c.started_at).limit(MAX_WORKERS)
    return [
        Process(
            role=row.role, host=row.host, started_at=row.started_at, beat_at=row.beat_at,
            alive=now - row.beat_at < SILENT_AFTER,
        )
        for row in tx.connection.execute(wanted).all()
    ]  # fmt: skip


def _real_now(tx: BookTransaction) -> datetime:
    sql = {
        "postgresql": "SELECT clock_timestamp() AS at",
        "sqlite": "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS at",
    }[tx.dialect]
    now: datetime = tx.connection.execute(text(sql).columns(at=Instant)).scalar_one()
    return now
