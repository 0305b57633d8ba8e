"""The outbox: events in the order of their commits, and how far each reader has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, literal, select, text, tuple_

from adapters.database.tables import events, relays

# Nobody writes below it any more. After a restore, transactions are numbered from a base on (`origin.adopt`).
CLOSED = (
    "events.transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint "
    "+ (SELECT coalesce(max(base), 0) FROM origins)"
)
READ_AT_ONCE = 2_000  # a batch of 500 charges writes about 1,500


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Events to tell, and the position once they are told."""

    events: list[Any]
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a reader of single events stands: the last one that it has read."""

    transaction: int = 0
    id: int = 0


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


def newest(connection: Connection, position: int) -> int:
    """The position of whoever has read everything that is closed."""
    last = (
        _after(connection, position)
        .order_by(None)
        .with_only_columns(func.max(events.c.transaction if connection.dialect.name == "postgresql" else events.c.id))
    )
    return connection.execute(last).scalar_one() or position


def page(connection: Connection, organisations: Sequence[str], after: Place, limit: int) -> list[Any]:
    """Public events of these organisations after a place, in the order of their commits."""
    rows = _after(connection, after.transaction, after.id).where(
        events.c.public, events.c.organisation.in_(list(organisations))
    )
    return list(connection.execute(rows.limit(limit)).all())


def as_told(row: Any) -> dict[str, Any]:
    """An event as other services read it; `id` tells repetitions, `sequence` orders those of a subject."""
    return {
        "specversion": "1.0",
        "id": str(row.id),
        "source": "encaisse",
        "type": row.type,
        "subject": row.subject,
        "sequence": row.sequence,
        "time": row.at.isoformat().replace("+00:00", "Z"),
        "organisation": row.organisation,
        "data": row.data,
    }


def _whole(connection: Connection, rows: list[Any], position: int) -> list[Any]:
    """Leaves the last transaction for the next time, unless it is the only one: then all of it."""
    last = rows[-1].transaction
    complete = [row for row in rows if row.transaction != last]
    if complete:
        return complete
    return list(connection.execute(_after(connection, position).where(events.c.transaction == last)).all())


def _after(connection: Connection, position: int, id: int | None = None) -> Select[Any]:
    """Behind a position; with `id`, behind that very event."""
    if connection.dialect.name != "postgresql":
        return select(events).where(events.c.id > (position if id is None else id)).order_by(events.c.id)
    closed = text(CLOSED)
    if id is None:
        behind: ColumnElement[bool] = events.c.transaction > position
    else:
        behind = tuple_(events.c.transaction, events.c.id) > tuple_(literal(position), literal(id))
    return select(events).where(behind, closed).order_by(events.c.transaction, events.c.id)
