"""The outbox: events in the order of their commits, and how far each reader has come."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select, text

from adapters.database.tables import events, relays

READ_AT_ONCE = 2_000  # a batch of 500 charges writes about 1,500


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Events to tell, and the position once they are told."""

    events: list[Any]
    position: int


def hold(connection: Connection, reader: str) -> int | None:
    """The reader's position, held until the end of the transaction; None while somebody else holds it."""
    dialect = connection.dialect.name
    fresh = text("INSERT INTO relays (name, position) VALUES (:name, 0) ON CONFLICT (name) DO NOTHING")
    connection.execute(fresh, {"name": reader})
    wanted = select(relays.c.position).where(relays.c.name == reader)
    if dialect == "postgresql":
        wanted = wanted.with_for_update(skip_locked=True)
    position: int | None = connection.execute(wanted).scalar_one_or_none()
    return position


def advance(connection: Connection, reader: str, position: int) -> None:
    connection.execute(relays.update().where(relays.c.name == reader).values(position=position))


def anything_new(connection: Connection, reader: str) -> bool:
    """A cheap look that waits for nobody."""
    position = connection.execute(select(relays.c.position).where(relays.c.name == reader)).scalar_one_or_none()
    return connection.execute(_after(connection, position or 0).limit(1)).first() is not None


def read(connection: Connection, position: int, limit: int = READ_AT_ONCE) -> Read:
    """Events after a position, in the order of their commits.

    PostgreSQL gives ids before it commits: reading by id would pass over a transaction that is still open.
    The position is a transaction there, taken whole, and only once no older one is open; in SQLite, where
    writers stand in line, it is an id.
    """
    rows = list(connection.execute(_after(connection, position).limit(limit)).all())
    if connection.dialect.name != "postgresql":
        return Read(events=rows, position=rows[-1].id if rows else position)
    if len(rows) == limit:
        rows = _whole(connection, rows, position)
    return Read(events=rows, position=rows[-1].transaction if rows else position)


def _whole(connection: Connection, rows: list[Any], position: int) -> list[Any]:
    """Leaves the last transaction for the next time, unless it is the only one: then all of it."""
    last = rows[-1].transaction
    complete = [row for row in rows if row.transaction != last]
    if complete:
        return complete
    return list(connection.execute(_after(connection, position).where(events.c.transaction == last)).all())


def _after(connection: Connection, position: int) -> Select[Any]:
    if connection.dialect.name == "postgresql":
        closed = text("events.transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        wanted = select(events).where(events.c.transaction > position, closed)
        return wanted.order_by(events.c.transaction, events.c.id)
    return select(events).where(events.c.id > position).order_by(events.c.id)
