"""A served simulator in this process, with a clock that tests turn, and a proxy that bends its answers."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.gateways.served_connection import Counter, ServedConnection
from adapters.gateways.simulator import Simulator

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday


class Serving:
    """Every dialect at one address. `timeout_s` is a simulated processor's patience with the bank."""

    def __init__(self, journal: Path, *, timeout_s: float = 0.2) -> None:
        self.journal = journal
        self.now = NOON
        self.clock: Callable[[], datetime] = lambda: self.now
        self.simulator = Simulator(journal, clock=lambda: self.clock())
        self.simulator.open()
        self._loop = asyncio.new_event_loop()
        self._counter = Counter(self.simulator, timeout_s=timeout_s)
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listener,))
        self._thread.start()
        self._listening.wait(5)

    def pass_days(self, days: int) -> None:
        self.now += timedelta(days=days)

    def lines(self) -> list[dict[str, Any]]:
        """The independent book."""
        return [json.loads(line) for line in self.journal.read_text().splitlines()]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self.simulator.close()

    def _run(self, listener: socket.socket) -> None:
        server = self._loop.run_until_complete(
            self._loop.create_server(lambda: ServedConnection(self._counter), sock=listener)
        )
        self._loop.call_soon(self._listening.set)
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._counter.leave(0.2))
        self._loop.close()


Bend = Callable[[bytes], bytes | None]  # None: nothing is said, and the line stays open


class Bending:
    """A proxy: requests go through whole, so the money moves; answers come back as `bend` makes them.

    With `pause_s`, an answer comes one byte at a time, that far apart.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.bend: Bend = lambda answer: answer
        self.pause_s = 0.0
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def close(self) -> None:
        self._stopping.set()
        for one in [self._listener, *self._sockets]:
            with suppress(OSError):  # the other side was quicker
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._port), timeout=5)
            except OSError:
                return
            far.settimeout(None)
            self._sockets += [near, far]
            self._start(self._forward, near, far)
            self._start(self._answer, far, near)

    def _forward(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(65_536):
                far.sendall(data)
        with suppress(OSError):
            far.shutdown(socket.SHUT_RDWR)

    def _answer(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while answer := _whole(far):
                bent = self.bend(answer)
                if bent is None:
                    continue
                for byte in bent if self.pause_s else b"":
                    near.sendall(bytes([byte]))
                    if self._stopping.wait(self.pause_s):
                        return
                if not self.pause_s:
                    near.sendall(bent)
                if len(bent) < len(answer) and answer.startswith(bent):
                    break  # cut short: nothing more comes
        with suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)


def _whole(connection: socket.socket) -> bytes:
    """One answer with its body, or nothing."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65_536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body
