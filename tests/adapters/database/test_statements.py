"""The account statement: two columns, balances, what is still to come (B1, B12, B13)."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.database.statements import statement
from domain.refusal import NotKnown
from tests.world import ORGANISATION, World, world


@pytest.fixture
def past(migrated_url: str, tmp_path: Path) -> Iterator[World]:
    with world(migrated_url, tmp_path) as told:
        told.organisation()
        told.client()
        yield told


def of(past: World, client: str = "c-1") -> dict[str, Any]:
    with past.books.begin(read_only=True) as tx:
        return statement(tx, ORGANISATION, client)


def test_b1_the_balance_is_the_sum_of_the_columns(past: World):
    past.invoice(20_000)
    past.pay(5_000, offline="cash", payer="Ann")
    told = of(past)
    assert (told["balance"], told["expected_balance"]) == (15_000, 15_000)
    assert [(one["kind"], one["amount"], one["on"]) for one in told["revenue"]] == [("invoice", 20_000, "2026-11-24")]
    [receipt] = told["receipts"]
    assert (receipt["kind"], receipt["amount"], receipt["method"], receipt["state"]) == (
        "payment", 5_000, "cash", "received",
    )  # fmt: skip


def test_b1_more_than_is_owed_is_a_credit(past: World):
    past.pay(5_000, offline="cash")
    assert of(past)["balance"] == -5_000


def test_b12_an_invoice_is_reconciled_as_far_as_it_is_paid(past: World):
    for amount in (0, 4_000, 10_000):
        invoice = past.invoice(10_000)
        if amount:
            past.pay(amount, offline="cash", invoice=invoice)
    planned = past.invoice(10_000)
    past.plan(past.card(), planned, 10_000, [date(2026, 12, 1), date(2027, 1, 1)])
    assert [one["reconciled"] for one in of(past)["revenue"]] == ["not", "partially", "fully", "planned"]


def test_b13_planned_payments_lower_the_expected_balance_and_failed_ones_do_not(past: World):
    invoice = past.invoice(9_000)
    past.plan(
        past.card("tok_insufficient_funds"), invoice, 9_000, [date(2026, 11, 25), date(2026, 12, 25), date(2027, 1, 25)]
    )
    past.night()
    told = of(past)
    assert [(one["on"], one["amount"], one["state"]) for one in told["upcoming"]] == [
        ("2026-11-25", 3_000, "failed"), ("2026-12-25", 3_000, "scheduled"), ("2027-01-25", 3_000, "scheduled"),
    ]  # fmt: skip
    assert (told["balance"], told["expected_balance"]) == (9_000, 3_000)


def test_i5_what_a_stopped_plan_holds_is_still_planned(past: World):
    invoice = past.invoice(9_000)
    past.plan(past.card("tok_revoked"), invoice, 9_000, [date(2026, 11, 25), date(2026, 12, 25)])
    past.night()
    upcoming = of(past)["upcoming"]
    assert [(one["state"], one.get("held", False)) for one in upcoming] == [("failed", False), ("scheduled", True)]


def test_i6_a_doubtful_attempt_is_unknown_and_in_no_column(past: World):
    past.owing("tok_timeout_before_charge", 5_000, client="c-2")
    past.night()
    told = of(past, "c-2")
    assert told["receipts"] == []
    assert [one["state"] for one in told["upcoming"]] == ["unknown"]
    past.climb()
    assert [one["state"] for one in of(past, "c-2")["upcoming"]] == ["unknown"]


def test_i6_a_charged_instalment_is_a_receipt_and_no_longer_to_come(past: World):
    past.owing("tok_approve", 5_000, client="c-2")
    past.night()
    told = of(past, "c-2")
    assert (told["balance"], told["upcoming"]) == (0, [])
    assert [one["reconciled"] for one in told["revenue"]] == ["fully"]


def test_p1_a_client_of_another_organisation_is_not_known(past: World):
    past.organisation("other")
    with past.books.begin(read_only=True) as tx, pytest.raises(NotKnown):
        statement(tx, "other", "c-1")
