"""The pool of connections to one gateway: who carries what, who waits, and when another one is opened."""

import asyncio
import socket
import ssl
import time
from collections import deque
from typing import Any

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random

from adapters.gateways.wire_connection import Batch, Connection
from domain.outcome import NotSent

OPENING_TRIES = 3
OPENING_DEADLINE_S = 5.0  # for all tries together; the deadline of whoever waits is usually sooner
JITTER_S = 0.1


class Pool:
    """Lives on the event loop. At most `max_connections`, the most recently used one first."""

    def __init__(self, *, host: str, port: int, ssl_context: ssl.SSLContext | None, max_connections: int) -> None:
        self._host = host
        self._port = port
        self._ssl = ssl_context
        self._max = max_connections
        self._connections: set[Connection] = set()
        self._idle: dict[Connection, None] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self._waiting: deque[tuple[Batch[Any], int]] = deque()

    def start(self, batch: Batch[Any]) -> None:
        left_s = batch.deadline_at - time.monotonic()
        if left_s <= 0:
            self._expire(batch)
            return
        batch.timer = asyncio.get_running_loop().call_later(left_s, self._expire, batch)
        for index in range(len(batch.requests)):
            if self._idle:
                self._idle.popitem()[0].carry(batch, index)
            else:
                self._waiting.append((batch, index))
        self._open_more()

    async def close(self) -> None:
        """Cuts what is in flight, and returns when the last connection is gone."""
        while self._waiting:
            batch, index = self._waiting.popleft()
            batch.settle(index, NotSent(why="closed"))
        opening = tuple(self._opening)
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        for connection in tuple(self._connections):
            connection.give_up("connection_lost")
        while self._connections:
            await asyncio.sleep(0)

    def opened(self, connection: Connection) -> None:
        self._connections.add(connection)
        self.free(connection)

    def free(self, connection: Connection) -> None:
        if self._waiting:
            connection.carry(*self._waiting.popleft())
        else:
            self._idle[connection] = None

    def lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._idle.pop(connection, None)
        self._open_more()

    def _expire(self, batch: Batch[Any]) -> None:
        """The deadline: what was sent is unknown; what still waits for a connection was never sent."""
        self._waiting = deque(waiting for waiting in self._waiting if waiting[0] is not batch)
        why = "busy" if self._connections else "timeout"
        for index, carrier in enumerate(tuple(batch.carriers)):
            if carrier is not None:
                carrier.give_up("timeout")
            elif not batch.is_settled(index):
                batch.settle(index, NotSent(why=why))

    def _open_more(self) -> None:
        """One opening for each request that waits, within the maximum."""
        room = self._max - len(self._connections) - len(self._opening)
        for _ in range(min(room, len(self._waiting) - len(self._opening))):
            task = asyncio.get_running_loop().create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening_ended)

    async def _open(self) -> None:
        """Tries again, a little later, only what surely sent nothing; a bad certificate won't get better."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(OPENING_DEADLINE_S):
            async for attempt in AsyncRetrying(
                stop=stop_after_attempt(OPENING_TRIES),
                wait=wait_random(0, JITTER_S),
                retry=retry_if_exception(_may_get_better),
                reraise=True,
            ):
                with attempt:
                    await loop.create_connection(lambda: Connection(self), self._host, self._port, ssl=self._ssl)

    def _opening_ended(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and self._waiting:
            batch, index = self._waiting.popleft()
            batch.settle(index, NotSent(why=_why_not_sent(error)))
        self._open_more()


def _may_get_better(error: BaseException) -> bool:
    return isinstance(error, OSError) and not isinstance(error, ssl.SSLError | TimeoutError)


def _why_not_sent(error: BaseException) -> str:
    match error:
        case ssl.SSLError():
            return "tls"
        case socket.gaierror():
            return "dns"
        case ConnectionRefusedError():
            return "refused"
        case TimeoutError():
            return "timeout"
        case _:
            return "unreachable"
