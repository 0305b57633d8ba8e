"""A message as it lies in Redis: read with suspicion, because anybody with access may have written it."""

import json
from dataclasses import dataclass, replace
from typing import Any

from workers.queues import ACCEPT_COMMAND, RING

MAX_BODY_BYTES = 1 << 20  # an envelope of ours has some 300 bytes, a command a few kilobytes


class Unreadable(Exception):
    """`reason` is a stable code, kept in the quarantine."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    fields: dict[str, Any]

    @property
    def redis_id(self) -> str:
        id = self.fields["options"].get("redis_message_id")
        return id if isinstance(id, str) else ""

    def with_redis_id(self, id: str) -> "Envelope":
        options = {**self.fields["options"], "redis_message_id": id}
        return replace(self, fields={**self.fields, "options": options})

    def encode(self) -> bytes:
        return json.dumps(self.fields, separators=(",", ":")).encode()


# fmt: off
SHAPE: dict[str, type | tuple[type, ...]] = {
    "queue_name":        str,
    "actor_name":        str,
    "args":              (list, tuple),
    "kwargs":            dict,
    "options":           dict,
    "message_id":        str,
    "message_timestamp": (int, float),
}
# fmt: on
# What may, and what must be said to each actor, always by keyword.
WORDS = {RING: {"kind", "organisation", "account"}, ACCEPT_COMMAND: {"event"}}
WORDS_NEEDED = {RING: {"kind", "organisation"}, ACCEPT_COMMAND: {"event"}}


def read_envelope(body: bytes, queue_name: str) -> Envelope:
    """Raises Unreadable. A queue name that differs from the list it lay in is put right: it would kill the
    thread that works it."""
    if len(body) > MAX_BODY_BYTES:
        raise Unreadable("too_long")
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("not_json") from None
    if not isinstance(fields, dict) or set(fields) != set(SHAPE):
        raise Unreadable("not_a_message")
    if not all(isinstance(fields[name], kinds) for name, kinds in SHAPE.items()):
        raise Unreadable("not_a_message")
    if fields["actor_name"] not in WORDS:
        raise Unreadable("unknown_actor")
    if fields["args"] or set(fields["kwargs"]) - WORDS[fields["actor_name"]]:
        raise Unreadable("unknown_words")
    if WORDS_NEEDED[fields["actor_name"]] - set(fields["kwargs"]):
        raise Unreadable("missing_words")
    eta = fields["options"].get("eta")
    if eta is not None and (isinstance(eta, bool) or not isinstance(eta, int | float)):
        raise Unreadable("not_a_message")
    return Envelope(fields={**fields, "queue_name": queue_name})
