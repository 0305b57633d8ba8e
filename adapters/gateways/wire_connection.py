"""One connection carrying one request at a time, and the batch that its requests belong to."""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar, cast

from adapters.gateways.wire_chunks import BadChunks, join_chunks
from adapters.gateways.wire_head import BODY_LIMIT, CHUNKED, HEAD_LIMIT, Head, parse_head
from domain.outcome import NoAnswer, NotSent

logger = logging.getLogger(__name__)

T = TypeVar("T")
Judge = Callable[[int, Head, bytes], T]  # index of the request, head and body of its answer


class Batch(Generic[T]):
    """Requests asked together, each settled exactly once; `done` is set with the last of them."""

    def __init__(self, requests: Sequence[bytes], judge: Judge[T], deadline_at: float) -> None:
        self.requests = requests
        self.deadline_at = deadline_at
        self.done = threading.Event()
        self.timer: asyncio.TimerHandle | None = None
        self.carriers: list[Connection | None] = [None] * len(requests)
        self._judge = judge
        self._left = len(requests)
        self._results: list[T | NoAnswer | NotSent | None] = [None] * len(requests)

    def judge(self, index: int, head: Head, body: bytes) -> None:
        try:
            value: T | NoAnswer = self._judge(index, head, body)
        except Exception:  # our own bug must not decide about money
            logger.exception("gateway.answer_not_judged")
            value = NoAnswer(why="gateway_bug")
        self.settle(index, value)

    def settle(self, index: int, value: T | NoAnswer | NotSent) -> None:
        if self._results[index] is not None:
            return
        self._results[index] = value
        self.carriers[index] = None
        self._left -= 1
        if not self._left:
            if self.timer is not None:
                self.timer.cancel()
            self.done.set()

    def is_settled(self, index: int) -> bool:
        return self._results[index] is not None

    def results(self) -> list[T | NoAnswer | NotSent]:
        return [NoAnswer(why="timeout") if value is None else value for value in self._results]


class Owner(Protocol):
    """Who hands requests to a connection."""

    def opened(self, connection: "Connection") -> None: ...
    def free(self, connection: "Connection") -> None: ...
    def lost(self, connection: "Connection") -> None: ...


class Connection(asyncio.Protocol):
    """Bytes to one answer. From the moment that a request is written, whatever goes wrong is `NoAnswer`."""

    __slots__ = ("_batch", "_buffer", "_index", "_needed", "_owner", "_transport")

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._batch: Batch[Any] | None = None
        self._index = 0
        self._buffer = bytearray()
        self._needed = 0  # bytes without which looking at the buffer again is no use

    def carry(self, batch: Batch[Any], index: int) -> None:
        self._batch = batch
        self._index = index
        batch.carriers[index] = self
        if self._transport is not None:
            self._transport.write(batch.requests[index])

    def give_up(self, why: str) -> None:
        """The request in flight, if any, is unknown from now on, and this connection is never used again."""
        batch, self._batch = self._batch, None
        if self._transport is not None:
            self._transport.abort()
        if batch is not None:
            batch.settle(self._index, NoAnswer(why=why))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._owner.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.give_up("connection_lost")
        self._owner.lost(self)

    def eof_received(self) -> None:
        if self._batch is None:
            self._owner.lost(self)

    def data_received(self, data: bytes) -> None:
        batch = self._batch
        if batch is None:
            self._owner.lost(self)  # nobody asked: such a connection can't be trusted with the next request
            self.give_up("malformed")
            return
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return
            data = bytes(self._buffer)
        end = data.find(b"\r\n\r\n")
        if end < 0 and len(data) <= HEAD_LIMIT:
            self._keep(data, len(data) + 1)
            return
        head = parse_head(data[:end]) if 0 <= end <= HEAD_LIMIT else None
        if head is None:
            self.give_up("malformed")
        elif head.length == CHUNKED:
            self._read_chunks(batch, head, data, end + 4)
        elif head.length < 0:
            batch.judge(self._index, head, b"")
            self.give_up("malformed")
        else:
            self._read_body(batch, head, data, end + 4)

    def _read_body(self, batch: Batch[Any], head: Head, data: bytes, start: int) -> None:
        needed = start + head.length
        if len(data) < needed:
            self._keep(data, needed)
            return
        if len(data) > needed:
            self.give_up("malformed")
            return
        self._finish(batch, head, data[start:])

    def _read_chunks(self, batch: Batch[Any], head: Head, data: bytes, start: int) -> None:
        try:
            read = join_chunks(data, start)
        except BadChunks:
            self.give_up("malformed")
            return
        if read is None and len(data) - start <= 2 * BODY_LIMIT:
            self._keep(data, len(data) + 1)
        elif read is None or read[1] != len(data):
            self.give_up("malformed")
        else:
            self._finish(batch, head, read[0])

    def _finish(self, batch: Batch[Any], head: Head, body: bytes) -> None:
        if self._buffer:
            self._buffer = bytearray()
        self._batch = None
        batch.judge(self._index, head, body)
        if head.keep_alive:
            self._owner.free(self)
        else:
            self.give_up("connection_lost")

    def _keep(self, data: bytes, needed: int) -> None:
        if not self._buffer:
            self._buffer += data
        self._needed = needed
