"""Stripe's webhooks: the signature with its time, then what an event says in our words."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from adapters.gateways.kept import mask
from adapters.gateways.strict_json import read_object
from adapters.gateways.stripe.reasons import reason
from adapters.gateways.stripe.shapes import KEY, brand_of, id_of, map_of, text_of
from domain.processor_event import NotGenuine, NotReadable, ProcessorEvent, ReportedState, ReportKind

TOLERANCE = timedelta(seconds=300)  # either way: an old event may be a replay, one from the future a wrong clock
SIGNATURE_LIMIT = 4_096

K, S = ReportKind, ReportedState

# fmt: off
TYPES: dict[str, tuple[ReportKind, ReportedState]] = {
    "payment_intent.processing":       (K.CHARGE,     S.PENDING),
    "payment_intent.requires_action":  (K.CHARGE,     S.PENDING),
    "payment_intent.succeeded":        (K.CHARGE,     S.SUCCEEDED),
    "payment_intent.payment_failed":   (K.CHARGE,     S.FAILED),
    "payment_intent.canceled":         (K.CHARGE,     S.CANCELLED),
    "refund.created":                  (K.REFUND,     S.PENDING),    # its status says more: see REFUND_STATES
    "refund.updated":                  (K.REFUND,     S.PENDING),
    "charge.refund.updated":           (K.REFUND,     S.PENDING),
    "refund.failed":                   (K.REFUND,     S.FAILED),
    "charge.dispute.created":          (K.CHARGEBACK, S.TAKEN_BACK),
    "charge.dispute.funds_withdrawn":  (K.CHARGEBACK, S.TAKEN_BACK),
    "charge.dispute.funds_reinstated": (K.CHARGEBACK, S.GIVEN_BACK),
}
REFUND_STATES: dict[str, ReportedState] = {
    "pending":         S.PENDING,
    "requires_action": S.PENDING,
    "succeeded":       S.SUCCEEDED,
    "failed":          S.FAILED,
    "canceled":        S.CANCELLED,
}
# fmt: on


def verify_and_read(
    headers: Mapping[str, str], raw_body: bytes, secrets: Sequence[str], now: datetime
) -> list[ProcessorEvent]:
    """The events in a webhook. Raises NotGenuine, or NotReadable for what is signed and makes no sense.

    `headers` by any case of their names; `secrets` are all those that may sign, the old beside the new.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    _verify(lowered.get("stripe-signature", ""), raw_body, secrets, now)
    event = read_object(raw_body)
    if event is None:
        raise NotReadable("not a JSON object")
    return [_read(event)]


def _verify(header: str, raw_body: bytes, secrets: Sequence[str], now: datetime) -> None:
    usable = [secret for secret in secrets if secret]
    if not usable:
        raise NotGenuine("no_secret")
    parts = [part.strip().partition("=") for part in header[:SIGNATURE_LIMIT].split(",")]
    times = [value for name, _, value in parts if name == "t"]
    signatures = [value for name, _, value in parts if name == "v1"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdigit() or len(times[0]) > 12 or not signatures:
        raise NotGenuine("no_signature")
    signed = times[0].encode() + b"." + raw_body
    right = [hmac.new(secret.encode(), signed, sha256).hexdigest().encode() for secret in usable]
    if not any(hmac.compare_digest(one, given.encode()) for one in right for given in signatures):
        raise NotGenuine("wrong_signature")
    if abs(now.timestamp() - int(times[0])) > TOLERANCE.total_seconds():
        raise NotGenuine("too_old")


def _read(event: dict[str, Any]) -> ProcessorEvent:
    thing = map_of(map_of(event, "data"), "object")
    type_, event_id, created = text_of(event, "type"), text_of(event, "id"), event.get("created")
    if event.get("object") != "event" or not type_ or not event_id or type(created) is not int or not thing:
        raise NotReadable("not an event")
    kind, state = TYPES.get(type_, (K.OTHER, S.PENDING))
    if kind is K.REFUND and state is S.PENDING:
        state = REFUND_STATES.get(text_of(thing, "status"), S.PENDING)
    amount = thing.get("amount")
    code, network_code = _why(thing) if state in (S.FAILED, S.TAKEN_BACK) else ("", "")
    try:
        occurred_at = datetime.fromtimestamp(created, UTC)
    except (ValueError, OverflowError, OSError):
        raise NotReadable("not an instant") from None
    return ProcessorEvent(
        event_id=event_id[:128],
        kind=kind,
        state=state,
        key=text_of(map_of(thing, "metadata"), KEY)[:128],
        reference=text_of(thing, "id")[:128],
        of=id_of(thing.get("payment_intent"))[:128] if kind in (K.REFUND, K.CHARGEBACK) else "",
        amount_minor=amount if type(amount) is int else None,
        currency=text_of(thing, "currency").upper()[:8],
        code=code,
        network_code=network_code,
        occurred_at=occurred_at,
        raw=mask(event),
    )


def _why(thing: dict[str, Any]) -> tuple[str, str]:
    """Our reason and the network's code, of a payment, a refund or a dispute that failed."""
    if text_of(thing, "object") == "dispute":
        return reason(code=text_of(thing, "reason")), text_of(thing, "network_reason_code")[:16]
    error = map_of(thing, "last_payment_error")
    told = reason(
        code=text_of(error, "code") or text_of(thing, "failure_reason"),
        decline_code=text_of(error, "decline_code"),
        advice=text_of(error, "advice_code"),
        network_advice=text_of(error, "network_advice_code"),
        brand=brand_of(error),
    )
    return told, text_of(error, "network_decline_code")[:16]
