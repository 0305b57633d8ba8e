"""Databases for tests, which are emptied and used again: to make one, and to compile every statement for it anew,
would cost more than most tests do."""

import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import cast

import psycopg
from psycopg import sql
from sqlalchemy import Engine, QueuePool

from adapters.database.engine import SQLITE_FILE, make_engine

LEFT_WITHIN = 0.3  # seconds for the connections of a test to go after it closed them
SMALL = 65_536  # bytes; rows of a smaller table are deleted, a larger one is truncated, which makes new files

# What a migration changes, and a test's tampering too: rows of the catalogue carry who wrote them last.
SCHEMA = " UNION ALL ".join(
    f"SELECT '{catalogue}', count(*), max(xmin::text::bigint) FROM {catalogue}"
    for catalogue in ("pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_proc", "pg_trigger", "pg_policy")
)
TABLES = "SELECT c.oid::regclass::text FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
SEQUENCES = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
KEPT = "encaisse_kept"  # the name by which an engine that is kept from test to test calls itself
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    f"AND backend_type = 'client backend' AND application_name <> '{KEPT}'"
)
_ENGINES: dict[str, Engine] = {}


def kept_engine(url: str) -> Engine:
    """The engine of a database as long as that is used, with all that it has compiled."""
    if url not in _ENGINES:
        is_file = url.startswith(SQLITE_FILE)
        _ENGINES[url] = make_engine(url if is_file else f"{url}?application_name={KEPT}")
    return _ENGINES[url]


def forget_engine(url: str) -> None:
    if engine := _ENGINES.pop(url, None):
        engine.dispose()


class SharedPostgres:
    """One server for the whole run, and the databases that the run makes there."""

    def __init__(self, url: str, run: str) -> None:
        self.url = url
        self.run = run
        self.prefix = f"encaisse_test_{run}_"

    def url_of(self, database: str) -> str:
        return f"{self.url.rpartition('/')[0]}/{database}"

    def create(self, *, template: str = "template1") -> str:
        name = self.prefix + uuid.uuid4().hex[:12]
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return name

    def drop(self, name: str) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def drop_all(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            ours = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self.prefix])
            names = [name for (name,) in ours.fetchall()]
        for name in names:
            self.drop(name)

    def template(self, migrate: Callable[[str], object]) -> str:
        """The migrated database that tests copy: made by the first worker that needs it."""
        name = self.prefix + "template"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                draft = self.create()
                migrate(self.url_of(draft))
                self._execute("ALTER DATABASE {} RENAME TO {}", draft, name)
        return name

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class Database:
    """A migrated database, with a connection that empties it and knows when a test has tampered with it."""

    def __init__(self, server: SharedPostgres, template: str) -> None:
        self.server = server
        self.name = server.create(template=template)
        self.url = server.url_of(self.name)
        self._connection = psycopg.connect(self.url, autocommit=True)
        self._connection.execute("SET session_replication_role = replica")  # guards forbid what we are about to do
        tables = [name for (name,) in self._connection.execute(TABLES)]
        used = " UNION ALL ".join(
            f"(SELECT '{table}', pg_relation_size('{table}') FROM {table} LIMIT 1)" for table in tables
        )
        self._used = used.encode()
        self._kept = {name for name, _ in self._connection.execute(self._used)}  # what the migration wrote
        self._told = self._tell()

    def _tell(self) -> list[object]:
        """The schema and what the migration wrote into it."""
        kept = [self._connection.execute(f"TABLE {table}".encode()).fetchall() for table in sorted(self._kept)]
        return [self._connection.execute(SCHEMA.encode()).fetchall(), kept]

    def emptied(self) -> bool:
        """Whether it is again as it was made; if not, it is of no more use."""
        kept = _ENGINES.get(self.url)
        if kept is not None and cast("QueuePool", kept.pool).checkedout():
            return False
        try:
            return self._is_left_alone() and self._tell() == self._told and self._empty()
        except psycopg.Error:  # a test cut every connection, or holds a lock still
            return False

    def _is_left_alone(self) -> bool:
        until = time.monotonic() + LEFT_WITHIN
        while self._connection.execute(OTHERS).fetchone() != (0,):
            if time.monotonic() > until:
                return False
            time.sleep(0.005)
        return True

    def _empty(self) -> bool:
        used = [(name, size) for name, size in self._connection.execute(self._used) if name not in self._kept]
        large = [name for name, size in used if size > SMALL]
        statements = [f"DELETE FROM {name}" for name, size in used if size <= SMALL]
        statements += [f"TRUNCATE {', '.join(large)} CASCADE"] if large else []
        statements += [f"ALTER SEQUENCE {name} RESTART" for (name,) in self._connection.execute(SEQUENCES)]
        if statements:
            self._connection.execute("; ".join(statements).encode())
        return True

    def drop(self) -> None:
        forget_engine(self.url)
        self._connection.close()
        self.server.drop(self.name)


class Databases:
    """The migrated databases of one process: to empty one costs a tenth of copying another."""

    def __init__(self, server: SharedPostgres, migrate: Callable[[str], object]) -> None:
        self._server = server
        self._migrate = migrate
        self._idle: list[Database] = []

    def take(self) -> Database:
        return self._idle.pop() if self._idle else Database(self._server, self._server.template(self._migrate))

    def give_back(self, database: Database) -> None:
        if database.emptied():
            self._idle.append(database)
        else:
            database.drop()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().drop()


class Files:
    """The SQLite databases of one process: a path is used again, what lies there is copied anew."""

    def __init__(self, folder: Path, migrated: Path) -> None:
        self._folder = folder
        self._migrated = migrated
        self._idle: list[Path] = []
        self._made = 0

    def take(self) -> Path:
        if not self._idle:
            self._made += 1
            self._idle.append(self._folder / str(self._made) / self._migrated.name)
        file = self._idle.pop()
        shutil.copytree(self._migrated.parent, file.parent)  # with its write-ahead log, where there is one
        return file

    def give_back(self, file: Path) -> None:
        if engine := _ENGINES.get(f"{SQLITE_FILE}{file}"):
            engine.dispose()
        shutil.rmtree(file.parent)
        self._idle.append(file)
