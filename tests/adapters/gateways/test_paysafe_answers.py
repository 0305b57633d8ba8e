"""What Paysafe says outside the ordinary, its settings, and what is kept of its answers."""

import json
from typing import Any

import pytest

from adapters.gateways.paysafe import judging
from adapters.gateways.paysafe.judging import Duplicate
from adapters.gateways.paysafe.terms import LIVE, TermsWrong, check_terms, read_terms
from adapters.gateways.wire_head import Head
from domain.organisation import MerchantAccount
from domain.outcome import Approved, Cancellation, Charge, Declined, NoAnswer, NotSent, RefundOrder

CHARGE = Charge(key="abcx1", amount_minor=4500, currency="CAD", token="Ctoken")
ORDER = RefundOrder(
    key="abcr1", of_key="abcx1", of_reference="s-1", amount_minor=1000, currency="CAD", charged_minor=4500, token="C"
)
VOID = Cancellation(key="abcc1", of_key="abcx1", of_reference="s-1", amount_minor=4500, currency="CAD")
PAID: dict[str, Any] = {
    "id": "s-1", "merchantRefNum": "abcx1", "amount": 4500, "currencyCode": "CAD", "status": "COMPLETED",
    "settleWithAuth": True, "links": {"rel": "self"}, "card": {"lastDigits": "4242", "holderName": "Jo Roy"},
}  # fmt: skip


def head(status: int = 200) -> Head:
    return Head(status=status, length=1, is_json=True, keep_alive=True)


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def error(code: str, **fields: Any) -> bytes:
    return body(error={"code": code, "message": "no"}, **fields)


def charged(http: int = 200, raw: bytes = b"", **changes: Any) -> object:
    return judging.judge_taken(CHARGE, head(http), raw or body(**{**PAID, **changes}), card=True)


def test_a_completed_payment_is_approved_with_amounts_as_numbers_or_as_text():
    for amount in (4500, "4500"):
        outcome = charged(amount=amount)
        assert isinstance(outcome, Approved)
        assert (outcome.reference, outcome.amount_minor, outcome.currency) == ("s-1", 4500, "CAD")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"merchantRefNum": "other"}, "mismatch"),
        ({"amount": 450000}, "mismatch"),
        ({"currencyCode": "USD"}, "mismatch"),
        ({"settleWithAuth": False}, "mismatch"),
        ({"amount": 45.0}, "malformed"),
        ({"amount": True}, "malformed"),
        ({"amount": None}, "malformed"),
        ({"currencyCode": ""}, "malformed"),
        ({"id": ""}, "malformed"),
        ({"status": "WONDERFUL"}, "malformed"),
        ({"status": "HELD"}, "timeout"),
        ({"status": "PENDING"}, "timeout"),
        ({"status": "RECEIVED"}, "timeout"),
    ],
)
def test_F17_F28_whatever_is_not_our_completed_payment_is_no_answer(changes, why):
    assert charged(**changes) == NoAnswer(why=why)


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (402, "3022", "insufficient_funds"),
        (402, "3009", "do_not_honour"),
        (402, "3060", "authentication_required"),
        (402, "9999", "declined"),
        (400, "5502", "invalid_token"),
        (400, "5023", "merchant_account_error"),
        (404, "5273", "merchant_account_error"),
    ],
)
def test_F17_a_refusal_in_its_own_words_is_one(status, code, reason):
    outcome = charged(status, error(code))
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.network_code) == (reason, code)


def test_a_refusal_of_another_reference_is_not_ours():
    assert charged(402, error("3022", merchantRefNum="other")) == NoAnswer(why="mismatch")


def test_F16_a_key_that_it_knows_is_to_be_looked_up():
    assert charged(409, error("5031")) == Duplicate()


def test_F122_credentials_that_it_refuses_did_nothing():
    assert charged(401, error("5279")) == NotSent(why="credentials_refused")


@pytest.mark.parametrize(
    ("status", "why"), [(500, "server_error"), (502, "server_error"), (429, "server_error"), (408, "timeout")]
)
def test_F26_its_own_troubles_say_nothing_about_money(status, why):
    assert charged(status, error("1007")) == NoAnswer(why=why)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("3406", "not_settled"),
        ("3402", "exceeds_refundable"),
        ("3404", "exceeds_refundable"),
        ("3407", "unknown_charge"),
    ],
)
def test_R6_a_refund_is_refused_for_a_reason_of_ours(code, reason):
    outcome = judging.judge_refund(ORDER, head(402 if code != "3407" else 404), error(code))
    assert isinstance(outcome, Declined)
    assert outcome.code == reason


def test_a_refund_while_another_is_under_way_is_not_known_to_have_failed():
    assert judging.judge_refund(ORDER, head(402), error("3417")) == NoAnswer(why="conflict")


def test_B9_a_cancellation_names_what_it_cancelled_or_is_not_believed():
    good = body(id="s-1", status="CANCELLED", txnTime="2026-11-24T12:00:00Z")
    assert isinstance(judging.judge_cancelled(VOID, head(), good), Approved)
    assert judging.judge_cancelled(VOID, head(), body(id="s-2", status="CANCELLED")) == NoAnswer(why="mismatch")
    assert judging.judge_cancelled(VOID, head(), body(id="s-1", status="PENDING")) == NoAnswer(why="malformed")
    late = judging.judge_cancelled(VOID, head(402), error("3415"))
    assert isinstance(late, Declined)
    assert late.code == "already_settled"


def test_INV19_what_is_kept_of_an_answer_names_nobody():
    outcome = charged(profile={"email": "jo@example.org"}, billingDetails={"zip": "H0H 0H0"}, note="4111111111111111")
    assert isinstance(outcome, Approved)
    kept = json.dumps(dict(outcome.raw))
    for secret in ("Jo Roy", "jo@example", "H0H", "4111"):
        assert secret not in kept
    assert '"COMPLETED"' in kept


def test_F122_settings_that_would_send_a_secret_to_a_stranger_are_refused():
    good = {"account": "1001"}
    check_terms(good)
    for wrong in (
        {},
        {"account": "1001", "password": "hush"},
        {"account": "1001", "credentials": "user:B-secret"},
        {"account": "1001", "url": "https://api.paysafe.com.evil.example"},
        {"account": "1001", "api": "telepathy"},
        {"account": "1001", "deadline_s": 0},
        {"account": "1/../2"},
    ):
        with pytest.raises(TermsWrong):
            check_terms(wrong)
    account = MerchantAccount(organisation="o", id="main", processor="paysafe", kinds=("card",), settings=good)
    assert read_terms(account, simulator_url=None)[:4] == (LIVE, "cards", "1001", "")
    elsewhere = MerchantAccount(
        organisation="o", id="main", processor="paysafe", kinds=("card",),
        settings={**good, "url": "http://127.0.0.1:1"},
    )  # fmt: skip
    with pytest.raises(TermsWrong):
        read_terms(elsewhere, simulator_url="http://127.0.0.1:2")
