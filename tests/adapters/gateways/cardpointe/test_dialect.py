"""The simulator speaks CardPointe as CardPointe does: the fields of recorded exchanges, their kinds, their quirks."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.gateways.cardpointe.samples import read_exchange
from adapters.gateways.cardpointe.served import PASSWORD, TIMEOUT_CARDS, CardPointeDialect
from adapters.gateways.served_call import Call, Said
from adapters.gateways.simulator import Simulator
from tests.conformance.serving import NOON, Serving

EXCHANGES = json.loads((Path(__file__).parent / "exchanges.json").read_text())["interactions"]
CARD = {"merchid": "main", "account": "9401234567890011", "amount": "45.00", "currency": "USD"}
ECHECK = {"merchid": "main", "account": "9123456789014321", "amount": "25.00", "accttype": "ECHK", "capture": "Y"}


class Phone:
    """Calls the dialect without a socket."""

    def __init__(self, serving: Serving) -> None:
        self.dialect = CardPointeDialect(serving.simulator, timeout_s=32.0)
        self.serving = serving

    def call(self, method: str, path: str, body: Any = None, *, user: str = "ymca", password: str = PASSWORD) -> Said:
        credentials = base64.b64encode(f"{user}:{password}".encode())
        path, _, query = path.partition("?")
        asked = dict(pair.split("=") for pair in query.split("&")) if query else {}
        headers = {b"authorization": b"Basic " + credentials}
        return self.dialect.serve(
            Call(method, f"/cardconnect/rest/{path}", asked, headers, json.dumps(body).encode() if body else b"")
        )

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded body of a 200; the one that is no JSON as text."""
        head, _, said = self.call(method, path, body).data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        return "Null batches" if said == b"Null batches" else json.loads(said)

    def auth(self, **fields: str) -> Any:
        return self.ask("PUT", "auth", {**CARD, "capture": "Y", **fields})


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Phone]:
    serving = Serving(tmp_path / "journal.jsonl")
    yield Phone(serving)
    serving.close()


def status(said: Said) -> int:
    return int(said.data.split(b" ")[1])


def kinds(value: Any) -> dict[str, type]:
    return {name: type(held) for name, held in value.items()}


# What a recorded answer of each kind has, our simulator's has too, and of the same type.
def test_each_answer_has_the_fields_of_the_recorded_one(phone: Phone):
    taken = phone.auth(orderid="a1", receipt="Y")
    declined = phone.auth(account="tok_insufficient_funds", orderid="a2")
    authorised = phone.ask("PUT", "auth", CARD)
    captured = phone.ask("PUT", "capture", {"merchid": "main", "retref": authorised["retref"], "amount": "45.00"})
    record = phone.ask("GET", "inquireByOrderid/a1/main/1")
    missing = phone.ask("GET", "inquireByOrderid/nothing/main/1")
    voided = phone.ask("PUT", "void", {"merchid": "main", "retref": taken["retref"]})
    early = phone.ask("PUT", "refund", {"merchid": "main", "retref": captured["retref"], "amount": "1.00"})
    phone.serving.pass_days(3)
    refunded = phone.ask("PUT", "refund", {"merchid": "main", "retref": captured["retref"], "amount": "10.00"})
    echeck = phone.ask("PUT", "auth", ECHECK)
    batches = phone.ask("GET", "settlestat?merchid=main&date=1124")
    funding = phone.ask("GET", "funding?merchid=main&date=20261127")

    # fmt: off
    pairs = [
        # ours         recorded  fields that only some transactions have
        (taken,        1,        ("bintype",)),
        (authorised,   2,        ()),
        (captured,     3,        ()),
        (declined,     4,        ()),
        (echeck,       12,       ()),
        (record,       13,       ()),
        (missing,      15,       ()),
        (voided,       17,       ()),
        (refunded,     20,       ()),
        (early,        21,       ()),
        (batches[0],   24,       ()),
        (funding,      25,       ()),
    ]
    # fmt: on
    for ours, number, optional in pairs:
        recorded = EXCHANGES[number - 1]["response"]["body"]
        recorded = recorded[0] if isinstance(recorded, list) else recorded
        for name, kind in kinds(recorded).items():
            if name in optional or name.startswith("x"):
                continue
            assert name in ours, (number, name)
            assert type(ours[name]) is kind, (number, name)


def test_what_the_simulator_says_is_read_without_a_guess(phone: Phone):
    def exchange(method: str, path: str, asked: Any = None) -> dict[str, Any]:
        said = phone.ask(method, path, asked)
        uri = f"https://site.cardconnect.com/cardconnect/rest/{path}"
        return {"request": {"method": method, "uri": uri, "body": asked}, "response": {"status": 200, "body": said}}

    retref = phone.auth(orderid="a1")["retref"]
    asked = [
        exchange("PUT", "auth", {**CARD, "capture": "Y"}),
        exchange("PUT", "auth", {**CARD, "account": "tok_lost_card"}),
        exchange("PUT", "auth", {**CARD, "account": "tok_nobody_knows"}),
        exchange("PUT", "auth", ECHECK),
        exchange("GET", f"inquire/{retref}/main"),
        exchange("GET", "inquireByOrderid/nothing/main/1"),
        exchange("PUT", "refund", {"merchid": "main", "retref": retref, "amount": "45.00"}),
        exchange("GET", "settlestat?merchid=main&date=1124"),
        exchange("PUT", "void", {"merchid": "main", "retref": retref}),
        exchange("PUT", "voidByOrderId", {"merchid": "main", "orderid": "a1"}),
    ]

    assert [read_exchange(one).guess for one in asked] == [""] * len(asked)


def test_names_come_in_another_order_and_with_strangers_among_them(phone: Phone):
    answers = [phone.auth() for _ in range(20)]

    assert len({tuple(name for name in answer if not name.startswith("x")) for answer in answers}) > 5
    assert all(any(name.startswith("x") for name in answer) for answer in answers)


def test_the_same_order_id_moves_money_again_and_is_found_as_a_list(phone: Phone):
    phone.auth(orderid="a1")
    one = phone.ask("GET", "inquireByOrderid/a1/main/1")
    phone.auth(orderid="a1")
    both = phone.ask("GET", "inquireByOrderid/a1/main/1")

    assert one["orderid"] == "a1"
    assert [record["orderid"] for record in both] == ["a1", "a1"]
    assert [line["effect"] for line in phone.serving.lines()].count("captured") == 2


def test_a_silent_bank_is_given_up_after_32_seconds_with_an_answer(phone: Phone):
    said = phone.call("PUT", "auth", {**CARD, "account": TIMEOUT_CARDS[0], "capture": "Y"})
    answer = json.loads(said.data.partition(b"\r\n\r\n")[2])

    assert (status(said), said.after_s) == (200, 32.0)
    assert (answer["respstat"], answer["respproc"], answer["respcode"]) == ("B", "PPS", "62")
    assert phone.serving.lines() == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"amount": "1116.00"}, "116"),
        ({"amount": "1101.37"}, "101"),
        ({"amount": "1208.00"}, "208"),
        ({"amount": "1903.00"}, "903"),
        ({"amount": "111600"}, "116"),
    ],
)
def test_a_thousand_and_a_code_is_that_code_of_the_bank(phone: Phone, fields, code):
    answer = phone.auth(**fields)

    assert (answer["respstat"], answer["respproc"], answer["respcode"]) == ("C", "RPCT", code)


def test_a_card_number_is_never_said_again(phone: Phone):
    said = phone.call("PUT", "auth", {**CARD, "account": "4111111111111111", "capture": "Y"})

    assert b"4111111111111111" not in said.data
    assert b"9411111111111111" in said.data
    assert "4111111111111111" not in phone.serving.journal.read_text()


def test_the_batch_of_a_day_closes_with_it(phone: Phone):
    retref = phone.auth(orderid="a1")["retref"]
    seen = []
    for _ in range(3):
        record = phone.ask("GET", f"inquire/{retref}/main")
        batches = phone.ask("GET", "settlestat?merchid=main&date=1124")
        states = batches if batches == "Null batches" else [batches[0]["hoststat"], batches[0]["txns"][0]["setlstat"]]
        seen.append((record["setlstat"], record["voidable"], record["refundable"], states))
        phone.serving.pass_days(1)
    late = phone.ask("PUT", "void", {"merchid": "main", "retref": retref})

    assert seen == [
        ("Queued for Capture", "Y", "N", "Null batches"),
        ("Queued for Capture", "N", "N", ["SB", "P"]),
        ("Accepted", "N", "Y", ["GB", "Y"]),
    ]
    assert (late["respproc"], late["respcode"]) == ("PPS", "27")


def test_E5_a_late_return_is_in_the_funding_of_its_day_and_nowhere_else(phone: Phone):
    retref = phone.ask("PUT", "auth", {**ECHECK, "account": "echeck_unauthorised_late"})["retref"]
    phone.serving.pass_days(60)
    record = phone.ask("GET", f"inquire/{retref}/main")
    (line,) = phone.ask("GET", "funding?merchid=main&date=20270108")["txns"]
    nothing = phone.ask("GET", "funding?merchid=main&date=20270109")

    assert record["setlstat"] == "Accepted"
    assert (line["parentretref"], line["achreturncode"]) == (retref, "R10")
    assert nothing["errormsg"] == "No deposits match your request"


def test_what_was_done_is_found_by_another_process(phone: Phone):
    retref = phone.auth(orderid="a1")["retref"]
    phone.serving.simulator.close()
    again = Simulator(phone.serving.journal, clock=lambda: NOON)
    phone.dialect = CardPointeDialect(again, timeout_s=32.0)
    found = [phone.ask("GET", f"inquire/{retref}/main"), phone.ask("GET", "inquireByOrderid/a1/main/1")]
    again.close()

    assert [(one["retref"], one["amount"]) for one in found] == [(retref, "45.00")] * 2


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("PUT", "auth", {**CARD, "amount": "-1.00"}, "43"),
        ("PUT", "auth", {**CARD, "amount": "1.000"}, "43"),
        ("PUT", "auth", {**CARD, "currency": "JPY"}, "34"),
        ("PUT", "auth", {"merchid": "main", "amount": "1.00"}, "34"),
        ("PUT", "auth", {"account": "9401234567890011", "amount": "1.00"}, "34"),
        ("PUT", "capture", {"merchid": "main", "retref": "1"}, "29"),
        ("PUT", "void", {"merchid": "main", "retref": "1"}, "29"),
        ("PUT", "refund", {"merchid": "main", "retref": "1", "amount": "1.00"}, "29"),
        ("GET", "inquire/1/main", None, "29"),
        ("GET", "funding?merchid=main&date=yesterday", None, "34"),
    ],
)
def test_what_makes_no_sense_is_refused_by_the_gateway_itself(phone: Phone, method, path, body, code):
    answer = phone.ask(method, path, body)

    assert (answer["respstat"], answer["respproc"], answer["respcode"]) == ("C", "PPS", code)


def test_strangers_and_nonsense_get_an_error_of_http(phone: Phone):
    assert status(phone.call("PUT", "auth", CARD, password="guess")) == 401
    assert status(phone.call("PUT", "auth")) == 400
    assert status(phone.call("PUT", "auth", {**CARD, "amount": 45})) == 400
    assert status(phone.call("PUT", "nowhere", CARD)) == 404
    assert status(phone.call("DELETE", "auth", CARD)) == 404
    assert status(phone.call("GET", "nowhere")) == 404
    assert phone.call("PUT", "", {"merchid": "main"}).data.endswith(b"CardConnect REST Servlet")


def test_one_organisation_never_sees_what_is_anothers(phone: Phone):
    retref = phone.auth(orderid="a1")["retref"]
    said = phone.call("GET", f"inquire/{retref}/main", user="club")

    assert json.loads(said.data.partition(b"\r\n\r\n")[2])["respcode"] == "29"


def test_a_dialect_is_quick_enough_for_a_night(phone: Phone):
    for number in range(50):
        phone.auth(orderid=f"w{number}")
    started = time.process_time()
    for number in range(200):
        phone.auth(orderid=f"n{number}")
    assert time.process_time() - started < 1.0  # five milliseconds each, on a busy machine
