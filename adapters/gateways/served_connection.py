"""The simulator's side of a connection: requests are read, done and journaled by the tick, then answered."""

import asyncio
import logging
import math
import time
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple, cast

from adapters.gateways.concurrency import Whose
from adapters.gateways.served_call import Call, Dialect, read_call
from adapters.gateways.served_dialect import BadRequest, Route, read_request, render, render_peaks, render_refusal
from adapters.gateways.served_foreign import FOREIGN
from adapters.gateways.simulator import Simulator
from adapters.gateways.simulator_rules import Request

HEAD_LIMIT = 16 * 1024
BODY_LIMIT = 64 * 1024
LEAVING_S = 2.0  # how long slow answers may take after a stop was asked for

logger = logging.getLogger(__name__)


class Counter:
    """Where connections hand in requests: all those of one tick of the loop are performed as one batch."""

    def __init__(self, simulator: Simulator, *, timeout_s: float = 0.0) -> None:
        self._simulator = simulator
        self._foreign: dict[str, Dialect] = {
            prefix: speak(simulator, timeout_s=timeout_s) for prefix, speak in FOREIGN.items()
        }
        self._handed_in: list[tuple[ServedConnection, Request]] = []
        self.concurrency = simulator.concurrency
        self.connections: set[ServedConnection] = set()
        self._slow = 0

    def hand_in(self, connection: "ServedConnection", request: Request) -> None:
        self.concurrency.begin(connection.hold(request))
        if not self._handed_in:
            asyncio.get_running_loop().call_soon(self._perform)
        self._handed_in.append((connection, request))

    def serve(self, connection: "ServedConnection", prefix: str, call: Call) -> None:
        """A call in the wire format of a real processor: done, journaled and answered by itself."""
        try:
            said = self._foreign[prefix].serve(call)
        except Exception:
            logger.exception("simulator.not_journaled")
            connection.cut()
            return
        if not said.after_s:
            connection.answer(said.data)
        elif said.after_s < math.inf:
            self._slow += 1
            asyncio.get_running_loop().call_later(said.after_s, self._answer_late, [(connection, said.data)])

    def _perform(self) -> None:
        batch, self._handed_in = self._handed_in, []
        try:
            replies = self._simulator.perform([request for _, request in batch])
        except Exception:
            logger.exception("simulator.not_journaled")  # so nobody is answered
            for connection, _ in batch:
                connection.cut()
            return
        later: dict[float, list[tuple[ServedConnection, bytes]]] = defaultdict(list)
        for (connection, request), reply in zip(batch, replies, strict=True):
            if not reply.after_s:
                connection.answer(render(request, reply))
            elif reply.after_s < math.inf:
                later[reply.after_s].append((connection, render(request, reply)))
        for after_s, answers in later.items():
            self._slow += 1
            asyncio.get_running_loop().call_later(after_s, self._answer_late, answers)

    def _answer_late(self, answers: "list[tuple[ServedConnection, bytes]]") -> None:
        self._slow -= 1
        for connection, answer in answers:
            connection.answer(answer)

    async def leave(self, within_s: float) -> None:
        """Waits for answers that are due soon, then closes every connection, the silent ones too."""
        until = time.monotonic() + within_s
        await asyncio.sleep(0)
        while (self._handed_in or self._slow) and time.monotonic() < until:
            await asyncio.sleep(0.01)
        for connection in tuple(self.connections):
            connection.leave()
        while self.connections and time.monotonic() < until + within_s:
            await asyncio.sleep(0)


class ServedConnection(asyncio.Protocol):
    """One request at a time; whatever is sent ahead waits in the buffer."""

    __slots__ = ("_asked", "_buffer", "_counter", "_held", "_keep_alive", "_transport")

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._asked = False
        self._keep_alive = True
        self._held: Whose | None = None

    def hold(self, request: Request) -> Whose:
        """From now on a request of this merchant account is in our hands."""
        self._held = (request.organisation, request.merchant_account)
        return self._held

    def _let_go(self) -> None:
        if self._held is not None:
            self._counter.concurrency.end(self._held)
            self._held = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._counter.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._let_go()
        self._transport = None
        self._counter.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if self._asked and len(self._buffer) > HEAD_LIMIT + BODY_LIMIT:
            self.cut()
        else:
            self._read()

    def answer(self, data: bytes) -> None:
        self._let_go()
        if self._transport is None:
            return
        self._transport.write(data)
        self._asked = False
        if not self._keep_alive:
            self._transport.close()
        elif self._buffer:
            asyncio.get_running_loop().call_soon(self._read)

    def cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def leave(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _read(self) -> None:
        if self._asked:
            return
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > HEAD_LIMIT:
                self._refuse(431, "head too long")
            return
        head = parse_request_head(self._buffer[:end])
        if head.refusal:
            self._refuse(head.status, head.refusal)
            return
        start = end + 4
        stop = start + head.length
        if len(self._buffer) < stop:
            return
        body, self._buffer = self._buffer[start:stop], self._buffer[stop:]
        self._asked = True
        self._keep_alive = head.keep_alive
        if head.foreign:
            self._counter.serve(self, head.foreign, read_call(head.line, dict(head.headers), body))
            return
        if head.route is Route.LIVEZ:
            self.answer(render_refusal(200, "alive"))
            return
        if head.route is Route.PEAKS:
            self.answer(render_peaks(self._counter.concurrency.peaks))
            return
        try:
            request = read_request(head.route, body)
        except BadRequest as error:
            self.answer(render_refusal(400, str(error)))
            return
        self._counter.hand_in(self, request)

    def _refuse(self, status: int, why: str) -> None:
        """Where the next request would begin can't be told: answer and hang up."""
        self._keep_alive = False
        self._buffer = b""
        self.answer(render_refusal(status, why))


class RequestHead(NamedTuple):
    """Where a request goes and how long its body is; or why it is refused, and with which status."""

    route: Route = Route.LIVEZ
    length: int = 0
    keep_alive: bool = True
    refusal: str = ""
    status: int = 400
    foreign: str = ""  # the prefix of a real processor's paths: then what follows is set too
    line: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


@lru_cache(maxsize=256)  # the heads of one client differ in their length only
def parse_request_head(head: bytes) -> RequestHead:
    line, *rest = head.split(b"\r\n")
    words = line.split(b" ")
    if len(words) != 3 or words[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        return RequestHead(refusal="not HTTP/1.1")
    headers: dict[bytes, bytes] = {}
    for header in rest:
        name, colon, value = header.partition(b":")
        if not colon or name.lower() in headers:
            return RequestHead(refusal="unreadable headers")
        headers[name.lower()] = value.strip()
    length = headers.get(b"content-length", b"0")
    if b"transfer-encoding" in headers or not length.isdigit():
        return RequestHead(refusal="a Content-Length is required", status=411)
    if len(length) > 9 or int(length) > BODY_LIMIT:
        return RequestHead(refusal="body too long", status=413)
    keep_alive = words[2] == b"HTTP/1.1" and headers.get(b"connection", b"").lower() != b"close"
    foreign = next((prefix for prefix in FOREIGN if words[1].startswith(prefix.encode())), "")
    if foreign:
        return RequestHead(
            length=int(length), keep_alive=keep_alive, foreign=foreign, line=line, headers=tuple(headers.items())
        )
    try:
        route = Route((words[0] + b" " + words[1]).decode("ascii"))
    except ValueError:
        return RequestHead(refusal="no such path", status=404)
    return RequestHead(route=route, length=int(length), keep_alive=keep_alive)
