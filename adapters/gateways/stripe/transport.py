"""Our HTTP under Stripe's SDK: one total deadline, a body limit, connections used again, no retries, no redirects."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from stripe import APIConnectionError, HTTPClient

from adapters.gateways.strict_json import read_object
from adapters.gateways.wire import Wire
from adapters.gateways.wire_head import Head
from domain.outcome import NoAnswer, NotSent

# What the wire writes itself, or what would only tell Stripe about this machine.
_LEFT_OUT = frozenset(("host", "content-length", "connection", "accept-encoding", "x-stripe-client-user-agent"))


class Unusable(APIConnectionError):
    """Nothing came back that could be believed: `answer` says what is known."""

    def __init__(self, answer: NoAnswer | NotSent) -> None:
        super().__init__(answer.why)  # type: ignore[no-untyped-call]
        self.answer = answer
        self.should_retry = False  # a second send is decided by the books, never here


class WireClient(HTTPClient):
    """The SDK's client over a `Wire`. Safe for several threads at once."""

    name: ClassVar[str] = "encaisse"

    def __init__(self, wire: Wire, *, deadline_s: float) -> None:
        super().__init__()
        self._wire = wire
        self._deadline_s = deadline_s

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Raises Unusable for whatever is not surely a JSON object of Stripe's."""
        answer = self._wire.ask(
            [self._write(method, url, headers or {}, post_data)], _read, deadline_s=self._deadline_s
        )[0]
        if isinstance(answer, NoAnswer | NotSent):
            raise Unusable(answer)
        status, body = answer
        return body, status, {}

    def close(self) -> None:
        """The wire is its owner's to close."""

    def _write(self, method: str, url: str, headers: Mapping[str, str], post_data: Any) -> bytes:
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        body = (post_data or "").encode() if isinstance(post_data or "", str) else bytes(post_data)
        kept = {name: value for name, value in headers.items() if name.lower() not in _LEFT_OUT}
        if any("\r" in text or "\n" in text for pair in kept.items() for text in pair):
            raise ValueError("a header with a line in it")
        lines = [f"{method.upper()} {target} HTTP/1.1", f"Host: {self._wire.authority}"]
        lines += [f"{name}: {value}" for name, value in kept.items()]
        if body or method.upper() != "GET":
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


def _read(_: int, head: Head, body: bytes) -> tuple[int, str] | NoAnswer:
    answer = read_object(body) if head.is_json else None
    if head.status == 408:
        return NoAnswer(why="timeout")
    if head.status >= 500 or head.status == 429:
        return NoAnswer(why="server_error")
    if answer is None or (head.status >= 400 and type(answer.get("error")) is not dict):
        return NoAnswer(why="malformed" if head.status < 300 else "gateway_bug")
    if 300 <= head.status < 400:
        return NoAnswer(why="gateway_bug")
    return head.status, body.decode()
