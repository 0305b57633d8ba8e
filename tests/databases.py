"""PostgreSQL databases for tests: one server for the whole run, databases that are emptied and used again."""

import time
import uuid
from collections.abc import Callable

import psycopg
from psycopg import sql

LEFT_WITHIN = 0.3  # seconds for the connections of a test to go after it closed them
SMALL = 65_536  # bytes; rows of a smaller table are deleted, a larger one is truncated, which makes new files

# What a migration changes, and a test's tampering too: rows of the catalogue carry who wrote them last.
SCHEMA = " UNION ALL ".join(
    f"SELECT '{catalogue}', count(*), max(xmin::text::bigint) FROM {catalogue}"
    for catalogue in ("pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_proc", "pg_trigger", "pg_policy")
)
TABLES = "SELECT c.oid::regclass::text FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
SEQUENCES = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)


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
