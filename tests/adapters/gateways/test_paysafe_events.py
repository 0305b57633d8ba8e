"""Paysafe's webhooks: only what it signed, the same event under the same id, and what it says in our words."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.gateways.paysafe.events import verify_and_read
from domain.processor_event import NotGenuine, NotReadable

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OLD, NEW = "old-hmac-key", "new-hmac-key"


def event(name: str = "PAYMENT_COMPLETED", attempt: str = "1", **payload) -> bytes:
    held = {
        "accountId": "1001",
        "id": "8c8d1b0e",
        "merchantRefNum": "abcx1",
        "amount": 4500,
        "currencyCode": "CAD",
        "status": "COMPLETED",
        "paymentType": "CARD",
        "statusTime": "2026-11-24T11:59:00Z",
        **payload,
    }
    body = {"payload": held, "attemptNumber": attempt, "eventName": name, "eventType": "PAYMENT", "mode": "test"}
    return json.dumps(body).encode()


def signed(body: bytes, secret: str = NEW, header: str = "Signature") -> dict[str, str]:
    return {header: base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()}


def read(body: bytes):
    (one,) = verify_and_read(signed(body), body, [NEW], NOW)
    return one


def refused(headers: dict[str, str], body: bytes, secrets: list[str]) -> str:
    with pytest.raises(NotGenuine) as raised:
        verify_and_read(headers, body, secrets, NOW)
    return raised.value.why


def test_a_signed_event_says_what_happened_to_which_key():
    told = read(event())

    assert (told.kind, told.state, told.key, told.reference) == ("charge", "succeeded", "abcx1", "8c8d1b0e")
    assert (told.amount_minor, told.currency, told.occurred_at) == (4500, "CAD", NOW - timedelta(minutes=1))


def test_F34_a_second_delivery_is_the_same_event_and_a_later_state_another():
    first, again = read(event()), read(event(attempt="2"))
    later = read(event("SETTLEMENT_CLEARED", statusTime="2026-12-02T11:59:00Z"))

    assert first.event_id == again.event_id
    assert later.event_id != first.event_id


@pytest.mark.parametrize("header", ["Signature", "signature", "X-Signature", "x-paysafe-signature"])
def test_the_signature_is_found_under_each_of_its_names(header):
    body = event()
    assert verify_and_read(signed(body, header=header), body, [NEW], NOW)


def test_F34_forged_and_unsigned_events_are_refused_and_F125_both_secrets_sign():
    body = event()

    assert verify_and_read(signed(body, OLD), body, [NEW, OLD], NOW)
    assert refused(signed(body, OLD), body, [NEW]) == "wrong_signature"
    assert refused(signed(body), body.replace(b"4500", b"9500"), [NEW]) == "wrong_signature"
    assert refused(signed(body), body + b"\n", [NEW]) == "wrong_signature"
    assert refused({}, body, [NEW]) == "no_signature"
    assert refused({"Signature": "é"}, body, [NEW]) == "wrong_signature"
    assert refused(signed(body, ""), body, [""]) == "no_secret"


@given(st.binary(max_size=300))
def test_F34_whatever_is_signed_is_read_or_refused_as_unreadable(noise):
    with pytest.raises(NotReadable):
        verify_and_read(signed(noise), noise, [NEW], NOW)


@pytest.mark.parametrize(("name", "payload", "kind", "state", "code"), [
    ("PAYMENT_PROCESSING", {}, "charge", "pending", ""),
    ("PAYMENT_FAILED", {"error": {"code": "3022"}}, "charge", "failed", "insufficient_funds"),
    ("PAYMENT_CANCELLED", {}, "charge", "cancelled", ""),
    ("SETTLEMENT_COMPLETED", {}, "charge", "settled", ""),
    ("SETTLEMENT_COMPLETED", {"paymentType": "EFT"}, "charge", "succeeded", ""),
    ("SETTLEMENT_CLEARED", {"paymentType": "EFT"}, "charge", "settled", ""),
    ("PAYMENT_RETURN_COMPLETED", {"paymentId": "p1", "processorCode": "R29"}, "bank_return", "taken_back", "revoked"),
    ("PAYMENT_RETURNED_COMPLETED", {"paymentId": "p1", "processorCode": "R29"}, "bank_return", "taken_back", "revoked"),
    ("REFUND_PENDING", {}, "refund", "pending", ""),
    ("REFUND_COMPLETED", {}, "refund", "settled", ""),
    ("REFUND_FAILED", {}, "refund", "failed", "declined"),
    ("SA_CREDIT_COMPLETED", {}, "refund", "settled", ""),
    ("PAYMENT_HANDLE_PAYABLE", {}, "other", "pending", ""),
])  # fmt: skip
def test_each_event_that_concerns_us_is_a_kind_and_a_state(name, payload, kind, state, code):
    told = read(event(name, **payload))

    assert (told.kind, told.state, told.code) == (kind, state, code)
    assert told.of == payload.get("paymentId", "")


def test_the_trial_of_the_connection_is_genuine_and_nothing_to_us():
    body = b'{"mode":"test","eventDate":"2026-11-24T12:00:00Z","eventType":"test","attemptNumber":1}'
    assert (read(body).kind, read(body).occurred_at) == ("other", NOW)


def test_INV19_what_is_kept_of_an_event_names_nobody_and_no_account():
    told = read(event(
        ach={"accountNumber": "123456789", "routingNumber": "011401533", "accountHolderName": "Jo"},
        profile={"email": "jo@example.org"}, billingDetails={"zip": "H0H0H0"},
    ))  # fmt: skip

    kept = json.dumps(dict(told.raw))
    for secret in ("123456789", "011401533", "Jo", "jo@example", "H0H0H0"):
        assert secret not in kept
    assert "abcx1" in kept
