"""A call to the served simulator in the wire format of a real processor, and what is said to it."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlsplit


class Call(NamedTuple):
    """`path` as it was sent, still quoted; names of headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[bytes, bytes]
    body: bytes


class Said(NamedTuple):
    """An answer as bytes, and when it is sent; an infinite `after_s` is never."""

    data: bytes
    after_s: float = 0.0


class Dialect(Protocol):
    """A processor's wire format in front of the simulator: reads a call, has it done, says what came of it."""

    def serve(self, call: Call) -> Said: ...


def read_call(line: bytes, headers: Mapping[bytes, bytes], body: bytes) -> Call:
    method, target, _ = line.decode("latin-1").split(" ")
    url = urlsplit(target)
    return Call(method, url.path, dict(parse_qsl(url.query, keep_blank_values=True)), headers, body)


def say_json(status: int, value: Any, *headers: str) -> bytes:
    return say(status, json.dumps(value).encode(), *headers)


def say(status: int, body: bytes, *headers: str, kind: str = "application/json") -> bytes:
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
