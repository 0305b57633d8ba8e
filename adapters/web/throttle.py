"""Throttling: after some misses whoever tries again waits, longer each time; counted in the database."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import bindparam, text

from adapters.database.access_tables import tries
from adapters.database.books import BookTransaction
from adapters.database.types import Instant
from domain.access import Tries

FREE = 5  # misses before anybody waits: people mistype
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)  # no longer: who knows an address could lock its owner out for ever
FORGOTTEN_AFTER = timedelta(hours=24)
FORGOTTEN_AT_ONCE = 1_000


class Throttled(Exception):
    """Tried too often; `until` is when somebody listens again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until.isoformat())
        self.until = until


def key_of(what: str, *whose: str) -> str:
    """What is counted: `password`, an address. Kept as a hash, since people type passwords in the wrong field."""
    return hashlib.sha256("\n".join((what, *whose)).encode()).hexdigest()


def take(tx: BookTransaction, key: str) -> None:
    """Counts a try as missed before anybody looks at it, so that a hundred at once are no way around; raises
    Throttled. Its transaction is committed before the proof is looked at."""
    known = tx.find(Tries, key=key)
    if known is not None and known.until > tx.now:
        raise Throttled(known.until)
    fresh = known is None or known.at < tx.now - FORGOTTEN_AFTER
    statement = text(_COUNT).bindparams(bindparam("now", tx.now, Instant))
    misses: int = tx.connection.execute(statement, {"key": key, "fresh": fresh}).scalar_one()
    until = tx.now + wait_after(misses)
    tx.connection.execute(tries.update().where(tries.c.key == key).values(until=until))


def wait_after(misses: int) -> timedelta:
    """How long after that many misses; nothing for the first ones."""
    if misses < FREE:
        return timedelta(0)
    times: int = 2 ** min(misses - FREE, 10)
    return min(FIRST_WAIT * times, LONGEST_WAIT)


def forgive(tx: BookTransaction, key: str) -> None:
    """The proof was right: what was missed before is forgotten."""
    tx.connection.execute(tries.delete().where(tries.c.key == key))


_COUNT = """INSERT INTO tries (key, misses, until, at) VALUES (:key, 1, :now, :now)
    ON CONFLICT (key) DO UPDATE SET misses = CASE WHEN :fresh THEN 1 ELSE tries.misses + 1 END, at = :now
    RETURNING misses"""
