"""Leases: a claim is its worker's; a worker that is silent is dead and its claims are open (F-12)."""

import itertools
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text

from adapters.database import loader
from adapters.database.books import BookTransaction, DatabaseBooks
from adapters.database.tables import attempts
from domain.attempt import Attempt
from domain.batching import freed
from domain.echeck import Echeck
from domain.giving_back import reap as reap_repayment
from domain.payment import Payment
from domain.resolving import reap

BEAT_S = 3.0  # how often a worker says that it lives
SILENCE_S = 10.0  # after that it is dead; more than three beats, so that a slow commit is not a death
REAPED_AT_ONCE = 500


class Leases:
    """The leases of one process. Every batch has a label of its own, `<process>/<number>`: a batch that this
    process no longer holds in its hands is as dead as one of a dead process."""

    def __init__(self, books: DatabaseBooks, engine: Engine, *, role: str) -> None:
        self.books = books
        self.engine = engine
        self.role = role
        self.process = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
        self._numbers = itertools.count(1)
        self._held: set[str] = set()
        self._guard = threading.Lock()

    @contextmanager
    def batch(self) -> Iterator[str]:
        """A label for the claims of one batch; held until the block ends, however it ends."""
        label = f"{self.process}/{next(self._numbers)}"
        with self._guard:
            self._held.add(label)
        try:
            yield label
        finally:
            with self._guard:
                self._held.discard(label)

    def held(self) -> frozenset[str]:
        with self._guard:
            return frozenset(self._held)

    def beat(self) -> None:
        """Says that this process lives. Liveness is physical: always by the database's own clock."""
        with self.engine.begin() as connection:
            connection.execute(text(_BEAT[self.engine.dialect.name]), {
                "id": self.process, "role": self.role, "host": socket.gethostname(),
            })  # fmt: skip

    def leave(self) -> None:
        """A process that ends in peace takes its row with it."""
        with self.engine.begin() as connection:
            connection.execute(text("DELETE FROM workers WHERE id = :id"), {"id": self.process})

    def alive(self) -> frozenset[str]:
        """The processes that have been heard of lately, whatever their role."""
        with self.engine.connect() as connection:
            found = connection.execute(text(_ALIVE[self.engine.dialect.name]), {"silence": SILENCE_S}).all()
        return frozenset(row[0] for row in found)

    def reap(self, *, everyone_else: bool = False) -> int:
        """Frees what the dead held; answers how many attempts. With `everyone_else`, whoever asks is alone
        (the queue's lock is ours) and every other claim is open."""
        alive = frozenset({self.process}) if everyone_else else self.alive() | {self.process}
        return self.books.run(lambda tx: self._reap(tx, alive))

    def _reap(self, tx: BookTransaction, alive: frozenset[str]) -> int:
        held = self.held()
        dead = [label for label in self._labels(tx) if not self._lives(label, alive, held)]
        if not dead:
            return 0
        held_by = attempts.c.worker.in_(dead)
        statement = loader.selection(Attempt, {}, order_by="key", limit=REAPED_AT_ONCE, lock=True).where(held_by)
        found = [loader.build(Attempt, row) for row in tx.connection.execute(statement).all()]
        for attempt in found:
            payment = tx.get(Payment, organisation=attempt.organisation, id=attempt.payment)
            tx.write([reap(attempt, payment, now=tx.now)])
        repayments = tx.held_by(dead, REAPED_AT_ONCE)
        for out in repayments:
            tx.write([reap_repayment(out, now=tx.now)])
        held_too = loader.selection(Echeck, {"worker": dead}, order_by="id", limit=REAPED_AT_ONCE, lock=True)
        begun = [loader.build(Echeck, row) for row in tx.connection.execute(held_too).all()]
        tx.write([freed(one, now=tx.now) for one in begun])
        return len(found) + len(repayments) + len(begun)

    def _labels(self, tx: BookTransaction) -> list[str]:
        """Whoever holds anything."""
        return [
            label
            for table, states in HELD_IN.items()
            for label in tx.connection.execute(text(_HOLDERS.format(table, states))).scalars()
        ]

    def _lives(self, label: str, alive: frozenset[str], held: frozenset[str]) -> bool:
        process = label.rpartition("/")[0]
        if process == self.process:
            return label in held
        return process in alive


_IN_FLIGHT = "AND state IN ('submitting', 'unknown', 'in_doubt')"
HELD_IN = {"attempts": _IN_FLIGHT, "repayments": _IN_FLIGHT, "echecks": ""}
_HOLDERS = "SELECT DISTINCT worker FROM {} WHERE worker IS NOT NULL {}"


def anybody_works(engine: Engine) -> bool:
    """Whether a process that works the queue has been heard of lately."""
    statement = text(_ALIVE[engine.dialect.name] + " AND role IN ('worker', 'up')")
    with engine.connect() as connection:
        return connection.execute(statement, {"silence": SILENCE_S}).first() is not None


_BEAT = {
    "postgresql": """INSERT INTO workers (id, role, host, started_at, beat_at)
        VALUES (:id, :role, :host, clock_timestamp(), clock_timestamp())
        ON CONFLICT (id) DO UPDATE SET beat_at = clock_timestamp()""",
    "sqlite": """INSERT INTO workers (id, role, host, started_at, beat_at)
        VALUES (:id, :role, :host, unixepoch('subsec') * 1000000, unixepoch('subsec') * 1000000)
        ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at""",
}
_ALIVE = {
    "postgresql": "SELECT id FROM workers WHERE beat_at > clock_timestamp() - make_interval(secs => :silence)",
    "sqlite": "SELECT id FROM workers WHERE beat_at > (unixepoch('subsec') - :silence) * 1000000",
}
