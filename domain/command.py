"""A command in the inbox: what somebody asked for, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.decision import Change


class CommandStatus(StrEnum):
    ACCEPTED = "accepted"
    DONE = "done"
    REFUSED = "refused"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`seq` orders the inbox. (source, id) is unique for ever; `body_hash` compares type and data.
    `result` or `error` is set once `status` is no longer accepted; `waits` while its charge is under way."""

    seq: int
    source: str
    id: str
    type: str
    organisation: str
    body: Mapping[str, Any]
    body_hash: str
    door: str
    status: CommandStatus = CommandStatus.ACCEPTED
    waits: bool = False
    result: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] = field(default_factory=dict)
    received_at: datetime
    done_at: datetime | None = None


def answer(seq: int, result: Mapping[str, Any], *, now: datetime, waits: bool = False) -> Change:
    """The result of a command; `waits` while a verdict may still come."""
    put = {"status": CommandStatus.DONE, "result": dict(result), "done_at": now, "waits": waits}
    return Change(thing=Command, key={"seq": seq}, put=put)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An id that a sender gave to a thing: the same id with other content is refused (`id_taken`), with the
    same content it is answered as before, by the result of `command`."""

    organisation: str
    kind: str
    id: str
    content_hash: str
    command: int
