"""A consumer group on a Redis stream: what is pending, what is new, what may be cut off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis

GONE_AFTER_MS = 3_600_000  # a reader that was silent for an hour and owes nothing is taken off the list


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    id: str
    fields: Mapping[bytes, bytes]


class Group:
    """Made on first use and after a FLUSHALL; from the beginning of the stream, for repetitions are harmless."""

    def __init__(self, client: redis.Redis, *, stream: str, name: str, reader: str) -> None:
        self.client: Any = client
        self.stream = stream
        self.name = name
        self.reader = reader

    def anything_waits(self) -> bool:
        """Whether a message is new, or was read and not acknowledged."""
        about = self._about()
        if about is None:
            return False
        newest = self.client.xrevrange(self.stream, count=1)
        later = bool(newest) and place(newest[0][0]) > place(about["last-delivered-id"])
        return later or bool(about["pending"])

    def pending(self, most: int) -> list[Message]:
        """What any reader took and did not acknowledge, oldest first; now in our name. Whoever asks holds the
        right to read, so that no living reader has them in its hands."""
        claimed = self.client.xautoclaim(self.stream, self.name, self.reader, 0, "0-0", count=most, justid=True)
        ids = [_text(id) for id in claimed]
        with self.client.pipeline(transaction=False) as pipeline:
            for id in ids:
                pipeline.xrange(self.stream, id, id)
            found = pipeline.execute()
        there = [_message(rows[0]) for rows in found if rows]
        gone = sorted(set(ids) - {message.id for message in there})
        self.acknowledge(gone)  # deleted by somebody: nothing is left to take in
        if ids:
            self._forget_the_gone()
        return there

    def fresh(self, most: int) -> list[Message]:
        """What nobody has read yet, oldest first."""
        found = self.client.xreadgroup(self.name, self.reader, {self.stream: ">"}, count=most)
        return [_message(row) for _, rows in found for row in rows]

    def acknowledge(self, ids: Sequence[str]) -> None:
        if ids:
            self.client.xack(self.stream, self.name, *ids)

    def trim(self, most: int) -> None:
        """Cuts off what was acknowledged once the stream is longer than `most`; what was not, never."""
        if self.client.xlen(self.stream) <= most:
            return
        waiting = self.client.xpending(self.stream, self.name)
        about = self._about()
        reached = waiting["min"] or (about and about["last-delivered-id"])
        if reached:
            self.client.xtrim(self.stream, minid=reached, approximate=False)

    def _about(self) -> dict[str, Any] | None:
        """The group, made where it is missing; None while there is no stream."""
        try:
            groups = self.client.xinfo_groups(self.stream)
        except redis.ResponseError:  # no such key
            return None
        for group in groups:
            if _text(group["name"]) == self.name:
                return dict(group)
        try:
            self.client.xgroup_create(self.stream, self.name, id="0")
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        return {"name": self.name, "pending": 0, "last-delivered-id": "0-0"}

    def _forget_the_gone(self) -> None:
        for reader in self.client.xinfo_consumers(self.stream, self.name):
            if not reader["pending"] and reader["idle"] > GONE_AFTER_MS and _text(reader["name"]) != self.reader:
                self.client.xgroup_delconsumer(self.stream, self.name, reader["name"])


def place(id: bytes | str) -> tuple[int, int]:
    """`1700000000000-3` as numbers that can be compared."""
    first, _, second = _text(id).partition("-")
    return int(first), int(second or 0)


def _message(row: Any) -> Message:
    id, fields = row
    return Message(id=_text(id), fields=fields or {})


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
