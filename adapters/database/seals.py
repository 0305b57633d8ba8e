"""Seals over the events: made in the order of commits, and checked row by row."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, select, text, tuple_

from adapters.database import outbox
from adapters.database.books import BookTransaction
from adapters.database.tables import events, relays, seals
from adapters.database.types import micros
from domain.decision import New
from domain.seal import FIRST, Seal

READER = "seals"
SEALED_AT_ONCE = 5_000
CHECKED_AT_ONCE = 5_000
MARK_LENGTH = 16  # hexadecimal digits: enough to name a row, the chain proves the rest
MAX_FOUND = 100
BEFORE_ALL = (-(2**63), -(2**63))

COLUMNS = tuple(events.c)


def seal(tx: BookTransaction) -> list[Seal]:
    """Seals what was committed since the last time, an organisation each; empty while somebody else does."""
    position = outbox.hold(tx.connection, READER)
    if position is None:
        return []
    read = outbox.read(tx.connection, position, SEALED_AT_ONCE)
    by_organisation: dict[str, list[Any]] = defaultdict(list)
    for row in read.events:
        by_organisation[row.organisation].append(row)
    made = [_next(tx, organisation, rows) for organisation, rows in sorted(by_organisation.items())]
    tx.write([tuple(New(thing=one) for one in made)])
    if read.events:
        outbox.advance(tx.connection, READER, read.position)
    return made


def _next(tx: BookTransaction, organisation: str, rows: Sequence[Any]) -> Seal:
    newest = select(seals.c.number, seals.c.hash).where(seals.c.organisation == organisation)
    last = tx.connection.execute(newest.order_by(seals.c.number.desc()).limit(1)).first()
    number, before = (last.number, last.hash) if last is not None else (0, FIRST)
    texts = [(row.id, canonical(row)) for row in rows]
    return Seal(
        organisation=organisation, number=number + 1, count=len(texts), marks=tuple(mark(*one) for one in texts),
        hash=chained(before, (text_ for _, text_ in texts)), sealed_at=tx.now,
    )  # fmt: skip


def canonical(row: Any) -> bytes:
    """Every column of an event, the same bytes for the same content in either database."""
    values = [micros(value) if column.name == "at" else value for column, value in zip(COLUMNS, row, strict=True)]
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)


def mark(id: int, text_: bytes) -> str:
    return f"{id}:{hashlib.sha256(text_).hexdigest()[:MARK_LENGTH]}"


def chained(before: str, texts: Iterable[bytes]) -> str:
    hashed = hashlib.sha256(before.encode())
    for text_ in texts:
        hashed.update(text_)
    return hashed.hexdigest()


# -- checking ------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class _Chain:
    """The seals of an organisation while its events pass by."""

    organisation: str
    hashes: dict[int, str] = field(default_factory=dict)  # by number, as they stand
    due: dict[int, tuple[int, str]] = field(default_factory=dict)  # event -> its seal, its mark
    texts: dict[int, Any] = field(default_factory=dict)  # seal -> the hash so far
    spoilt: set[int] = field(default_factory=set)  # seals with a row that was named already
    miscounted: set[int] = field(default_factory=set)

    def sees(self, id: int, text_: bytes) -> str | None:
        """What is wrong with an event, if anything; None also for one that has no seal."""
        number, known = self.due.pop(id)
        self.texts[number].update(text_)
        if mark(id, text_) == known:
            return None
        self.spoilt.add(number)
        return "changed"

    def holds(self, number: int) -> bool:
        hashed: str = self.texts[number].hexdigest()
        return hashed == self.hashes[number]


def broken_seals(tx: BookTransaction) -> list[dict[str, Any]]:
    """Events that are not what was sealed, each named with what happened to it, and seals that do not hold."""
    chains = _chains(tx.connection)
    found: list[dict[str, Any]] = []
    sealed_up_to = _sealed_up_to(tx.connection)
    for row in _all_events(tx.connection):
        chain = chains.get(row.organisation)
        if chain is not None and row.id in chain.due:
            why = chain.sees(row.id, canonical(row))
        else:
            place = row.transaction if tx.dialect == "postgresql" else row.id
            why = "inserted" if place <= sealed_up_to else None
        if why is not None:
            found.append({"organisation": row.organisation, "event": row.id, "type": row.type, "why": why})
        if len(found) >= MAX_FOUND:
            return found
    for chain in chains.values():
        found += _left_over(chain)
    return found[:MAX_FOUND]


def _left_over(chain: _Chain) -> Iterator[dict[str, Any]]:
    for id, (number, _) in chain.due.items():
        chain.spoilt.add(number)
        yield {"organisation": chain.organisation, "event": id, "seal": number, "why": "removed"}
    for number in range(1, max(chain.hashes, default=0) + 1):
        if number not in chain.hashes:
            yield {"organisation": chain.organisation, "seal": number, "why": "seal_removed"}
        elif number in chain.miscounted or (number not in chain.spoilt and not chain.holds(number)):
            yield {"organisation": chain.organisation, "seal": number, "why": "seal_changed"}


def _chains(connection: Connection) -> dict[str, _Chain]:
    chains: dict[str, _Chain] = {}
    for row in connection.execute(select(seals).order_by(seals.c.organisation, seals.c.number)):
        chain = chains.setdefault(row.organisation, _Chain(organisation=row.organisation))
        before = chain.hashes.get(row.number - 1, FIRST)
        chain.hashes[row.number] = row.hash
        chain.texts[row.number] = hashlib.sha256(before.encode())
        for one in row.marks:
            id = int(one.partition(":")[0])
            chain.due[id] = (row.number, one)
        if row._mapping["count"] != len(row.marks):
            chain.miscounted.add(row.number)
    return chains


def _sealed_up_to(connection: Connection) -> int:
    return connection.execute(select(relays.c.position).where(relays.c.name == READER)).scalar_one_or_none() or 0


def _all_events(connection: Connection) -> Iterator[Any]:
    """Page by page, in the order of commits."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT set_config('enable_seqscan', 'on', true)"))
    place = BEFORE_ALL
    order = (events.c.transaction, events.c.id) if connection.dialect.name == "postgresql" else (events.c.id,)
    while True:
        behind = tuple_(*order) > tuple_(*place[-len(order) :]) if len(order) > 1 else events.c.id > place[1]
        rows = connection.execute(select(*COLUMNS).where(behind).order_by(*order).limit(CHECKED_AT_ONCE)).all()
        yield from rows
        if len(rows) < CHECKED_AT_ONCE:
            return
        place = (rows[-1].transaction, rows[-1].id)
