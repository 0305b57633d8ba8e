"""A body that comes in chunks, put together: strictly framed, within the limit, without trailers."""

import re

from adapters.gateways.wire_head import BODY_LIMIT

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[^\r\n]{0,200})?")
_SIZE_LINE_LIMIT = 256


class BadChunks(Exception):
    """Not chunks, or too many of them: the body's end can't be told."""


def join_chunks(data: bytes, start: int) -> tuple[bytes, int] | None:
    """The body and where it ends, or None when more has to come. Raises BadChunks."""
    parts: list[bytes] = []
    length = 0
    while True:
        end = data.find(b"\r\n", start, start + _SIZE_LINE_LIMIT)
        if end < 0:
            if len(data) - start >= _SIZE_LINE_LIMIT:
                raise BadChunks
            return None
        match = _SIZE.fullmatch(data[start:end])
        if match is None:
            raise BadChunks
        size = int(match[1], 16)
        length += size
        if length > BODY_LIMIT:
            raise BadChunks
        begin, stop = end + 2, end + 2 + size
        if len(data) < stop + 2:
            return None
        if data[stop : stop + 2] != b"\r\n":
            raise BadChunks
        if size == 0:
            return b"".join(parts), stop + 2
        parts.append(data[begin:stop])
        start = stop + 2
