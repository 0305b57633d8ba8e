"""What is sent to CardPointe: decimal amounts, order ids with a letter, nothing that names a secret."""

import json
from typing import Any

import pytest

from adapters.gateways.cardpointe.amounts import UnreadableAmount, read_amount, read_report_amount, write_amount
from adapters.gateways.cardpointe.asking import Asker, order_id
from domain.outcome import Cancellation, Charge, Debit, RefundOrder

ASKER = Asker(authority="fts.cardconnect.com", merchant="100000000001", credentials="user:hunter2")
KEY = "k3v9q0a7m2c8dx1"


def sent(request: bytes) -> tuple[str, dict[str, str]]:
    head, _, body = request.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    return head.split(b"\r\n")[0].decode(), json.loads(body)


def test_a_charge_of_a_card_on_file_says_that_it_is_we_who_ask():
    charge = Charge(key=KEY, amount_minor=4500, currency="USD", token="9401234567890123", expiry="2029-03")
    line, body = sent(ASKER.charge(charge))

    assert line == "PUT /cardconnect/rest/auth HTTP/1.1"
    assert body == {
        "merchid": "100000000001", "orderid": KEY, "amount": "45.00", "currency": "USD", "receipt": "Y",
        "account": "9401234567890123", "expiry": "202903", "capture": "Y", "ecomind": "R", "cof": "M",
        "cofscheduled": "Y",
    }  # fmt: skip


def test_a_profile_is_charged_as_a_profile():
    charge = Charge(key=KEY, amount_minor=5, currency="USD", token="11446681769924840446/1", expiry="2029-03")
    _, body = sent(ASKER.charge(charge))

    assert body["profile"] == "11446681769924840446/1"
    assert not {"account", "expiry"} & set(body)
    assert body["amount"] == "0.05"


@pytest.mark.parametrize(
    ("mandate", "account_type", "ecomind", "accttype"),
    [
        ({}, "", "E", "ECHK"),
        ({"channel": "web"}, "checking", "E", "ECHK"),
        ({"channel": "phone"}, "savings", "T", "ESAV"),
        ({"channel": "paper"}, "checking", "B", "ECHK"),
    ],
)
def test_E1_an_echeck_says_how_it_was_authorised(mandate, account_type, ecomind, accttype):
    debit = Debit(
        key=KEY, amount_minor=2500, currency="USD", token="9123456789014321", account_type=account_type,
        holder="Anne-Éloïse Tremblay-Lafontaine-Beaulieu", mandate=mandate,
    )  # fmt: skip
    _, body = sent(ASKER.debit(debit))

    assert (body["ecomind"], body["accttype"]) == (ecomind, accttype)
    assert body["name"] == "Anne-?lo?se Tremblay-Lafontain"
    assert "expiry" not in body


def test_a_refund_has_an_order_id_of_its_own_and_a_void_has_none():
    of: dict[str, Any] = {"of_key": KEY, "of_reference": "310000000001", "amount_minor": 1000, "currency": "USD"}
    _, refund = sent(ASKER.refund(RefundOrder(key="k3v9q0a7m2c8dr1", charged_minor=4500, token="", **of)))
    line, void = sent(ASKER.void(Cancellation(key="k3v9q0a7m2c8dv1", **of)))
    other, by_order = sent(ASKER.void(Cancellation(key="k3v9q0a7m2c8dv1", **{**of, "of_reference": ""})))

    assert (refund["retref"], refund["amount"], refund["orderid"]) == ("310000000001", "10.00", "k3v9q0a7m2c8dr1")
    assert (line.split()[1], void) == (
        "/cardconnect/rest/void", {"merchid": "100000000001", "retref": "310000000001"},
    )  # fmt: skip
    assert (other.split()[1], by_order["orderid"]) == ("/cardconnect/rest/voidByOrderId", KEY)


@pytest.mark.parametrize("key", ["1234567890123", "a" * 20, "", "a b", "a/b", "é1"])
def test_a_key_that_is_no_order_id_is_a_bug(key):
    with pytest.raises(ValueError, match="order id"):
        order_id(key)


def test_another_currency_would_need_its_own_rule():
    with pytest.raises(ValueError, match="JPY"):
        ASKER.charge(Charge(key=KEY, amount_minor=45, currency="JPY", token="9401234567890123"))


def test_INV19_credentials_are_in_the_request_only():
    assert "hunter2" not in repr(ASKER)
    assert b"hunter2" not in ASKER.inquire_by_order(KEY)


@pytest.mark.parametrize(("minor", "text"), [(0, "0.00"), (5, "0.05"), (4500, "45.00"), (9_999_999_999, "99999999.99")])
def test_B3_amounts_are_written_with_their_cents_and_read_back(minor, text):
    assert write_amount(minor) == text
    assert read_amount(text) == minor


@pytest.mark.parametrize("value", ["4500", "45.0", "45.000", "45,00", " 45.00", "1e3", "٤٥.٠٠", 45, 45.0, None, True])
def test_B3_an_amount_that_could_be_a_hundred_times_another_is_not_read(value):
    with pytest.raises(UnreadableAmount):
        read_amount(value)


def test_only_reports_have_integers_of_cents():
    assert (read_report_amount(55014), read_report_amount("550.14")) == (55014, 55014)
    with pytest.raises(UnreadableAmount):
        read_report_amount("55014")
    with pytest.raises(UnreadableAmount):
        read_report_amount(True)
