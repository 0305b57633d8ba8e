"""What a person does with webhooks: add, rotate, disable, replay; each act is in the audit trail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select

from adapters.database import recordset
from adapters.database.books import BookTransaction
from adapters.database.tables import deliveries, events
from adapters.outgoing.secrets import new_key, rotated, secret_of
from domain.decision import Change, New
from domain.event import Event
from domain.organisation import Organisation
from domain.refusal import NotKnown
from domain.webhook import Delivery, DeliveryState, WebhookDisabled, WebhookEndpoint, checked_url

MAX_ENDPOINTS = 10_000
REPLAYED_AT_ONCE = 1_000


def add(
    tx: BookTransaction, url: str, *, organisation: str, types: Sequence[str], root: str, by: str
) -> tuple[WebhookEndpoint, str]:
    """The endpoint and its secret, which is told once; raises NotKnown, UrlNotAllowed."""
    tx.get(Organisation, id=organisation)
    id = tx.mint("whe_")
    made = WebhookEndpoint(
        organisation=organisation, id=id, url=checked_url(url), types=tuple(types),
        keys=(new_key(root, organisation, id),), created_at=tx.now,
    )  # fmt: skip
    tx.write([(New(thing=made), told(tx, made, "webhook_endpoint.added", by, url=url, types=list(types)))])
    return made, secret_of(root, made, made.keys[0])


def rotate(tx: BookTransaction, id: str, *, root: str, by: str) -> str:
    """A new secret, told once; the old one signs beside it for a while. Raises NotKnown, WebhookDisabled."""
    endpoint = _living(tx, id)
    fresh = new_key(root, endpoint.organisation, id)
    keys = rotated(endpoint.keys, fresh, tx.now)
    change = Change(thing=WebhookEndpoint, key=_key(endpoint), put={"keys": keys})
    tx.write([(change, told(tx, endpoint, "webhook_endpoint.rotated", by))])
    return secret_of(root, endpoint, fresh)


def disable(tx: BookTransaction, endpoint: WebhookEndpoint, *, why: str, by: str) -> None:
    """Nothing is sent any more; what waits stays where it is."""
    if endpoint.disabled_at is not None:
        return
    change = Change(thing=WebhookEndpoint, key=_key(endpoint), put={"disabled_at": tx.now, "disabled_why": why})
    tx.write([(change, told(tx, endpoint, "webhook_endpoint.disabled", by, why=why))])


def replay_one(tx: BookTransaction, id: str, *, by: str) -> Delivery:
    """The same event to the same endpoint again, from the first rung; raises NotKnown, WebhookDisabled."""
    found = tx.all(Delivery, id=id, limit=1)
    if not found:
        raise NotKnown("delivery", id=id)
    one = found[0]
    endpoint = _living(tx, one.endpoint)
    _again(tx, [(one.event, one.type)], endpoint)
    before = {"state": one.state.value, "attempts": one.attempts}
    tx.write([(told(tx, endpoint, "delivery.replayed", by, before, delivery=id, event=one.event),)])
    return one


def replay_since(tx: BookTransaction, id: str, since: datetime, *, by: str) -> int:
    """Every public event since an instant that the endpoint wants, delivered or not; answers how many."""
    endpoint = _living(tx, id)
    mine = and_(events.c.organisation == endpoint.organisation, events.c.public, events.c.at >= since)
    reached, total = 0, 0
    while True:
        wanted = select(events.c.id, events.c.type).where(mine, events.c.id > reached).order_by(events.c.id)
        page = tx.connection.execute(wanted.limit(REPLAYED_AT_ONCE)).all()
        chosen = [(row.id, row.type) for row in page if endpoint.wants(row.type)]
        _again(tx, chosen, endpoint)
        total += len(chosen)
        if len(page) < REPLAYED_AT_ONCE:
            break
        reached = page[-1].id
    tx.write([(told(tx, endpoint, "webhook_endpoint.replayed", by, since=since.isoformat(), count=total),)])
    return total


def find(tx: BookTransaction, id: str) -> WebhookEndpoint:
    found = tx.all(WebhookEndpoint, id=id, limit=1)
    if not found:
        raise NotKnown("webhook", id=id)
    return tx.lock(WebhookEndpoint, organisation=found[0].organisation, id=id)


def listed(tx: BookTransaction, organisation: str | None) -> list[tuple[WebhookEndpoint, dict[str, int]]]:
    """Endpoints with how many of their deliveries are in each state."""
    key = {} if organisation is None else {"organisation": organisation}
    counted = select(deliveries.c.organisation, deliveries.c.endpoint, deliveries.c.state, func.count())
    rows = tx.connection.execute(counted.group_by(deliveries.c.organisation, deliveries.c.endpoint, deliveries.c.state))
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for owner, endpoint, state, number in rows.all():
        counts.setdefault((owner, endpoint), {})[state] = number
    found = tx.all(WebhookEndpoint, order_by="organisation created_at id", limit=MAX_ENDPOINTS, **key)
    return [(one, counts.get((one.organisation, one.id), {})) for one in found]


def told(
    tx: BookTransaction, endpoint: WebhookEndpoint, type_: str, by: str, before: Any = None, /, **data: Any
) -> New:
    return New(
        thing=Event(
            organisation=endpoint.organisation, type=type_, subject=f"webhook_endpoint:{endpoint.id}", sequence=1,
            at=tx.now, by=by, public=False, data={"endpoint": endpoint.id, **data}, before=before or {},
        )
    )  # fmt: skip


def insert(tx: BookTransaction, chosen: Sequence[tuple[int, str, WebhookEndpoint]], on_conflict: str) -> None:
    """A pending delivery for each event and endpoint; `on_conflict` says what becomes of one that is there."""
    rows = [
        {
            "organisation": endpoint.organisation, "id": tx.mint("dlv_"), "endpoint": endpoint.id, "event": event,
            "type": type_, "state": DeliveryState.PENDING, "attempts": 0, "next_at": tx.now, "why": "",
            "created_at": tx.now,
        }
        for event, type_, endpoint in chosen
    ]  # fmt: skip
    if rows:
        plain = recordset.insert(deliveries, tuple(rows[0]), tx.dialect)
        statement = type(plain)(f"{plain.text} ON CONFLICT (organisation, endpoint, event) {on_conflict}")
        recordset.run(tx.connection, statement, rows)


def _again(tx: BookTransaction, chosen: Sequence[tuple[int, str]], endpoint: WebhookEndpoint) -> None:
    reset = "DO UPDATE SET state = 'pending', attempts = 0, next_at = excluded.next_at, ended_at = NULL"
    insert(tx, [(event, type_, endpoint) for event, type_ in chosen], reset)


def _living(tx: BookTransaction, id: str) -> WebhookEndpoint:
    endpoint = find(tx, id)
    if endpoint.disabled_at is not None:
        raise WebhookDisabled("webhook", id=id)
    return endpoint


def _key(endpoint: WebhookEndpoint) -> dict[str, str]:
    return {"organisation": endpoint.organisation, "id": endpoint.id}
