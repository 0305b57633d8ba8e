"""Recorded exchanges are read without a guess, and a guess is said and fails (`make samples`)."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from adapters.gateways.cardpointe.samples import main, read_exchange, read_samples

EXCHANGES = Path(__file__).parent / "exchanges.json"
RECORDED: list[dict[str, Any]] = json.loads(EXCHANGES.read_text())["interactions"]


def exchange(number: int, **changes: Any) -> dict[str, Any]:
    """One of them, with fields of the answer changed; None takes a field away."""
    one = copy.deepcopy(RECORDED[number - 1])
    for name, value in changes.items():
        one["response"]["body"][name] = value
        if value is None:
            del one["response"]["body"][name]
    return one


def test_our_own_exchanges_need_no_guess(capsys):
    assert main([str(EXCHANGES)]) == 0

    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == len(RECORDED) + 1
    assert shown[-1] == f"{len(RECORDED)} exchanges, 0 needed a guess"
    assert shown[3].split() == ["4", "PUT", "auth", "declined", "FNOR/NU", "insufficient_funds"]


def test_each_exchange_means_what_it_says():
    verdicts = [one.verdict for one in read_samples(EXCHANGES)]

    assert verdicts == [
        "captured", "authorised", "captured", "declined", "declined", "declined", "declined", "declined",
        "no verdict", "no verdict", "no answer", "captured", "found", "found", "not found", "rejected", "voided",
        "declined", "not found", "refunded", "declined", "declined", "batches", "batches", "funding", "funding",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "changes", "guess"),
    [
        (1, {"respstat": None}, "respstat"),
        (1, {"respstat": "X"}, "respstat"),
        (1, {"respproc": None}, "respproc"),
        (1, {"amount": "4500"}, "amount"),
        (1, {"amount": 45.0}, "amount"),
        (1, {"amount": "45.01"}, "amount"),
        (1, {"retref": None}, "retref"),
        (1, {"token": 9401234567890011}, "token"),
        (4, {"respcode": "QQ"}, "respcode FNOR/QQ"),
        (3, {"retref": "310000000099"}, "retref"),
        (3, {"setlstat": "Nearly"}, "setlstat"),
        (13, {"voidable": "maybe"}, "voidable"),
        (20, {"amount": "11.00"}, "amount"),
        (25, {"errormsg": "what?"}, "errormsg"),
        (25, {"txns": {}}, "txns"),
    ],
)
def test_what_would_need_a_guess_names_its_field(number, changes, guess):
    assert read_exchange(exchange(number, **changes)).guess == guess


@pytest.mark.parametrize(("name", "value"), [("hoststat", "ZZ"), ("txns", None), ("batchid", 1.5)])
def test_a_report_that_would_need_a_guess_names_its_field(name, value):
    one = exchange(24)
    one["response"]["body"][0][name] = value

    assert read_exchange(one).guess == name


def test_an_unknown_endpoint_or_a_torn_exchange_needs_a_guess():
    one = exchange(1)
    one["request"]["uri"] = one["request"]["uri"].replace("/auth", "/surcharge")

    assert read_exchange(one).guess == "endpoint"
    assert read_exchange({"request": {}}).guess == "exchange"


def test_a_guess_makes_the_exit_one_and_no_file_two(tmp_path, capsys):
    file = tmp_path / "recorded.json"
    file.write_text(json.dumps({"interactions": [exchange(1), exchange(1, respstat="?")]}))

    assert main([str(file)]) == 1
    assert "GUESS: respstat" in capsys.readouterr().out
    file.write_text("[]")
    assert main([str(file)]) == 2
    assert main([str(tmp_path / "nothing.json")]) == 2
    assert main([]) == 2
    assert "nothing.json" in capsys.readouterr().err
