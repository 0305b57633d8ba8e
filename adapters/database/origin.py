"""Whether these books were restored (F-72): they are older than what the world knows, and another cluster's
transactions are numbered from the beginning."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from adapters.database.engine import make_engine
from adapters.database.origin_tables import origins

BOOKS = "books"  # the only row


class Restored(Exception):
    """The books live in another cluster than before: nothing is asked of anyone until `encaisse restored`."""


def note_origin(connection: Connection) -> None:
    """Where the books live, if nobody has written it down yet."""
    noted = text(
        f"INSERT INTO origins (id, system, base) VALUES (:id, {_system(connection)}, 0) ON CONFLICT DO NOTHING"
    )
    connection.execute(noted, {"id": BOOKS})


def is_restored(connection: Connection) -> bool:
    """Whether the books were moved here, or know transactions that this cluster has not seen. A SQLite file and a
    cluster that was rewound as a whole can't tell: a person says so."""
    if not _knows(connection):
        return False
    return bool(connection.execute(text(_RESTORED.format(system=_system(connection)))).scalar())


def adopt(connection: Connection, now: datetime) -> None:
    """From here on these are the books. Every event keeps its place, and new ones come behind all of them: no reader
    of the outbox passes one over, none is told twice."""
    put: dict[str, object] = {"restored_at": now}
    if _knows(connection):
        newest = connection.execute(text("SELECT coalesce(max(transaction), 0) FROM events")).scalar_one()
        base = max(int(newest), connection.execute(select(origins.c.base)).scalar_one())
        numbered = f"pg_current_xact_id()::text::bigint + {base:d}"
        connection.execute(text(f"ALTER TABLE events ALTER COLUMN transaction SET DEFAULT ({numbered})"))
        system = connection.execute(text(f"SELECT {_system(connection)}")).scalar_one()
        put |= {"base": base, "system": system}
    connection.execute(origins.update().values(**put))


def restored_at(connection: Connection) -> datetime | None:
    """When the books were last restored, if ever."""
    found: datetime | None = connection.execute(select(origins.c.restored_at)).scalar_one_or_none()
    return found


def must_be_at_home(url: str) -> None:
    """Raises Restored. A database that is away is waited for elsewhere."""
    engine = make_engine(url)
    try:
        with suppress(DBAPIError), engine.connect() as connection:
            if is_restored(connection):
                raise Restored
    finally:
        engine.dispose()


def _knows(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _system(connection: Connection) -> str:
    """SQL for the name of the cluster; nothing where it may not be asked."""
    url = str(connection.engine.url)
    if url not in _MAY_ASK:
        allowed = "SELECT has_function_privilege('pg_control_system()', 'EXECUTE')"
        _MAY_ASK[url] = _knows(connection) and bool(connection.execute(text(allowed)).scalar_one())
    return "(SELECT system_identifier::text FROM pg_control_system())" if _MAY_ASK[url] else "''"


_MAY_ASK: dict[str, bool] = {}  # by database, for a process
_RESTORED = """
    SELECT (o.system <> '' AND s.system <> '' AND o.system <> s.system)
        OR coalesce((SELECT max(transaction) FROM events), 0)
        >= o.base + pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    FROM origins o, (SELECT {system} AS system) s"""
