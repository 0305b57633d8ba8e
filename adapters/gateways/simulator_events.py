"""The simulator's webhooks: what it says by itself, signed with its time, and how that is verified and read."""

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from adapters.gateways.kept import mask
from adapters.gateways.strict_json import read_object
from domain.processor_event import NotGenuine, NotReadable, ProcessorEvent, ReportedState, ReportKind

HEADER = "simulator-signature"
SECRET = "whsec_simulator"  # noqa: S105 - of play money, where no other is configured
TOLERANCE = timedelta(seconds=300)  # either way: an old event may be a replay, one from the future a wrong clock
SIGNATURE_LIMIT = 512

K, S = ReportKind, ReportedState

# fmt: off
TYPES: dict[str, tuple[ReportKind, ReportedState]] = {
    "charge.captured":   (K.CHARGE,      S.SUCCEEDED),
    "charge.declined":   (K.CHARGE,      S.FAILED),
    "charge.voided":     (K.CHARGE,      S.CANCELLED),
    "charge.settled":    (K.CHARGE,      S.SETTLED),
    "debit.taken":       (K.CHARGE,      S.PENDING),
    "debit.settled":     (K.CHARGE,      S.SETTLED),
    "debit.returned":    (K.BANK_RETURN, S.TAKEN_BACK),
    "charge.taken_back": (K.CHARGEBACK,  S.TAKEN_BACK),
    "refund.taken":      (K.REFUND,      S.PENDING),
    "refund.settled":    (K.REFUND,      S.SETTLED),
    "refund.failed":     (K.REFUND,      S.FAILED),
    "test":              (K.OTHER,       S.PENDING),
}
# fmt: on


def body_of(type_: str, *, id: str, at: datetime, key: str, **more: Any) -> bytes:
    """An event as the simulator sends it."""
    told = {"id": id, "type": type_, "at": at.astimezone(UTC).isoformat(), "key": key, **more}
    return json.dumps(told).encode()


def sign(secret: str, body: bytes, at: datetime) -> str:
    """The value of the header."""
    seconds = int(at.timestamp())
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def verify_and_read(
    headers: Mapping[str, str], raw_body: bytes, secrets: Sequence[str], now: datetime
) -> list[ProcessorEvent]:
    """The event in a webhook. Raises NotGenuine, or NotReadable for what is signed and makes no sense."""
    lowered = {name.lower(): value for name, value in headers.items()}
    _verify(lowered.get(HEADER, ""), raw_body, [secret for secret in secrets if secret] or [SECRET], now)
    event = read_object(raw_body)
    if event is None:
        raise NotReadable("not a JSON object")
    return [_read(event)]


def _verify(header: str, raw_body: bytes, secrets: Sequence[str], now: datetime) -> None:
    parts = dict(part.strip().partition("=")[::2] for part in header[:SIGNATURE_LIMIT].split(","))
    time, signature = parts.get("t", ""), parts.get("v1", "")
    if not (time.isascii() and time.isdigit() and len(time) <= 12 and signature):
        raise NotGenuine("no_signature")
    signed = time.encode() + b"." + raw_body
    right = [hmac.new(secret.encode(), signed, sha256).hexdigest().encode() for secret in secrets]
    if not any([hmac.compare_digest(one, signature.encode()) for one in right]):
        raise NotGenuine("wrong_signature")
    if abs(now.timestamp() - int(time)) > TOLERANCE.total_seconds():
        raise NotGenuine("too_old")


def _read(event: Mapping[str, Any]) -> ProcessorEvent:
    type_, id, amount = event.get("type"), event.get("id"), event.get("amount")
    if type(type_) is not str or type(id) is not str or not id or type(event.get("at")) is not str:
        raise NotReadable("not an event")
    try:
        occurred_at = datetime.fromisoformat(event["at"])
    except ValueError:
        raise NotReadable("no time") from None
    if occurred_at.tzinfo is None or (amount is not None and type(amount) is not int):
        raise NotReadable("no time or no amount")
    kind, state = TYPES.get(type_, TYPES["test"])
    return ProcessorEvent(
        event_id=id, kind=kind, state=state, key=_text(event, "key"), reference=_text(event, "reference"),
        of=_text(event, "of"), amount_minor=amount, currency=_text(event, "currency"), code=_text(event, "code"),
        network_code=_text(event, "network_code"), occurred_at=occurred_at.astimezone(UTC), raw=mask(event),
    )  # fmt: skip


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name, "")
    return value[:128] if type(value) is str else ""
