"""Boots the broker of a process: `redis_broker` under dramatiq's command line, `embedded_broker` in our own."""

from typing import Any

import dramatiq
import redis
from dramatiq import Middleware, Worker

from adapters.bootstrap import App
from adapters.settings import Settings
from workers.actors import declare_actors
from workers.embedded_broker import EmbeddedBroker
from workers.middleware import Life, LogContext, prefer_calm, say_ids_only
from workers.quarantine import put_away
from workers.redis_broker import CONNECT_TIMEOUT_S, SOCKET_TIMEOUT_S, HardenedRedisBroker

DEFAULT_THREADS = 4


def boot() -> None:
    """Called by dramatiq in each worker process; connects to nothing yet."""
    settings = Settings()
    dramatiq.set_broker(redis_broker(settings, Life(settings)))


def redis_broker(settings: Settings, life: Life) -> HardenedRedisBroker:
    """No Retries, TimeLimit, AsyncIO, ShutdownNotifications or Prometheus: nothing may interrupt a batch."""
    middleware: list[Middleware] = [LogContext(), life]
    broker = HardenedRedisBroker(
        needed_redis(settings),
        quarantine=lambda queue, body, reason: put_away(life.alive, queue=queue, body=body, reason=reason),
        middleware=middleware,
    )
    declare_actors(broker, life)
    return broker


def ringing_broker(settings: Settings) -> HardenedRedisBroker:
    """For a process that rings and never works, such as a scheduler."""

    def never(queue: str, body: bytes, reason: str) -> None:
        raise AssertionError("a scheduler fetches nothing")

    return HardenedRedisBroker(needed_redis(settings), quarantine=never, middleware=[])


class Embedded:
    """The broker and the worker threads of a process that does everything itself."""

    def __init__(self, app: App, *, threads: int = DEFAULT_THREADS) -> None:
        self.alive = app
        self.broker = EmbeddedBroker(middleware=[LogContext()])
        declare_actors(self.broker, self)
        self._worker = Worker(self.broker, worker_threads=threads)
        prefer_calm(self._worker)
        say_ids_only()

    def start(self) -> None:
        self._worker.start()

    def stop(self, within_s: float) -> None:
        """Waits for batches that were asked; the app must be stopping already."""
        self._worker.stop(timeout=int(within_s * 1000))


class RedisNeeded(Exception):
    """Several processes can only ring for each other through Redis."""


def needed_redis(settings: Settings) -> str:
    if settings.redis_url is None:
        raise RedisNeeded
    return settings.redis_url


def redis_client(settings: Settings) -> redis.Redis:
    client: Any = redis.Redis.from_url(
        needed_redis(settings), socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=CONNECT_TIMEOUT_S
    )
    return client  # type: ignore[no-any-return]
