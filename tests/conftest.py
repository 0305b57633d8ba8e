"""What every test may ask for: real databases and brokers, started once, empty for each test.

Under xdist the controlling process owns the one PostgreSQL, so that it lives exactly as long as the run.
Servers named in ENCAISSE_TEST_POSTGRES_URL and ENCAISSE_TEST_REDIS_URL are used instead of our own.
"""

import os
import shutil
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import redis
import structlog

from tests.databases import Databases, Files, SharedPostgres
from tests.servers import PostgresServer, RedisServer

BOTH_DATABASES = ["sqlite", "postgresql"]
Lend = Callable[[str], AbstractContextManager[str]]

# SQLite flushes every commit, which a file system in memory does at once.
MEMORY = Path("/dev/shm")
MEMORY_ENOUGH = 2 * 1024**3  # bytes; what failed tests leave behind stays there for whoever looks
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_ENOUGH:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: some tests wait for leases and ladders, and leave theirs idle."""
    return (os.cpu_count() or 1) + 1


# ------------------------------------------------------------------ one PostgreSQL for a run


class RunServers:
    """Starts the run's PostgreSQL when it is first needed, and ends it with the run."""

    def __init__(self, config: pytest.Config) -> None:
        inherited: dict[str, Any] = getattr(config, "workerinput", {})
        self.is_worker = bool(inherited)
        self.run: str = inherited.get("encaisse_run") or uuid.uuid4().hex[:8]
        self._url: str | None = inherited.get("encaisse_postgres") or os.environ.get("ENCAISSE_TEST_POSTGRES_URL")
        self._ours: PostgresServer | None = None
        self._used = False

    def postgres(self) -> SharedPostgres:
        if self._url is None:
            self._ours = PostgresServer().start()
            self._url = self._ours.url
        self._used = True
        return SharedPostgres(self._url, self.run)

    def end(self) -> None:
        if self._ours:
            self._ours.destroy()
        elif self._used and not self.is_worker:
            self.postgres().drop_all()


RUN_SERVERS = pytest.StashKey[RunServers]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RUN_SERVERS] = RunServers(config)
    # What a test logs is told plainly: structlog would draw each traceback in colour, which takes a second.
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist: tells each worker where the run's PostgreSQL is."""
    servers = node.config.stash[RUN_SERVERS]
    node.workerinput["encaisse_postgres"] = servers.postgres().url
    node.workerinput["encaisse_run"] = servers.run


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[RUN_SERVERS].end()


# ------------------------------------------------------------------ nothing is skipped silently


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    return _skipped_is_failed(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    return _skipped_is_failed(report)


Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def _skipped_is_failed(report: Report) -> Report:
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as failed here: {report.longrepr}"
    return report


# ------------------------------------------------------------------ servers


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> SharedPostgres:
    """The run's PostgreSQL, shared by all tests: never stop it, `own_postgres` is there for that."""
    return request.config.stash[RUN_SERVERS].postgres()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis shared by the tests of this process: never stop it, `own_redis` is there for that."""
    server = RedisServer().start()
    yield server
    server.destroy()


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> str:
    """An empty Redis database."""
    url = os.environ.get("ENCAISSE_TEST_REDIS_URL")
    if url is None:
        url = request.getfixturevalue("redis_server").url
    else:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
        url = f"{url.rstrip('/')}/{worker}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of the test's own, to kill and restart."""
    server = PostgresServer().start()
    yield server
    server.destroy()


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A Redis of the test's own, to kill and restart."""
    server = RedisServer().start()
    yield server
    server.destroy()


# ------------------------------------------------------------------ databases


@pytest.fixture
def postgres_url(postgres_server: SharedPostgres) -> Iterator[str]:
    """An empty PostgreSQL database."""
    name = postgres_server.create()
    yield postgres_server.url_of(name)
    postgres_server.drop(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path}/encaisse.db"


@pytest.fixture(params=BOTH_DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database, once of each kind."""
    return _of_kind(request, {"sqlite": "sqlite_url", "postgresql": "postgres_url"})


@pytest.fixture(scope="session")
def databases(postgres_server: SharedPostgres) -> Iterator[Databases]:
    from adapters.database import migrate

    made = Databases(postgres_server, migrate)
    yield made
    made.close()


@pytest.fixture
def migrated_postgres_url(databases: Databases) -> Iterator[str]:
    """A PostgreSQL database of the newest schema, with nothing in it."""
    database = databases.take()
    yield database.url
    databases.give_back(database)


@pytest.fixture(scope="session")
def migrated_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite file of the newest schema that tests copy."""
    from adapters.database import migrate

    file = tmp_path_factory.mktemp("migrated") / "encaisse.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def files(migrated_sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("files"), migrated_sqlite_file)


@pytest.fixture
def migrated_sqlite_url(files: Files) -> Iterator[str]:
    """An SQLite database of the newest schema."""
    file = files.take()
    yield f"sqlite:///{file}"
    files.give_back(file)


@pytest.fixture(params=BOTH_DATABASES)
def migrated_url(request: pytest.FixtureRequest) -> str:
    """A database of the newest schema, once of each kind."""
    return _of_kind(request, {"sqlite": "migrated_sqlite_url", "postgresql": "migrated_postgres_url"})


@pytest.fixture(scope="session")
def lend(databases: Databases, files: Files) -> Lend:
    """Lends a database of the newest schema for longer than a test, to tests that only read it."""

    @contextmanager
    def lent(kind: str) -> Iterator[str]:
        if kind == "sqlite":
            file = files.take()
            yield f"sqlite:///{file}"
            files.give_back(file)
        else:
            database = databases.take()
            yield database.url
            databases.give_back(database)

    return lent


def _of_kind(request: pytest.FixtureRequest, fixtures: dict[str, str]) -> str:
    url: str = request.getfixturevalue(fixtures[request.param])
    return url
