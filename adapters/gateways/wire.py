"""A lean HTTP/1.1 client for the money path: batches of requests in, judged answers out.

Synchronous outside, for any number of threads; one event loop in a thread of its own inside. What surely was
not sent and what may have been sent are never confused: `NotSent` and `NoAnswer`. There are no redirects, no
proxies and no retries after the first byte.
"""

import asyncio
import logging
import os
import ssl
import threading
import time
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlsplit

from adapters.gateways.wire_connection import Batch, Judge
from adapters.gateways.wire_pool import Pool
from domain.outcome import NoAnswer, NotSent

MAX_CONNECTIONS = 512  # below 1,024, the usual limit of open files
HAND_OVER_S = 5.0  # beyond the deadline: how long the loop may take to hand a batch over

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Wire:
    """Connections to one pinned base URL. Nothing is opened, no thread started before the first batch."""

    def __init__(
        self,
        base_url: str,
        *,
        max_connections: int = MAX_CONNECTIONS,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        url = urlsplit(base_url)
        if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment or "@" in url.netloc:
            raise ValueError("a gateway's base URL is http(s)://host[:port][/path], without a password")
        self.path = url.path.rstrip("/")
        self.authority = url.netloc
        self._host = url.hostname
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._ssl = (ssl_context or ssl.create_default_context()) if url.scheme == "https" else None
        self._max_connections = max_connections
        self._guard = threading.Lock()
        self._running: tuple[asyncio.AbstractEventLoop, Pool, threading.Thread] | None = None
        self._process = 0

    def ask(self, requests: Sequence[bytes], judge: Judge[T], *, deadline_s: float) -> list[T | NoAnswer | NotSent]:
        """Sends all of them concurrently. The deadline is one for the batch, counted from now.

        `judge` runs on the event loop: quick, and without side effects.
        """
        if not requests:
            return []
        batch = Batch(requests, judge, time.monotonic() + deadline_s)
        with self._guard:
            loop, pool = self._start()
            loop.call_soon_threadsafe(pool.start, batch)
        if not batch.done.wait(deadline_s + HAND_OVER_S):
            logger.error("gateway.batch_not_handed_over")
        return batch.results()

    def close(self) -> None:
        """Cuts what is in flight and ends the thread. Asking again starts anew."""
        with self._guard:
            running, self._running = self._running, None
            if running is None or self._process != os.getpid():
                return
            loop, pool, thread = running
            asyncio.run_coroutine_threadsafe(pool.close(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def _start(self) -> tuple[asyncio.AbstractEventLoop, Pool]:
        """The loop of this process: after a fork, the parent's thread is not here."""
        if self._running is None or self._process != os.getpid():
            loop = asyncio.new_event_loop()
            pool = Pool(host=self._host, port=self._port, ssl_context=self._ssl, max_connections=self._max_connections)
            thread = threading.Thread(target=_run, args=(loop,), name="encaisse-wire", daemon=True)
            thread.start()
            self._running = (loop, pool, thread)
            self._process = os.getpid()
        return self._running[0], self._running[1]


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()
