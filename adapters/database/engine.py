"""Engines: one place that knows how to talk to PostgreSQL and to SQLite safely."""

from typing import Any

import orjson
import pysqlite3
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

FIXED_WAL = (3, 51, 3)  # older SQLite can lose a WAL reset; they get the rollback journal instead
STATEMENT_TIMEOUT_MS = 60_000
LOCK_TIMEOUT_MS = 2_000
IDLE_IN_TRANSACTION_MS = 10_000
BUSY_TIMEOUT_MS = 15_000
POOL_SIZE = 5
SQLITE_FILE = "sqlite:///"
POSTGRESQL = ("postgresql", "postgresql+psycopg")
READ_ONLY = "encaisse_read_only"


def is_ours(url: str) -> bool:
    """Whether an address is one that `make_engine` understands."""
    try:
        named = make_url(url)
    except (ArgumentError, ValueError):
        return False
    in_file = url.startswith(SQLITE_FILE) and named.database not in (None, "", ":memory:")
    return in_file or named.drivername in POSTGRESQL


def make_engine(url: str, *, pool_size: int = POOL_SIZE) -> Engine:
    """An engine for `postgresql://…` (psycopg 3) or `sqlite:///…`; make it after a fork, never before."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url)
    options = (
        f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS} "
        f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS} -c synchronous_commit=on "
        "-c timezone=UTC -c plan_cache_mode=force_custom_plan -c jit=off"
    )
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,
        json_deserializer=orjson.loads,
        connect_args={"options": options, "connect_timeout": 5},
    )


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url, module=pysqlite3.dbapi2, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}
    )
    wal = pysqlite3.dbapi2.sqlite_version_info >= FIXED_WAL

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        connection.execute(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A read that later writes fails at once whatever the timeout says: writers say so from the start.
        read_only = connection.get_execution_options().get(READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine
