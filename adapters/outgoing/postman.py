"""The postman: takes deliveries that are due, sends them side by side, and writes down what came of each."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, select

from adapters.bootstrap import App
from adapters.database import loader, outbox
from adapters.database.books import BookTransaction
from adapters.database.tables import deliveries, events, webhook_endpoints
from adapters.logs import log_event, log_failure
from adapters.outgoing.endpoints import disable, told
from adapters.outgoing.secrets import SecretChanged, signatures
from adapters.outgoing.wire import Posted, Wire
from domain.event import SYSTEM
from domain.webhook import DELIVERY, Delivery, DeliveryState, WebhookEndpoint, rung

SLOTS = 16  # posts at once in one process
OF_ONE_ENDPOINT = 4  # so that one that hangs leaves room for the others
LEASE = timedelta(seconds=60)  # longer than any deadline: then the sender is dead, and another sends again
KEPT = timedelta(days=30)  # deliveries that arrived; failed ones stay until a person replays them
FORGOTTEN_AT_ONCE = 10_000
JITTER = 0.1  # of a rung, so that what missed together does not come back together


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A delivery in our hands, with all that is sent."""

    delivery: Delivery
    endpoint: WebhookEndpoint
    body: bytes
    claimed_at: datetime

    @property
    def id(self) -> str:
        """The same for every attempt and endpoint: how a receiver knows a repetition."""
        return f"evt_{self.delivery.event}"


class Postman:
    """Two schedulers share the work: a claim counts the attempt and pushes `next_at` behind the lease, in one
    short transaction; no transaction is open while a receiver is asked."""

    def __init__(self, app: App, wire: Wire | None = None) -> None:
        self.app = app
        self.wire = wire or Wire(connections=SLOTS, loopback=app.settings.may_post_to_loopback)
        self._pool = ThreadPoolExecutor(SLOTS, "postman")
        self._guard = threading.Lock()
        self._at: Counter[tuple[str, str]] = Counter()  # posts under way, by endpoint
        self._under_way: set[Future[None]] = set()

    def run_once(self) -> int:
        """Takes as many as there is room for and waits for none; answers how many."""
        with self._guard:
            busy = Counter(self._at)
        room = SLOTS - busy.total()
        if room <= 0 or not self.app.books.run(_due, read_only=True):
            return 0
        parcels = self.app.books.run(lambda tx: _claim(tx, room, busy))
        for parcel in parcels:
            self._hand_out(parcel)
        return len(parcels)

    def settle(self) -> None:
        """Waits for what is under way."""
        while self._under_way:
            wait(set(self._under_way))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.wire.close()
        self._pool.shutdown(wait=True)

    def _hand_out(self, parcel: Parcel) -> None:
        key = (parcel.endpoint.organisation, parcel.endpoint.id)
        with self._guard:
            self._at[key] += 1
        future = self._pool.submit(self._carry, parcel)
        self._under_way.add(future)

        def done(ended: Future[None]) -> None:
            with self._guard:
                self._at[key] -= 1
            self._under_way.discard(ended)

        future.add_done_callback(done)

    def _carry(self, parcel: Parcel) -> None:
        try:
            posted = self._post(parcel)
            self.app.books.run(lambda tx: record(tx, parcel, posted))
        except CancelledError:  # we are stopping: the lease ends, and somebody sends it again
            return
        except Exception as error:  # the database is away: so does this one's
            log_failure("delivery.not_recorded", error, delivery=parcel.delivery.id)

    def _post(self, parcel: Parcel) -> Posted:
        at_s = int(time.time())
        try:
            signed = signatures(
                self.app.settings.secret,
                parcel.endpoint,
                id=parcel.id,
                at_s=at_s,
                body=parcel.body,
                now=parcel.claimed_at,
            )
        except SecretChanged:
            return Posted(why="secret_changed")
        headers = {
            "content-type": "application/json", "user-agent": "encaisse", "webhook-id": parcel.id,
            "webhook-timestamp": str(at_s), "webhook-signature": signed,
        }  # fmt: skip
        return self.wire.post(parcel.endpoint.url, parcel.body, headers)


def _waiting(now: datetime) -> Any:
    """Endpoints that something is due for."""
    of_it = and_(
        deliveries.c.organisation == webhook_endpoints.c.organisation, deliveries.c.endpoint == webhook_endpoints.c.id,
        deliveries.c.state == DeliveryState.PENDING, deliveries.c.next_at <= now,
    )  # fmt: skip
    wanted = select(*loader.columns(WebhookEndpoint)).where(webhook_endpoints.c.disabled_at.is_(None))
    return wanted.where(exists().where(of_it))


def _due(tx: BookTransaction) -> bool:
    return tx.connection.execute(_waiting(tx.now).limit(1)).first() is not None


def _claim(tx: BookTransaction, room: int, busy: Counter[tuple[str, str]]) -> list[Parcel]:
    endpoints = [loader.build(WebhookEndpoint, row) for row in tx.connection.execute(_waiting(tx.now)).all()]
    random.shuffle(endpoints)
    taken: list[Parcel] = []
    for endpoint in endpoints:
        most = min(room - len(taken), OF_ONE_ENDPOINT - busy[endpoint.organisation, endpoint.id])
        if most > 0:
            taken += _claim_of(tx, endpoint, most)
    return taken


def _claim_of(tx: BookTransaction, endpoint: WebhookEndpoint, most: int) -> Iterable[Parcel]:
    wanted = select(*loader.columns(Delivery)).where(
        deliveries.c.organisation == endpoint.organisation, deliveries.c.endpoint == endpoint.id,
        deliveries.c.state == DeliveryState.PENDING, deliveries.c.next_at <= tx.now,
    )  # fmt: skip
    wanted = wanted.order_by(deliveries.c.next_at).limit(most)
    if tx.dialect == "postgresql":
        wanted = wanted.with_for_update(skip_locked=True)
    found = [loader.build(Delivery, row) for row in tx.connection.execute(wanted).all()]
    if not found:
        return []
    claimed = deliveries.update().where(deliveries.c.id.in_([one.id for one in found]))
    tx.connection.execute(claimed.values(attempts=deliveries.c.attempts + 1, next_at=tx.now + LEASE))
    about = select(events).where(events.c.id.in_([one.event for one in found]))
    rows = {row.id: row for row in tx.connection.execute(about).all()}
    return [Parcel(delivery=one, endpoint=endpoint, body=_body(rows[one.event]), claimed_at=tx.now) for one in found]


def _body(row: Any) -> bytes:
    return json.dumps(outbox.as_told(row), separators=(",", ":"), ensure_ascii=False).encode()


def record(tx: BookTransaction, parcel: Parcel, posted: Posted) -> bool:
    """What came of an attempt; a late one, whose lease was over and who was sent again, is discarded."""
    one, endpoint, attempts = parcel.delivery, parcel.endpoint, parcel.delivery.attempts + 1
    wait_for = rung(attempts) if posted.why != "gone" else None
    event = "deliver" if not posted.why else "miss" if wait_for is not None else "give_up"
    state = DELIVERY.step(DeliveryState.PENDING, event)
    later = wait_for * random.uniform(1, 1 + JITTER) if wait_for is not None else None  # noqa: S311 - jitter
    put = {
        "state": state, "status": posted.status, "why": posted.why,
        "next_at": tx.now + later if state is DeliveryState.PENDING and later is not None else None,
        "ended_at": None if state is DeliveryState.PENDING else tx.now,
    }  # fmt: skip
    mine = and_(deliveries.c.organisation == one.organisation, deliveries.c.id == one.id)
    still = and_(mine, deliveries.c.attempts == attempts, deliveries.c.state == DeliveryState.PENDING)
    if tx.connection.execute(deliveries.update().where(still).values(**put)).rowcount == 0:
        return False
    log_event("delivery.sent", delivery=one.id, endpoint=endpoint.id, state=state.value, why=posted.why,
              status=posted.status, attempts=attempts)  # fmt: skip
    if state is DeliveryState.FAILED:
        tx.write([
            (told(tx, endpoint, "delivery.failed", SYSTEM, delivery=one.id, event=one.event, why=posted.why),)
        ])  # fmt: skip
    if posted.why == "gone":
        disable(tx, tx.lock(WebhookEndpoint, organisation=one.organisation, id=endpoint.id), why="gone", by=SYSTEM)
    return True


def forget_delivered(app: App) -> int:
    """Takes away what arrived long ago."""

    def forget(tx: BookTransaction) -> int:
        old = select(deliveries.c.id).where(
            deliveries.c.state == DeliveryState.DELIVERED, deliveries.c.ended_at < tx.now - KEPT
        )
        gone = deliveries.delete().where(deliveries.c.id.in_(old.limit(FORGOTTEN_AT_ONCE)))
        return tx.connection.execute(gone).rowcount

    return app.books.run(forget)
