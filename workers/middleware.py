"""Middleware: the diary's context of a message, and the life of a worker process. Nothing that interrupts."""

import logging
import signal
from types import FrameType
from typing import Any

import structlog
from dramatiq import Message, Middleware
from dramatiq.broker import MessageProxy

from adapters.beating import Beating
from adapters.bootstrap import App, build
from adapters.logs import configure, log_event
from adapters.settings import Settings

CORRELATION = "correlation"
POLL_MS = 250  # how long an idle thread waits before it looks again


class LogContext(Middleware):
    """Binds who and what to every line that is logged while a message is worked."""

    @property
    def actor_options(self) -> set[str]:
        return {CORRELATION}

    def before_process_message(self, broker: Any, message: Any) -> None:
        structlog.contextvars.bind_contextvars(
            message_id=message.message_id,
            actor=message.actor_name,
            correlation=message.options.get(CORRELATION, message.message_id),
        )

    def after_process_message(
        self, broker: Any, message: Any, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        structlog.contextvars.unbind_contextvars("message_id", "actor", "correlation")

    after_skip_message = after_process_message


class Life(Middleware):
    """Of a worker process: its parts are made after the fork, and it ends between two batches.

    `app` is set from the boot of the process on.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.app: App | None = None
        self._beating: Beating | None = None

    @property
    def alive(self) -> App:
        if self.app is None:
            raise RuntimeError("the process has not booted yet")
        return self.app

    def after_process_boot(self, broker: Any) -> None:
        configure(self.settings)
        say_ids_only()
        _drain_once()

    def before_worker_boot(self, broker: Any, worker: Any) -> None:
        prefer_calm(worker)
        # A thread has one transaction at a time; the beats and the quarantine need one more.
        self.app = build(self.settings, role="worker", pool_size=worker.worker_threads + 2)
        self._beating = Beating(self.app, watch=True)
        self._beating.start()
        log_event("worker.started", process=self.app.leases.process)

    def before_worker_shutdown(self, broker: Any, worker: Any) -> None:
        """Errands stop between batches from here on; a batch that was asked is also recorded."""
        self.alive.stopping.set()
        if (stopping := getattr(broker, "stopping", None)) is not None:
            stopping.set()

    def after_worker_shutdown(self, broker: Any, worker: Any) -> None:
        app = self.alive
        log_event("worker.stopped", process=app.leases.process)
        if self._beating is not None:
            self._beating.stop()
        app.close()


class IdsOnly(logging.Filter):
    """dramatiq tells a message with all that it says, also when it only could not be acknowledged: a command
    holds names and tokens. Its id says enough."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_named(value) for value in record.args)
        return True


def say_ids_only() -> None:
    """On every handler that there is now; and never dramatiq's own debugging."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(IdsOnly())
    logging.getLogger("dramatiq").setLevel(logging.INFO)


def _named(value: object) -> object:
    known = isinstance(value, Message | MessageProxy)
    return f"{value.actor_name} {value.message_id}" if known else value  # type: ignore[attr-defined]


def prefer_calm(worker: Any) -> None:
    """As many messages as there are threads, so that none waits in the memory of a busy process. (dramatiq
    counts what is being worked as prefetched: with 1, all threads but one would be idle.)"""
    worker.queue_prefetch = worker.worker_threads
    worker.delay_prefetch = 1
    worker.worker_timeout = POLL_MS


def _drain_once() -> None:
    """dramatiq dies at once on a second SIGTERM, in the middle of a batch; ours goes on draining."""
    first = signal.getsignal(signal.SIGTERM)

    def drain(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if callable(first):
            first(number, frame)

    signal.signal(signal.SIGTERM, drain)
