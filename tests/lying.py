"""Lies that somebody might write into the books past every guard, told in a transaction that is never committed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Connection, text

from adapters.database.books import BookTransaction
from adapters.database.invariants import LATE, broken
from tests.world import World


@contextmanager
def unguarded(past: World) -> Iterator[BookTransaction]:
    """A transaction without triggers and foreign keys, which is taken back in the end."""
    with past.books.begin() as tx:
        try:
            if tx.connection.dialect.name == "sqlite":
                tx.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
                _drop(tx.connection, "type = 'trigger'")
            else:
                tx.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            yield tx
        finally:
            transaction = tx.connection.get_transaction()
            assert transaction is not None
            transaction.rollback()


def found_by(past: World, lie: str, *, late: timedelta = LATE, without: str | None = None) -> set[str]:
    """The invariants that are violated by this lie; `without` the indexes (of SQLite) whose names are like that."""
    with unguarded(past) as tx:
        if without is not None:
            _drop(tx.connection, f"type = 'index' AND name LIKE '{without}'")
        assert tx.connection.execute(text(lie)).rowcount, "the lie changes nothing"
        return _violated(tx, late)


def violated(past: World, *, late: timedelta = LATE) -> set[str]:
    with past.books.begin(read_only=True) as tx:
        return _violated(tx, late)


def _violated(tx: BookTransaction, late: timedelta) -> set[str]:
    return {name for name, rows in broken(tx, late=late).items() if rows}


def _drop(connection: Connection, which: str) -> None:
    statement = f"SELECT type, name FROM sqlite_master WHERE {which}"
    for kind, name in connection.exec_driver_sql(statement).all():
        connection.exec_driver_sql(f"DROP {kind} {name}")
