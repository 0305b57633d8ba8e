"""When an answer of CardPointe is believed: about our order, in full, and in its own words."""

import json
import random
from datetime import date, timedelta
from typing import Any

import pytest

from adapters.gateways.cardpointe import judging
from adapters.gateways.cardpointe.reasons import DOUBTFUL, TEMPORARY
from adapters.gateways.cardpointe.settling import list_chargebacks
from adapters.gateways.wire_head import Head
from domain.declines import REASONS
from domain.outcome import About, Approved, Cancellation, Charge, Declined, LookUp, NoAnswer, NotFound, NotSent

KEY = "k3v9q0a7m2c8dx1"
CHARGE = Charge(key=KEY, amount_minor=4500, currency="USD", token="9401234567890011", brand="visa")
APPROVED: dict[str, Any] = {
    "respstat": "A", "respproc": "FNOR", "respcode": "00", "resptext": "Approval", "retref": "310000000001",
    "amount": "45.00", "token": "9401234567890011", "account": "9401234567890011", "orderId": KEY, "authcode": "PPS1",
    "merchid": "542041", "batchid": "1900941444",
}  # fmt: skip
DICE = random.Random(4)
NOON = date(2026, 11, 25)


def head(status: int = 200, *, is_json: bool = True) -> Head:
    return Head(status=status, length=1, is_json=is_json, keep_alive=True)


def bytes_of(fields: dict[str, Any]) -> bytes:
    """In another order each time, with names that nobody knows."""
    pairs = [*fields.items(), *((f"x{number}", DICE.choice((None, 7, {"a": []}, "Y"))) for number in range(3))]
    DICE.shuffle(pairs)
    return json.dumps(dict(pairs)).encode()


def judged(status: int = 200, **changes: Any) -> Any:
    said = {name: value for name, value in (APPROVED | changes).items() if value is not ...}
    return judging.judge_charge(CHARGE, head(status), bytes_of(said))


def test_an_approval_in_any_order_with_strangers_is_one():
    for _ in range(20):
        assert judged() == Approved(reference="310000000001", amount_minor=4500, currency="USD")
    assert judged(orderId=..., token=..., account="************0011", amount="45.00", currency="USD").reference


@pytest.mark.parametrize(
    "changes",
    [
        {"retref": ...}, {"retref": ""}, {"retref": None}, {"amount": ...}, {"amount": None}, {"amount": "4500"},
        {"amount": 4500}, {"amount": 45.0}, {"amount": "45.0"}, {"amount": "45,00"}, {"amount": " 45.00"},
        {"amount": "44.99"}, {"amount": "5.00"}, {"amount": "-45.00"}, {"amount": "0.00"}, {"currency": "CAD"},
        {"orderId": "another"}, {"token": "9555555555554444"}, {"respstat": "a"}, {"respstat": ...},
        {"respstat": "AB"}, {"respstat": ["A"]}, {"respproc": ...}, {"respcode": None}, {"retref": 310000000001},
    ],
)  # fmt: skip
def test_F17_F28_whatever_is_not_all_of_our_charge_is_no_answer(changes):
    assert isinstance(judged(**changes), NoAnswer)


@pytest.mark.parametrize("processor", sorted({*TEMPORARY, *DOUBTFUL}))
def test_F17_each_temporary_answer_is_technical_and_each_lost_thread_is_no_answer(processor):
    for code in {*TEMPORARY.get(processor, ()), *DOUBTFUL.get(processor, ())}:
        status = "B" if code in TEMPORARY.get(processor, ()) else "C"
        said = judged(respstat=status, respproc=processor, respcode=code, amount="0.00", setlstat="Declined")
        if code in DOUBTFUL.get(processor, ()):
            assert isinstance(said, NoAnswer), (processor, code)
        else:
            assert isinstance(said, Declined), (processor, code)
            assert REASONS[said.code].value in ("technical", "fix_data")


def test_F23_a_bank_that_timed_out_is_looked_up_and_then_a_decline_that_may_be_tried_again():
    timed_out: dict[str, Any] = {"respstat": "B", "respcode": "62", "respproc": "PPS", "resptext": "Timed out"}
    assert judged(**timed_out, setlstat="Declined", amount=..., authcode=...) == NoAnswer(why="timeout")
    records = judging.read_records(KEY, head(), bytes_of(APPROVED | timed_out | {"setlstat": "Declined"}))
    asked = LookUp(key=KEY, amount_minor=4500, currency="USD")
    assert not isinstance(records, NoAnswer | NotSent)
    assert judging.find(asked, records) == Declined(
        code="issuer_unavailable", network_code="PPS/62", reference="310000000001"
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, NoAnswer(why="gateway_bug")), (400, NoAnswer(why="gateway_bug")),
        (404, NoAnswer(why="gateway_bug")), (408, NoAnswer(why="timeout")), (429, NoAnswer(why="server_error")),
        (500, NoAnswer(why="server_error")), (201, NoAnswer(why="malformed")), (302, NoAnswer(why="gateway_bug")),
    ],
)  # fmt: skip
def test_F26_only_a_200_is_an_answer(status, expected):
    assert judged(status) == expected
    assert judging.read_records(KEY, head(status), b"{}") == expected
    void = Cancellation(key="v", of_key=KEY, of_reference="310000000001", amount_minor=4500, currency="USD")
    assert judging.judge_void(void, head(status), b"{}") == expected


def test_F122_whoever_asks_for_a_password_has_not_charged_and_a_page_that_does_not_may_have():
    asks = head(401)._replace(asks_who=True)
    assert judging.judge_charge(CHARGE, asks, b"<html>") == NotSent(why="credentials_refused")
    assert judging.judge_charge(CHARGE, head(401), b"<html>") == NoAnswer(why="gateway_bug")


def test_F28_a_look_up_is_one_object_or_a_list_and_two_that_took_money_are_nobodys_to_judge():
    asked = LookUp(key=KEY, amount_minor=4500, currency="USD", about=About.CHARGE)
    queued = APPROVED | {"setlstat": "Queued for Capture"}
    declined = APPROVED | {"respstat": "C", "respcode": "05", "setlstat": "Declined", "amount": "0.00", "retref": "2"}

    def found(*said: dict[str, Any]) -> Any:
        body = bytes_of(said[0]) if len(said) == 1 else b"[" + b",".join(map(bytes_of, said)) + b"]"
        records = judging.read_records(KEY, head(), body)
        return records if isinstance(records, NoAnswer | NotSent) else judging.find(asked, records)

    approved = Approved(reference="310000000001", amount_minor=4500, currency="USD")
    assert found(queued) == found(declined, queued) == found(queued, declined) == approved
    assert found(queued, queued | {"retref": "3"}) == NoAnswer(why="conflict")
    assert isinstance(found(declined), Declined)
    assert found(queued | {"orderId": "another"}) == NoAnswer(why="mismatch")
    assert found(queued | {"setlstat": "Authorized"}) == NoAnswer(why="malformed")
    missing = {"respproc": "PPS", "resptext": "Txn not found", "respcode": "29", "respstat": "C"}
    assert found(missing) == found(missing | {"retref": KEY}) == NotFound()
    assert found(missing | {"retref": "elsewhere"}) == NoAnswer(why="mismatch")


def test_A1_a_chargeback_is_in_the_funding_reports_of_a_week_and_a_report_that_can_not_be_read_waits():
    line = {"amount": "92.15", "reasoncode": "34", "retref": "278090245692", "casenumber": "7", "depositdate": "null"}
    pages: dict[date, Any] = {
        NOON: {"chargebacks": [line], "txns": []}, NOON - timedelta(days=1): {"errormsg": "No deposits"},
        NOON - timedelta(days=2): NoAnswer(why="timeout"), NOON - timedelta(days=3): {"chargebacks": [{"amount": 1}]},
    }  # fmt: skip
    (found,) = list_chargebacks(NOON, lambda days: [pages.get(day, {"txns": []}) for day in days])
    assert (found.reference, found.amount_minor, found.network_code, found.taken_back) == (
        "278090245692", 9215, "34", True,
    )  # fmt: skip
