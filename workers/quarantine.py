"""Poison: a message that can't be read is kept as it came, for a person to look at, and is never logged."""

from adapters.bootstrap import App
from adapters.logs import log_event
from domain.access import Quarantined
from domain.decision import New

MAX_KEPT_BYTES = 64 << 10


def put_away(app: App, *, queue: str, body: bytes, reason: str) -> None:
    """Into the quarantine table; raises when the database is away, and the message stays in Redis."""
    raw = body[:MAX_KEPT_BYTES].decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
    detail = f"queue {queue}, {len(body)} bytes"
    app.books.run(
        lambda tx: tx.write([
            (New(thing=Quarantined(
                id=tx.mint("q_"), door="dramatiq", raw=raw, reason=reason, detail=detail, at=tx.now,
            )),)
        ])
    )  # fmt: skip
    log_event("message.quarantined", queue=queue, reason=reason, bytes=len(body))
