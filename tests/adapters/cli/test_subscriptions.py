"""Subscriptions through the doors: commands, the night's line, items, the next twelve charges (S1-S6)."""

from typing import Any

from tests.adapters.cli.conftest import Encaisse
from tests.adapters.office import envelope, register_card, register_client, register_organisation

MORNING = "2026-11-24T15:00:00Z"


def start(id: str = "sub-1", **more: Any) -> dict[str, Any]:
    given = {"description": "Pass", "amount": 3_000, "every": "month", "from": "2026-11-25", "payment_method": "pm-1"}
    return envelope("subscription.start", client="c-1", subscription=id, **{**given, **more})


def test_S1_a_month_of_subscriptions_by_command_line(encaisse: Encaisse):
    commands = [
        register_organisation(), register_client(), register_card("pm-1"),
        register_card("pm-2", "tok_insufficient_funds"), start(), start("sub-2", payment_method="pm-2"),
        start("sub-3", payment_method=None), start("sub-4", **{"from": "2026-11-24"}),
        envelope("subscription.change", subscription="sub-1", amount=3_500, **{"from": "2026-12-01"}),
        envelope("subscription.suspend", subscription="sub-2", **{"from": "2026-12-01", "to": "2027-01-31"}),
        envelope("subscription.resume", subscription="sub-2", **{"from": "2027-01-01"}),
        envelope("subscription.cancel", subscription="sub-3", ends_on="2027-02-28"),
    ]  # fmt: skip
    del commands[6]["data"]["payment_method"]
    sent = encaisse("send", "-", "--now", MORNING, "--json", commands=commands)
    assert sent.code == 0, sent.out
    assert sent.lines[4]["result"] == {
        "subscription": "sub-1", "state": "active", "next_on": "2026-11-25", "ends_on": None,
    }  # fmt: skip
    assert sent.lines[7]["result"]["next_on"] == "2026-12-24"  # its first period was billed at once
    night = encaisse("night", "--now", "2026-11-25T09:00:00Z", "--json").one
    assert {name: night[name] for name in ("charged", "declined", "renewed", "in_doubt")} == {
        "charged": 0, "declined": 2, "renewed": 1, "in_doubt": 0,
    }  # fmt: skip
    again = encaisse("night", "--now", "2026-11-25T10:00:00Z", "--json").one
    assert (again["declined"], again["renewed"]) == (0, 0)
    items = encaisse("items", "--kind", "subscription", "--json").lines
    assert [(item["reason"]["code"], item["amount"]) for item in items] == [
        ("no_method", 3_000), ("insufficient_funds", 3_000),
    ]  # fmt: skip
    statement = encaisse("statement", "ymca", "c-1", "--json").one
    assert statement["balance"] == 6_000
    assert [line["amount"] for line in statement["revenue"]] == [3_000] * 4
    assert {line["description"] for line in statement["receipts"]} == {"Abonnement, carte se terminant par 4242"}
    told = encaisse("subscriptions", "ymca", "c-1", "--now", MORNING, "--json").one["subscriptions"]
    first = told[0]["charges"][0]
    assert (first["on"], first["amount"]) == ("2026-12-25", 3_500)
    assert len(told[0]["charges"]) == 12
    assert told[1]["charges"][0]["on"] == "2027-01-25"
    assert [charge["on"] for charge in told[2]["charges"]] == ["2026-12-25", "2027-01-25", "2027-02-25"]
    drawn = encaisse("subscriptions", "ymca", "c-1", "--now", MORNING, "--language", "fr").out
    assert "2026-12-25" in drawn
    assert "Pass (sub-1)" in drawn


def test_S1_a_start_that_is_repeated_is_answered_as_before_and_another_under_its_id_is_refused(encaisse: Encaisse):
    commands = [
        register_organisation(), register_client(), register_card("pm-1"), start(), start(), start(amount=1),
        start("sub-9", every="week", billing_day=3), start("sub-8", payment_method="nobody"),
    ]  # fmt: skip
    sent = encaisse("send", "-", "--now", MORNING, "--json", commands=commands).lines
    assert sent[3]["result"] == sent[4]["result"]
    assert [one.get("error", {}).get("code") for one in sent[5:]] == ["id_taken", "billing_day_of_weeks", "not_known"]
    assert encaisse("check", "--json", "--now", MORNING).one["ok"]
