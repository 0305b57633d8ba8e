"""What Stripe says outside the ordinary, its settings, and what its SDK is kept from doing."""

import json
import socket
from typing import Any

import pytest
import stripe

from adapters.gateways.stripe import judging
from adapters.gateways.stripe.gateway import StripeGateway
from adapters.gateways.stripe.terms import TermsWrong, check_terms
from domain.outcome import Approved, Charge, Declined, NoAnswer, NotSent, RefundOrder
from tests.adapters.gateways.answers import response
from tests.adapters.gateways.conftest import ScriptedServer
from tests.conformance.peers import Peer

CHARGE = Charge(key="abcx1", amount_minor=4500, currency="CAD", token="cus_1/pm_1")
PAID: dict[str, Any] = {
    "object": "payment_intent", "id": "pi_1", "amount": 4500, "amount_received": 4500, "currency": "cad",
    "status": "succeeded", "metadata": {"encaisse_key": "abcx1"}, "client_secret": "pi_1_secret_x",
}  # fmt: skip


def judged(**changes: Any) -> object:
    return judging.judge_payment(CHARGE, {**PAID, **changes}, card=True)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"metadata": {"encaisse_key": "other"}}, "mismatch"),
        ({"metadata": {}}, "mismatch"),
        ({"amount": 45000}, "mismatch"),
        ({"amount": 4500.0}, "mismatch"),
        ({"amount_received": 100}, "mismatch"),
        ({"currency": "usd"}, "mismatch"),
        ({"object": "charge"}, "mismatch"),
        ({"id": ""}, "mismatch"),
        ({"status": "processing"}, "timeout"),
        ({"status": "requires_capture"}, "malformed"),
        ({"status": "requires_confirmation"}, "malformed"),
        ({"status": None}, "malformed"),
    ],
)
def test_F17_F28_whatever_is_not_our_payment_is_no_answer(changes, why):
    assert judged(**changes) == NoAnswer(why=why)


def test_INV19_what_is_kept_of_a_payment_opens_nothing():
    outcome = judged(receipt_email="jo@example.org")
    assert isinstance(outcome, Approved)
    kept = json.dumps(dict(outcome.raw))
    assert "secret_x" not in kept
    assert "jo@example" not in kept


def refusal(status: int, **error: Any) -> stripe.StripeError:
    told = {"error": error}
    made = stripe.StripeError("no", http_status=status, json_body=told)
    assert isinstance(made, stripe.StripeError)
    return made


def test_F16_F26_errors_are_read_by_what_they_say():
    def told(status: int, **error: Any) -> object:
        outcome = judging.judge_error(CHARGE, refusal(status, **error))
        return outcome.code if isinstance(outcome, Declined) else outcome

    assert told(402, code="card_declined", decline_code="insufficient_funds") == "insufficient_funds"
    assert (
        told(402, code="card_declined", decline_code="generic_decline", advice_code="do_not_try_again") == "not_allowed"
    )
    assert (
        told(402, code="authentication_required", decline_code="authentication_required") == "authentication_required"
    )
    assert told(400, type="idempotency_error") == NoAnswer(why="conflict")
    assert told(409, type="invalid_request_error") == NoAnswer(why="conflict")
    assert told(400, type="invalid_request_error", code="parameter_invalid_integer") == "merchant_account_error"
    assert told(404, code="resource_missing") == "invalid_token"
    assert told(401, type="invalid_request_error") == NotSent(why="credentials_refused")
    other = {**PAID, "metadata": {"encaisse_key": "other"}}
    assert told(402, code="card_declined", payment_intent=other) == NoAnswer(why="mismatch")


@pytest.fixture
def asked_of():
    """A gateway whose Stripe is a script, and what it was sent."""
    made: list[Any] = []

    def ask(script: Any) -> tuple[Any, ScriptedServer]:
        server = ScriptedServer(script)
        server._read = lambda connection: connection.recv(65_536)  # type: ignore[method-assign]
        gateway = StripeGateway(lambda *_: "sk_test_hush", today=lambda: None, simulator_url=server.url)  # type: ignore[arg-type, return-value]
        made.extend((gateway, server))
        peer = Peer("stripe", gateway, None, {"url": server.url, "deadline_s": 2})  # type: ignore[arg-type]
        return gateway.charge(peer.account, [CHARGE])[0], server

    yield ask
    for one in made:
        one.close()


def test_F26_its_own_retries_are_off_and_our_key_is_sent(asked_of):
    def broken(connection: socket.socket, request: bytes) -> bool:
        connection.sendall(response(b'{"error": {"type": "api_error"}}', "500 Internal Server Error"))
        return True

    outcome, server = asked_of(broken)

    assert outcome == NoAnswer(why="server_error")
    (request,) = server.requests
    assert b"Idempotency-Key: abcx1\r\n" in request
    assert b"metadata[encaisse_key]=abcx1" in request.replace(b"%5B", b"[").replace(b"%5D", b"]")
    assert b"off_session=true" in request
    assert b"X-Stripe-Client-User-Agent" not in request


def test_F29_a_redirect_is_not_followed(asked_of):
    def elsewhere(connection: socket.socket, request: bytes) -> bool:
        connection.sendall(response(b"{}", "302 Found", "application/json", "Location: http://127.0.0.1:9/"))
        return True

    assert asked_of(elsewhere)[0] == NoAnswer(why="gateway_bug")


def test_F21_a_refused_connection_was_not_sent():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    gateway = StripeGateway(lambda *_: "sk_test_hush", today=lambda: None, simulator_url=url)  # type: ignore[arg-type, return-value]
    peer = Peer("stripe", gateway, None, {"url": url, "deadline_s": 2})  # type: ignore[arg-type]

    assert gateway.charge(peer.account, [CHARGE]) == [NotSent(why="refused")]
    gateway.close()


def test_F95_a_refund_of_more_than_was_charged_is_never_sent():
    gateway = StripeGateway(lambda *_: "sk_test_hush", today=lambda: None, simulator_url=None)  # type: ignore[arg-type, return-value]
    order = RefundOrder(
        key="r1", of_key="x1", of_reference="pi_1", amount_minor=4501, currency="CAD", charged_minor=4500, token="t"
    )
    assert gateway.refund(Peer("stripe", gateway, None).account, [order]) == [Declined(code="exceeds_refundable")]  # type: ignore[arg-type]
    gateway.close()


def test_F122_settings_that_would_send_a_key_to_a_stranger_are_refused():
    check_terms({})
    for wrong in (
        {"url": "https://api.stripe.com.evil.example"},
        {"secret": "sk_live_x"},
        {"credentials": "sk_live_x"},
        {"look_up": "by_magic"},
        {"deadline_s": True},
    ):
        with pytest.raises(TermsWrong):
            check_terms(wrong)


def test_an_account_without_its_secret_sends_nothing():
    def nothing(organisation: str, name: str) -> str:
        raise LookupError(name)

    gateway = StripeGateway(nothing, today=lambda: None, simulator_url=None)  # type: ignore[arg-type, return-value]
    assert gateway.charge(Peer("stripe", gateway, None).account, [CHARGE]) == [NotSent(why="account_not_usable")]  # type: ignore[arg-type]
