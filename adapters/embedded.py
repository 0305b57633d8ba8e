"""Everything in one process: web, workers, scheduler on one database, under one lock."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any

from adapters.beating import Beating
from adapters.bootstrap import App, build
from adapters.database.migrate import is_current, migrate
from adapters.database.origin import must_be_at_home
from adapters.doors import doors
from adapters.logs import log_event
from adapters.queue_lock import QueueLock
from adapters.settings import Settings
from scheduler import loop
from workers.bells import Bells
from workers.boot import Embedded
from workers.relay import Relay, Stream, publish_nowhere

THREADS = 4
FIRST_PORT = 8000
PORTS_TRIED = 100
STOP_WITHIN_S = 8.0  # the longest answer of the simulator is two seconds away
LOCK_WITHIN_S = 1.0


class QueueTaken(Exception):
    """Another process works this database's queue."""


class NobodyWorks(Exception):
    """On an embedded database, a door alone would take in what nobody carries out."""


class NotListening(Exception):
    """The port is taken, or the address is not ours."""


class NotMigrated(Exception):
    """The database's schema is not the newest."""


@contextmanager
def working(settings: Settings) -> Iterator[App]:
    """Workers, scheduler and relay in threads of this process, until the block ends; then what was asked of
    a gateway is recorded, and nothing that was queued is lost: it is found again in the database."""
    if settings.embedded:
        migrate(settings.database_url)
    elif not is_current(settings.database_url):
        raise NotMigrated
    must_be_at_home(settings.database_url)
    app = build(settings, role="worker", pool_size=THREADS + 6)
    try:
        with _queue(app), Beating(app):
            yield from _threads(app)
    finally:
        app.close()


@contextmanager
def _queue(app: App) -> Iterator[None]:
    """The queue of an embedded database is ours alone, and so is what others left in their hands; that of
    PostgreSQL is everybody's."""
    if not app.settings.embedded:
        yield
        return
    with QueueLock(app.settings, app.engine).attempt(wait_s=LOCK_WITHIN_S) as ours:
        if not ours:
            raise QueueTaken
        app.leases.reap(everyone_else=True)
        yield


def _threads(app: App) -> Iterator[App]:
    embedded = Embedded(app, threads=THREADS)
    bells = Bells(embedded.broker)
    relay = Relay(app, publish=_publish(app.settings), ring=bells)
    with doors(app, bells) as lines:
        steps = loop.steps(bells=bells, relay=relay.run_once, doors=lines)
        scheduler = threading.Thread(target=loop.run, args=(app, steps), name="scheduler", daemon=True)
        embedded.start()
        scheduler.start()
        try:
            yield app
        finally:
            app.stopping.set()
            scheduler.join(STOP_WITHIN_S)
            embedded.stop(STOP_WITHIN_S)
    log_event("process.stopped")


def _publish(settings: Settings) -> Any:
    if settings.redis_url is None:
        return publish_nowhere
    from workers.boot import redis_client

    return Stream(redis_client(settings))


@contextmanager
def web(app: App, *, host: str, port: int | None) -> Iterator[str]:
    """The pages and the API in a thread; yields the URL. Without a port, the next free one from 8000."""
    import uvicorn

    from adapters.web.app import create_app

    listening = _listen(host, port)
    url = f"http://{host}:{listening.getsockname()[1]}"
    config = uvicorn.Config(create_app(_reached_at(app, url)), log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), name="web", daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.02)
        yield url
    finally:
        server.should_exit = True
        thread.join(STOP_WITHIN_S)
        listening.close()


def somebody_works(settings: Settings) -> None:
    """Raises NobodyWorks, unless somebody holds the queue of an embedded database; that of PostgreSQL waits."""
    if settings.embedded and not QueueLock(settings).is_taken():
        raise NobodyWorks


def _reached_at(app: App, url: str) -> App:
    """Whoever names no public address reaches us where we listen."""
    if app.settings.public_url != Settings.model_fields["public_url"].default:
        return app
    return replace(app, settings=app.settings.model_copy(update={"public_url": url}))


def sign_in_link(app: App, url: str, organisation: str, administrator: str) -> str:
    """A way in, once."""
    from adapters.web.sessions import invite

    token = app.books.run(lambda tx: invite(tx, organisation=organisation, administrator=administrator))
    return f"{url}/sign-in?token={token}"


def _listen(host: str, port: int | None) -> socket.socket:
    """A port that is listened on already when its number is told: nobody else can take it."""
    wanted = [port] if port is not None else range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    error = "no port"
    for number in wanted:
        listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, number))
            listening.listen(128)
        except OSError as refused:
            listening.close()
            error = str(refused)
        else:
            return listening
    raise NotListening(error)


def until_told_to_stop(stopping: threading.Event) -> None:
    """SIGTERM and Ctrl-C set `stopping`; from here on they end nothing by themselves."""

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
