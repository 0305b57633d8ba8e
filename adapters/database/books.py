"""The books: the database as a unit of work, one transaction at a time."""

import os
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import uuid_utils
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from adapters.database import loader
from adapters.database.accounts import Accounts
from adapters.database.echecks import Echecks
from adapters.database.engine import READ_ONLY
from adapters.database.expiring_cards import ExpiringCards
from adapters.database.origin import restored_at
from adapters.database.repayments import Repayments
from adapters.database.subscriptions import Renewals
from adapters.database.vault import Vault
from adapters.database.writer import Render, Writer
from domain.decision import Decision
from domain.event import Event
from domain.ports import Log
from domain.refusal import NotKnown

T = TypeVar("T")
R = TypeVar("R")
Clock = Callable[[], datetime]

REF_LETTERS = "abcdefghijkmnpqrstuvwyz023456789"  # no x: it separates the number; no l, o, 1: read aloud
# Our queues are nearly empty most of the time and missing from the planner's statistics: it would read whole
# tables to find a batch. Everything here is found by an index, so the other plans are switched off.
NOW_BY_INDEX = text(
    "SELECT now(), set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), "
    "set_config('enable_mergejoin', 'off', true)"
)
UNLOGGED = frozenset({"name", "email", "holder", "payer"})  # of people: for the audit, not for who reads logs
MAX_TRIES = 5  # of a whole transaction after a deadlock, a lost connection, a busy file
RETRIED_STATES = ("40P01", "40001", "55P03", "57P01", "57P02", "57P03", "08000", "08003", "08006", "08001")


class BookTransaction(Repayments, Echecks, Accounts, Renewals, ExpiringCards):
    """See `domain.ports.Transaction`."""

    def __init__(self, connection: Connection, now: datetime, render: Render, vault: Vault) -> None:
        super().__init__(connection)
        self.now = now
        self.vault = vault
        self._writer = Writer(connection, render)

    def restored_at(self) -> datetime | None:
        return restored_at(self.connection)

    def mint(self, prefix: str = "") -> str:
        return f"{prefix}{uuid_utils.uuid7()}"

    def mint_ref(self) -> str:
        return "e" + "".join(REF_LETTERS[byte & 31] for byte in os.urandom(12))

    def seal(self, plain: str, *, about: tuple[str, ...]) -> str:
        return self.vault.seal(plain, about)

    def unseal(self, sealed: str, *, about: tuple[str, ...]) -> str:
        return self.vault.unseal(sealed, about)

    def find(self, thing: type[T], **key: Any) -> T | None:
        found = loader.load(self.connection, thing, key, order_by="", limit=1, lock=False)
        return found[0] if found else None

    def get(self, thing: type[T], **key: Any) -> T:
        return _known(thing, self.find(thing, **key), key)

    def lock(self, thing: type[T], **key: Any) -> T:
        found = loader.load(self.connection, thing, key, order_by="", limit=1, lock=True)
        return _known(thing, found[0] if found else None, key)

    def all(self, thing: type[T], *, order_by: str = "", limit: int = 10_000, **key: Any) -> list[T]:
        return loader.load(self.connection, thing, key, order_by=order_by, limit=limit, lock=False)

    def lock_all(self, thing: type[T], *, order_by: str = "", limit: int = 10_000, **key: Any) -> list[T]:
        return loader.load(self.connection, thing, key, order_by=order_by, limit=limit, lock=True)

    def write(self, decisions: Iterable[Decision]) -> None:
        self._writer.write(decisions)

    @property
    def told(self) -> list[Event]:
        """The events written so far."""
        return self._writer.told

    @contextmanager
    def part(self) -> Iterator[None]:
        """A savepoint: what fails inside is undone, the rest of the transaction stands."""
        before = len(self.told)
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            del self.told[before:]  # what was undone is not told
            raise


def _known(kind: type[T], thing: T | None, key: Mapping[str, Any]) -> T:
    """Refuses by the name that commands give to such a thing: `payment_method`, `item`, …"""
    if thing is None:
        noun = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
        field = "item" if noun == "action_item" else noun
        raise NotKnown(field, id=str(key.get("id", list(key.values())[-1])))
    return thing


class DatabaseBooks:
    """See `domain.ports.Books`. `clock` replaces the database's now(), in simulation only; without a `vault`
    nothing secret can be kept."""

    def __init__(
        self, engine: Engine, *, render: Render, clock: Clock | None = None, log: Log | None = None,
        vault: Vault | None = None,
    ) -> None:  # fmt: skip
        self.engine = engine
        self.vault = vault or Vault()
        self.render = render
        self.clock = clock
        self.standing = False  # a clock that stands still as long as this process lives (`--now`)
        self.log = log

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[BookTransaction]:
        """A transaction; commits when the block ends well. `read_only` never waits for a writer."""
        with self.engine.connect() as connection:
            opened = connection.execution_options(**{READ_ONLY: read_only})
            with opened.begin():
                transaction = BookTransaction(opened, self._now(opened), self.render, self.vault)
                transaction.standing = self.standing
                yield transaction
        self._tell(transaction.told)

    def run(self, work: Callable[[BookTransaction], R], *, read_only: bool = False) -> R:
        """Runs `work` in a transaction, again from the start when the database could not take it (F-62)."""
        for trial in range(1, MAX_TRIES + 1):
            try:
                with self.begin(read_only=read_only) as tx:
                    return work(tx)
            except DBAPIError as error:
                if trial == MAX_TRIES or not passing(error):
                    raise
                time.sleep(random.uniform(0.05, 0.2) * 2**trial)  # noqa: S311 - jitter
        raise AssertionError("unreachable")

    def _tell(self, events: Iterable[Event]) -> None:
        """The diary: what the transaction made true is logged once it is committed, and only then."""
        if self.log is not None:
            for event in events:
                told = {name: value for name, value in event.data.items() if name not in UNLOGGED}
                self.log(event.type, organisation=event.organisation, by=event.by, **told)

    def _now(self, connection: Connection) -> datetime:
        if self.engine.dialect.name == "sqlite":
            return self.clock() if self.clock is not None else datetime.now(UTC)
        now: datetime = connection.execute(NOW_BY_INDEX).one()[0]
        return self.clock() if self.clock is not None else now.astimezone(UTC)


def passing(error: DBAPIError) -> bool:
    """Whether the same transaction may well succeed if it is tried again."""
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or (state in RETRIED_STATES):
        return True
    words = str(error.orig)
    return state is None and any(part in words for part in ("locked", "connection", "server closed"))
