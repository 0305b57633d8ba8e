"""The relay: tells others what happened, at least once and in order, and rings for work that can be done now."""

import json
from collections.abc import Callable, Sequence
from typing import Any, cast

import redis

from adapters.bootstrap import App
from adapters.database import outbox
from adapters.database.books import BookTransaction
from adapters.errands import Errand, due_errands
from adapters.logs import log_event

READER = "events"
STREAM = "encaisse:events"
STREAM_KEPT = 100_000  # about; a reader that was away for longer reads /v1/events
# What has just become possible is done now, not at the next sweep.
WAKING = frozenset({
    "payment.asked", "plan.created", "action_item.retrying", "action_item.asked_again", "instalment.changed",
    "night.started", "refund.asked", "cancellation.asked", "report.received", "subscription.billed",
    "subscription.resumed",
})  # fmt: skip

Publish = Callable[[Sequence[dict[str, Any]]], None]
Ring = Callable[[Errand], None]


class Relay:
    """Two at once are harmless: the second finds the position held, and a reader knows events by their id.

    A crash before publishing publishes later, a crash after it publishes again (F-08, F-09).
    """

    def __init__(self, app: App, *, publish: Publish, ring: Ring) -> None:
        self.app = app
        self.publish = publish
        self.ring = ring

    def run_once(self) -> int:
        """One reading of the outbox; answers how many events were told."""
        with self.app.books.begin(read_only=True) as tx:
            if not outbox.anything_new(tx.connection, READER):
                return 0
        told = self.app.books.run(self._tell)
        self._wake(told)
        return len(told)

    def _tell(self, tx: BookTransaction) -> list[Any]:
        position = outbox.hold(tx.connection, READER)
        if position is None:
            return []
        read = outbox.read(tx.connection, position)
        public = [outbox.as_told(row) for row in read.events if row.public]
        if public:
            self.publish(public)
        if read.events:
            outbox.advance(tx.connection, READER, read.position)
        return read.events

    def _wake(self, told: Sequence[Any]) -> None:
        woken = {row.organisation for row in told if row.type in WAKING}
        if not woken:
            return
        for errand in self.app.books.run(due_errands, read_only=True):
            if errand.organisation in woken:
                self.ring(errand)


class Stream:
    """Publishes on the Redis stream; the whole reading travels in one round trip."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client

    def __call__(self, told: Sequence[dict[str, Any]]) -> None:
        with self.client.pipeline(transaction=False) as pipeline:
            for event in told:
                fields = cast(Any, {"event": json.dumps(event, separators=(",", ":"), ensure_ascii=False)})
                pipeline.xadd(STREAM, fields, maxlen=STREAM_KEPT, approximate=True)
            pipeline.execute()
        log_event("events.published", count=len(told))


def publish_nowhere(told: Sequence[dict[str, Any]]) -> None:
    """Without Redis the events are read at /v1/events."""
