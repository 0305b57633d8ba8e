"""A receiver of webhooks on loopback that behaves as it is told."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]
TRICKLE_S = 0.05


@dataclass(slots=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """`answers` says how each path is answered; another one takes everything."""

    url: str = ""
    got: list[Received] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def at(self, path: str) -> list[Received]:
        return [one for one in self.got if one.path == path]


def status(code: int, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("content-length", "0")
        request.end_headers()

    return answer


def hang(over: threading.Event, request: BaseHTTPRequestHandler) -> None:
    over.wait(20)


def trickle(over: threading.Event, request: BaseHTTPRequestHandler) -> None:
    """Headers without end, a letter at a time."""
    with quiet(request):
        for letter in b"HTTP/1.1 200 OK\r\nx-slow: " + b"x" * 10_000:
            if over.is_set():
                return
            request.connection.send(bytes([letter]))
            time.sleep(TRICKLE_S)


def flood(over: threading.Event, request: BaseHTTPRequestHandler) -> None:
    """A body without end."""
    with quiet(request):
        request.connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while not over.is_set():
            request.connection.send(b"x" * 65_536)


def cut(request: BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def quiet(request: BaseHTTPRequestHandler) -> Iterator[None]:
    """Who asked may hang up."""
    try:
        yield
    except OSError:
        request.close_connection = True


def handler(made: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.got.append(Received(self.path, headers, body))
            made.answers.get(self.path, status(204))(self)

        def do_GET(self) -> None:
            made.got.append(Received(f"GET {self.path}", {}, b""))
            status(200)(self)

        def log_message(self, *_: Any) -> None: ...

    return Handler


class Patient(ThreadingHTTPServer):
    request_queue_size = 128  # Python's own is 5: connections beyond it are dropped without a word


@contextmanager
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    made.answers = {
        "/500": status(500), "/gone": status(410), "/redirect": status(302, location="/elsewhere"), "/cut": cut,
        "/hang": partial(hang, made.over), "/trickle": partial(trickle, made.over), "/flood": partial(flood, made.over),
    }  # fmt: skip
    server = Patient(("127.0.0.1", 0), handler(made))
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield made
    finally:
        made.over.set()
        server.shutdown()
        server.server_close()
