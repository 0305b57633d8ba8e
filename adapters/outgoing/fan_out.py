"""Fanning out: a delivery for each public event and each endpoint that wants it, once."""

from adapters.bootstrap import App
from adapters.database import outbox
from adapters.database.books import BookTransaction
from adapters.outgoing.endpoints import MAX_ENDPOINTS, insert
from domain.webhook import WebhookEndpoint

READER = "webhooks"
MAX_READINGS = 20  # of one turn; then the other steps have theirs


def fan_out(app: App) -> int:
    """Answers how many readings of the outbox found something."""
    total = 0
    for _ in range(MAX_READINGS):
        with app.books.begin(read_only=True) as tx:
            if not outbox.anything_new(tx.connection, READER):
                break
        if not app.books.run(_read):
            break
        total += 1
    return total


def _read(tx: BookTransaction) -> bool:
    position = outbox.hold(tx.connection, READER)
    if position is None:  # another scheduler does it
        return False
    endpoints = tx.all(WebhookEndpoint, disabled_at=None, limit=MAX_ENDPOINTS)
    if not endpoints:
        outbox.advance(tx.connection, READER, outbox.newest(tx.connection, position))
        return False
    read = outbox.read(tx.connection, position)
    insert(
        tx,
        [
            (row.id, row.type, one)
            for row in read.events
            if row.public
            for one in endpoints
            if one.organisation == row.organisation and one.created_at <= row.at and one.wants(row.type)
        ],
        "DO NOTHING",
    )
    if read.events:
        outbox.advance(tx.connection, READER, read.position)
    return bool(read.events)
