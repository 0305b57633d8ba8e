"""A seal: what the events of an organisation were, in the order of their commits, chained to the seal before."""

from dataclasses import dataclass
from datetime import datetime

FIRST = "0" * 64  # what the first seal of an organisation is chained to


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """`hash` is the SHA-256 of the hash before it and of every event as canonical JSON. `marks` names each event
    with the beginning of its own hash, `id:hash`, so that a check can say which one was touched."""

    organisation: str
    number: int
    count: int
    marks: tuple[str, ...]
    hash: str
    sealed_at: datetime
