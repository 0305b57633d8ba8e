"""Stripe's webhooks: only what it signed, within five minutes, and what each event says in our words."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe import WebhookSignature

from adapters.gateways.stripe.events import verify_and_read
from domain.processor_event import FINALITY, NotGenuine, NotReadable, ReportedState, ReportKind

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OLD, NEW = "whsec_" + "o" * 24, "whsec_" + "n" * 24


def event(type_: str = "payment_intent.succeeded", **thing) -> bytes:
    held = {
        "object": "payment_intent",
        "id": "pi_1",
        "amount": 4500,
        "currency": "cad",
        "metadata": {"encaisse_key": "abcx1"},
        **thing,
    }
    body = {"object": "event", "id": "evt_1", "type": type_, "created": int(NOW.timestamp()), "data": {"object": held}}
    return json.dumps(body).encode()


def signed(body: bytes, secret: str = NEW, at: datetime = NOW) -> dict[str, str]:
    """By Stripe's own SDK."""
    header = WebhookSignature.generate_signature_header(body.decode(), secret, int(at.timestamp()))
    return {"Stripe-Signature": header}


def read(body: bytes, at: datetime = NOW):
    (one,) = verify_and_read(signed(body), body, [NEW], at)
    return one


def refused(headers: dict[str, str], body: bytes, secrets: list[str], now: datetime = NOW) -> str:
    with pytest.raises(NotGenuine) as raised:
        verify_and_read(headers, body, secrets, now)
    return raised.value.why


def test_a_signed_event_says_what_happened_to_which_key():
    told = read(event())

    assert (told.kind, told.state, told.key, told.reference) == (ReportKind.CHARGE, "succeeded", "abcx1", "pi_1")
    assert (told.amount_minor, told.currency, told.event_id, told.occurred_at) == (4500, "CAD", "evt_1", NOW)


def test_F34_the_same_event_twice_has_the_same_id():
    assert read(event()).event_id == read(event(), NOW + timedelta(seconds=200)).event_id


def test_F125_the_old_secret_signs_beside_the_new_one():
    body = event()
    for secret in (OLD, NEW):
        assert verify_and_read(signed(body, secret), body, [NEW, OLD], NOW)
    assert refused(signed(body, OLD), body, [NEW]) == "wrong_signature"


def test_F34_forged_unsigned_old_and_future_events_are_refused():
    body = event()
    both = signed(body, OLD)["Stripe-Signature"] + "," + signed(body)["Stripe-Signature"].partition(",")[2]

    assert verify_and_read({"stripe-signature": both}, body, [NEW], NOW)  # one of several signatures is enough
    assert refused(signed(body), body.replace(b"4500", b"9500"), [NEW]) == "wrong_signature"
    assert refused(signed(body), body + b" ", [NEW]) == "wrong_signature"
    assert refused({}, body, [NEW]) == "no_signature"
    assert refused({"Stripe-Signature": "t=1,v0=aa"}, body, [NEW]) == "no_signature"
    assert refused({"Stripe-Signature": "t=x,v1=aa"}, body, [NEW]) == "no_signature"
    assert refused({"Stripe-Signature": "t=1,t=2,v1=aa"}, body, [NEW]) == "no_signature"
    assert refused(signed(body), body, []) == "no_secret"
    assert refused(signed(body, ""), body, [""]) == "no_secret"
    assert refused(signed(body, at=NOW - timedelta(seconds=301)), body, [NEW]) == "too_old"
    assert refused(signed(body, at=NOW + timedelta(seconds=301)), body, [NEW]) == "too_old"
    assert verify_and_read(signed(body, at=NOW - timedelta(seconds=299)), body, [NEW], NOW)


@given(st.binary(max_size=300))
def test_F34_whatever_is_signed_is_read_or_refused_as_unreadable(noise):
    body = noise.decode("utf-8", "replace").encode()
    with pytest.raises(NotReadable):
        verify_and_read(signed(body), body, [NEW], NOW)


@pytest.mark.parametrize(("type_", "status", "kind", "state"), [
    ("payment_intent.payment_failed",   "requires_payment_method", "charge",     "failed"),
    ("payment_intent.canceled",         "canceled",                "charge",     "cancelled"),
    ("payment_intent.processing",       "processing",              "charge",     "pending"),
    ("refund.created",                  "pending",                 "refund",     "pending"),
    ("refund.created",                  "succeeded",               "refund",     "succeeded"),
    ("refund.updated",                  "failed",                  "refund",     "failed"),
    ("charge.refund.updated",           "canceled",                "refund",     "cancelled"),
    ("refund.failed",                   "failed",                  "refund",     "failed"),
    ("charge.dispute.created",          "needs_response",          "chargeback", "taken_back"),
    ("charge.dispute.funds_reinstated", "won",                     "chargeback", "given_back"),
    ("customer.created",                "",                        "other",      "pending"),
])  # fmt: skip
def test_each_event_that_concerns_us_is_a_kind_and_a_state(type_, status, kind, state):
    told = read(event(type_, status=status, payment_intent={"id": "pi_0"}))

    assert (told.kind, told.state) == (kind, state)
    assert told.of == ("pi_0" if kind in ("refund", "chargeback") else "")


def test_F17_a_decline_is_told_in_our_words_with_the_brand():
    card = {"card": {"brand": "mastercard"}}
    error = {"code": "card_declined", "decline_code": "do_not_honor", "network_decline_code": "05"}
    told = {
        advice: read(event("payment_intent.payment_failed", last_payment_error={
            **error, "network_advice_code": advice, "payment_method": card,
        }))
        for advice in ("", "03", "21")
    }  # fmt: skip

    assert [told[advice].code for advice in ("", "03", "21")] == ["do_not_honour", "not_allowed", "revoked"]
    assert told[""].network_code == "05"


def test_INV19_what_is_kept_of_an_event_names_nobody_and_no_card():
    told = read(event(
        client_secret="pi_1_secret_x", receipt_email="jo@example.org", note="4111 1111 1111 1111",
        billing_details={"name": "Jo", "address": {"city": "Laval"}},
    ))  # fmt: skip

    kept = json.dumps(dict(told.raw))
    for secret in ("secret_x", "jo@example", "4111", "Laval", "Jo"):
        assert secret not in kept
    assert "encaisse_key" in kept


def test_F31_every_state_has_its_place_in_the_order_that_is_believed():
    assert set(FINALITY) == set(ReportedState)
