"""Paysafe's webhooks: the signature over the raw bytes, then what an event says in our words.

They carry neither a time that is signed nor an id: what is the same event is told by its content, and a replay
can only repeat what was true once. So nothing is believed about money before Paysafe is asked.
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b, sha256
from typing import Any

from adapters.gateways.kept import mask
from adapters.gateways.paysafe.judging import BANK
from adapters.gateways.paysafe.reasons import reason
from adapters.gateways.strict_json import read_object
from domain.bank_return import meaning
from domain.processor_event import NotGenuine, NotReadable, ProcessorEvent, ReportedState, ReportKind

HEADERS = ("signature", "x-signature", "x-paysafe-signature")  # documented, and seen elsewhere

K, S = ReportKind, ReportedState

# fmt: off
NAMES: dict[str, tuple[ReportKind, ReportedState]] = {
    "PAYMENT_RECEIVED":           (K.CHARGE,      S.PENDING),
    "PAYMENT_PENDING":            (K.CHARGE,      S.PENDING),
    "PAYMENT_PROCESSING":         (K.CHARGE,      S.PENDING),
    "PAYMENT_HELD":               (K.CHARGE,      S.PENDING),
    "PAYMENT_COMPLETED":          (K.CHARGE,      S.SUCCEEDED),
    "PAYMENT_FAILED":             (K.CHARGE,      S.FAILED),
    "PAYMENT_ERRORED":            (K.CHARGE,      S.FAILED),
    "PAYMENT_CANCELLED":          (K.CHARGE,      S.CANCELLED),
    "PAYMENT_RETURN_COMPLETED":   (K.BANK_RETURN, S.TAKEN_BACK),
    "PAYMENT_RETURNED_COMPLETED": (K.BANK_RETURN, S.TAKEN_BACK),  # both spellings are documented
    "SETTLEMENT_COMPLETED":       (K.CHARGE,      S.SETTLED),
    "SETTLEMENT_CLEARED":         (K.CHARGE,      S.SETTLED),     # six banking days after the settlement
    "SETTLEMENT_CANCELLED":       (K.CHARGE,      S.CANCELLED),
    "REFUND_RECEIVED":            (K.REFUND,      S.PENDING),
    "REFUND_PENDING":             (K.REFUND,      S.PENDING),
    "REFUND_PROCESSING":          (K.REFUND,      S.PENDING),
    "REFUND_COMPLETED":           (K.REFUND,      S.SETTLED),
    "REFUND_FAILED":              (K.REFUND,      S.FAILED),
    "REFUND_ERRORED":             (K.REFUND,      S.FAILED),
    "REFUND_CANCELLED":           (K.REFUND,      S.CANCELLED),
    "SA_CREDIT_RECEIVED":         (K.REFUND,      S.PENDING),     # of an e-check: a credit that nothing links to it
    "SA_CREDIT_PENDING":          (K.REFUND,      S.PENDING),
    "SA_CREDIT_PROCESSING":       (K.REFUND,      S.PENDING),
    "SA_CREDIT_COMPLETED":        (K.REFUND,      S.SETTLED),
    "SA_CREDIT_FAILED":           (K.REFUND,      S.FAILED),
    "SA_CREDIT_ERRORED":          (K.REFUND,      S.FAILED),
    "SA_CREDIT_CANCELLED":        (K.REFUND,      S.CANCELLED),
}
# fmt: on


def verify_and_read(
    headers: Mapping[str, str], raw_body: bytes, secrets: Sequence[str], now: datetime
) -> list[ProcessorEvent]:
    """The events in a webhook. Raises NotGenuine, or NotReadable for what is signed and makes no sense."""
    _verify({name.lower(): value for name, value in headers.items()}, raw_body, secrets)
    body = read_object(raw_body)
    if body is None:
        raise NotReadable("not a JSON object")
    return [_read(body, now)]


def _verify(headers: Mapping[str, str], raw_body: bytes, secrets: Sequence[str]) -> None:
    usable = [secret for secret in secrets if secret]
    if not usable:
        raise NotGenuine("no_secret")
    given = [headers[name].strip().encode("utf-8", "replace") for name in HEADERS if headers.get(name)]
    if not given:
        raise NotGenuine("no_signature")
    right = [base64.b64encode(hmac.new(secret.encode(), raw_body, sha256).digest()) for secret in usable]
    if not any(hmac.compare_digest(one, signature) for one in right for signature in given):
        raise NotGenuine("wrong_signature")


def _read(body: dict[str, Any], now: datetime) -> ProcessorEvent:
    name = _text(body, "eventName") or _text(body, "eventType")
    payload = body.get("payload")
    if not name or (payload is not None and type(payload) is not dict):
        raise NotReadable("not an event")
    thing: dict[str, Any] = payload or {}
    kind, state = NAMES.get(name.upper(), (K.OTHER, S.PENDING)) if thing else (K.OTHER, S.PENDING)
    bank = _text(thing, "paymentType").upper() in BANK or "ach" in thing or "eft" in thing
    if bank and name.upper() == "SETTLEMENT_COMPLETED":
        state = S.SUCCEEDED  # of a debit only its clearing says that the money has come
    reference = _text(thing, "id") or _text(body, "resourceId")
    network_code = _text(thing, "processorCode") or _text(thing, "returnCode") or _error_code(thing)
    failed = state in (S.FAILED, S.TAKEN_BACK)
    told = (meaning if kind is K.BANK_RETURN else reason)(network_code) if failed else ""
    amount = thing.get("amount")
    return ProcessorEvent(
        event_id=_identity(reference, name, thing),
        kind=kind,
        state=state,
        key=_text(thing, "merchantRefNum")[:128],
        reference=reference[:128],
        of=(_text(thing, "paymentId") or _text(thing, "settlementId"))[:128],
        amount_minor=_amount(amount),
        currency=_text(thing, "currencyCode").upper()[:8],
        code=told,
        network_code=network_code[:16] if failed else "",
        occurred_at=_instant(thing, body) or now,
        raw=mask(body),
    )


def _identity(reference: str, name: str, thing: Mapping[str, Any]) -> str:
    """The same for every delivery of one event, whatever its attempt number."""
    at = _text(thing, "statusTime") or _text(thing, "updatedTime") or _text(thing, "txnTime")
    text = "\0".join((reference, name.upper(), _text(thing, "status"), at))
    return "ps_" + blake2b(text.encode(), digest_size=16).hexdigest()


def _text(thing: Mapping[str, Any], name: str) -> str:
    value = thing.get(name)
    return value if type(value) is str else ""


def _amount(value: Any) -> int | None:
    """An integer; some documented samples carry it as a text."""
    if type(value) is str and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return value if type(value) is int else None


def _error_code(thing: Mapping[str, Any]) -> str:
    error = thing.get("error")
    return _text(error, "code") if type(error) is dict else ""


def _instant(thing: Mapping[str, Any], body: Mapping[str, Any]) -> datetime | None:
    for text in (_text(thing, "statusTime"), _text(thing, "updatedTime"), _text(body, "eventDate")):
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            continue
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return None
