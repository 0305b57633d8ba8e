"""JSON as strictly as money deserves: strict UTF-8, no byte order mark, no NaN, no name twice, no bottomless nest."""

import json
from typing import Any


def read_object(body: bytes) -> dict[str, Any] | None:
    """The object that a body holds, or None when it isn't one without doubt."""
    try:
        answer = read_any(body)
    except ValueError:
        return None
    return answer if type(answer) is dict else None


def read_any(body: bytes) -> Any:
    """Whatever a body holds. Raises ValueError."""
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except RecursionError:
        raise ValueError("a bottomless nest") from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    answer = dict(pairs)
    if len(answer) != len(pairs):
        raise ValueError("a name twice")
    return answer


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once_each, parse_constant=_no_constant)
