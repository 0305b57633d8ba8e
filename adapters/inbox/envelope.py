"""The envelope of a command: CloudEvents 1.0, structured JSON; what can't be read goes to quarantine."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_BODY = 256_000  # bytes; a command of a thousand lines is far smaller
ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
TYPE = re.compile(r"[A-Za-z0-9._-]{1,200}", re.ASCII)
SPECVERSION = "1.0"
SEALED = ("bank",)  # fields of data that are kept sealed: the hash of a body does not betray them


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A readable command. `data` is whatever JSON the sender put there; `raw` the text as it came.
    Commands are compared on `body_hash`: of type and data, save for what is kept sealed."""

    source: str
    id: str
    type: str
    specversion: Any
    data: Any
    raw: str
    body_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Nobody can be told about it: no sender, no id, no type, or no JSON at all."""

    reason: str
    raw: str
    detail: str = ""
    source: str | None = None
    id: str | None = None


def parse(raw: bytes | str | Mapping[str, Any]) -> Envelope | Unreadable:
    """Reads an envelope; never raises."""
    plain = _plain(raw) if isinstance(raw, Mapping) else None  # read already: it is not read twice
    text = plain if plain is not None else _as_text(raw)
    if len(text.encode("utf-8", "replace")) > MAX_BODY:
        return Unreadable(reason="too_large", raw=text[:MAX_BODY])
    try:
        found = raw if plain is not None else json.loads(text, parse_constant=_no_constant, object_pairs_hook=once)
        hashed = content_hash(_body(found))
    except (ValueError, RecursionError) as error:
        return Unreadable(reason="not_json", raw=text, detail=str(error)[:200])
    if not isinstance(found, dict):
        return Unreadable(reason="not_an_object", raw=text)
    source, id_, type_ = (found.get(name) for name in ("source", "id", "type"))
    for name, value, pattern in (("source", source, ID), ("id", id_, ID), ("type", type_, TYPE)):
        if not isinstance(value, str) or pattern.fullmatch(value) is None:
            return Unreadable(reason=f"no_{name}", raw=text, source=_known(source), id=_known(id_))
    return Envelope(
        source=str(source), id=str(id_), type=str(type_), specversion=found.get("specversion"),
        data=found.get("data"), raw=text, body_hash=hashed,
    )  # fmt: skip


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names come once each: of two amounts, one reader takes the first and another the last. Raises
    ValueError."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice in one object")
    return found


def content_hash(value: Any) -> str:
    """The same for the same JSON, whatever the order of its fields."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _body(found: Any) -> Any:
    if not isinstance(found, dict):
        return None
    data = found.get("data")
    if isinstance(data, dict) and any(data.get(name) is not None for name in SEALED):
        data = {name: name if name in SEALED and value is not None else value for name, value in data.items()}
    return {"type": found.get("type"), "data": data}


def _as_text(raw: bytes | str | Mapping[str, Any]) -> str:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bytes | bytearray):
        return bytes(raw).decode("utf-8", "backslashreplace")
    try:
        return json.dumps(raw, ensure_ascii=True, default=repr)
    except (ValueError, TypeError, RecursionError) as error:
        return f"{type(raw).__name__}: {error}"


def _plain(found: Mapping[str, Any]) -> str | None:
    """The text of what JSON can say; of anything else, None."""
    try:
        return json.dumps(found, ensure_ascii=True, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _known(value: Any) -> str | None:
    return value if isinstance(value, str) and ID.fullmatch(value) else None
