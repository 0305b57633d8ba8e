"""The head of an HTTP answer, read as strictly as money deserves: framing, kind of body, reuse."""

import re
from functools import lru_cache
from typing import NamedTuple

BODY_LIMIT = 256 * 1024
HEAD_LIMIT = 16 * 1024
CHUNKED = -2

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: [^\r\n]*)?")
_LENGTH = re.compile(rb"[0-9]{1,9}")
_JSON = re.compile(rb"application/json(?:\s*;\s*charset\s*=\s*\"?utf-8\"?)?\s*", re.IGNORECASE)
_SINGLE = frozenset((b"content-length", b"content-type", b"content-encoding", b"transfer-encoding"))


class Head(NamedTuple):
    """`length` is CHUNKED for a body in chunks, and -1 when the body's end can't be told: then the body is not
    read and the connection ends.

    `is_json` promises plain UTF-8 JSON; the body itself may still break the promise.
    """

    status: int
    length: int
    is_json: bool
    keep_alive: bool
    asks_who: bool = False  # it says how to sign in (WWW-Authenticate), as whoever refuses a password must


@lru_cache(maxsize=256)  # the heads of one gateway differ in their length only
def parse_head(head: bytes) -> Head | None:
    """From everything before the empty line. None when it isn't HTTP at all."""
    lines = head.split(b"\r\n")
    status_line = _STATUS_LINE.fullmatch(lines[0])
    if status_line is None:
        return None
    status = int(status_line[2])
    headers: dict[bytes, bytes] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        name = name.lower()
        if not colon or (name in _SINGLE and name in headers):
            return Head(status=status, length=-1, is_json=False, keep_alive=False)
        headers[name] = value.strip()
    length = _read_length(headers, status)
    connection = headers.get(b"connection", b"").lower()
    return Head(
        status=status,
        length=length,
        is_json=(length > 0 or length == CHUNKED)
        and _JSON.fullmatch(headers.get(b"content-type", b"")) is not None
        and headers.get(b"content-encoding", b"identity").lower() == b"identity",
        keep_alive=length != -1 and status_line[1] == b"1" and b"close" not in connection,
        asks_who=b"www-authenticate" in headers,
    )


def _read_length(headers: dict[bytes, bytes], status: int) -> int:
    """The body's length, CHUNKED, or -1 for what can't be told: another coding, no length, more than the limit."""
    text = headers.get(b"content-length", b"")
    coding = headers.get(b"transfer-encoding")
    if status < 200:
        return -1
    if coding is not None:
        return CHUNKED if coding.lower() == b"chunked" and not text else -1
    if not _LENGTH.fullmatch(text):
        return 0 if status == 204 and not text else -1
    length = int(text)
    return length if length <= BODY_LIMIT else -1
