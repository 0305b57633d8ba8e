"""Each invariant of client billing returns no rows in an honest past, and finds the lie that it is there for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from adapters.database.billing_invariants import BILLING
from adapters.database.invariants import broken
from domain.credit import TaxMode
from domain.use_cases.cancel_payment import cancel_payment
from domain.use_cases.create_credit import create_credit
from domain.use_cases.refund_money import cancel_refund, record_refund, request_refund
from domain.use_cases.scholarships import award_scholarship, open_scholarship
from tests.world import ORGANISATION, World, world

# fmt: off
LIES = [
    ("sources_are_used_once",            "UPDATE consumptions SET amount = amount + 5000 WHERE source = 'cr-1'"),
    ("reversed_payment_covers_nothing",  "UPDATE allocations SET source = 'p-2'"),
    ("refunded_is_what_its_refunds_say", "UPDATE payments SET refunded = refunded + 1 WHERE id = 'p-1'"),
    ("refund_consumes_its_amount",       "DELETE FROM consumptions WHERE refund = 'rf-1'"),
    ("refund_is_posted_and_reversed_as_its_state_says",
                                         "DELETE FROM ledger_transactions WHERE kind = 'refund_reversal'"),
    ("refund_is_posted_and_reversed_as_its_state_says",
                                         "UPDATE refunds SET state = 'failed' WHERE id = 'rf-1'"),
    ("credit_is_posted_with_its_amount", "UPDATE credits SET amount = amount + 1"),
    ("reversed_payment_has_its_reversal",
                                         "DELETE FROM ledger_transactions WHERE kind = 'payment_reversal'"),
    ("fund_holds_what_was_not_awarded",  "UPDATE funds SET balance = balance + 1"),
]
# fmt: on


@pytest.fixture
def past(migrated_sqlite_url: str, tmp_path: Path) -> Iterator[World]:
    """A card payment refunded in part, cash that never was, a credit given back, a refund called back, a fund."""
    at: dict[str, Any] = {"organisation": ORGANISATION, "by": "marie"}
    with world(migrated_sqlite_url, tmp_path) as told:
        told.organisation()
        told.client()
        invoice = told.invoice(5_000)
        told.pay(9_000, payment="p-1", payment_method=told.card(), invoice=invoice)
        told.work()
        told.pay(1_000, payment="p-2", offline="cash")
        told.books.run(lambda tx: cancel_payment(tx, payment="p-2", **at))
        credit: dict[str, Any] = {"rates": (), "tax_mode": TaxMode.WAIVED}
        told.books.run(lambda tx: create_credit(tx, client="c-1", id="cr-1", amount=2_000, **credit, **at))
        told.books.run(lambda tx: request_refund(tx, refund="rf-1", payment="p-1", amount=1_500, **at))
        given: dict[str, Any] = {"client": "c-1", "offline": "cash"}
        told.books.run(lambda tx: record_refund(tx, refund="rf-2", amount=4_000, **given, **at))
        told.books.run(lambda tx: record_refund(tx, refund="rf-3", amount=100, **given, **at))
        told.books.run(lambda tx: cancel_refund(tx, refund="rf-3", **at))
        told.books.run(lambda tx: open_scholarship(tx, fund="fund", amount=1_000, **at))
        told.books.run(lambda tx: award_scholarship(tx, fund="fund", client="c-1", amount=400, invoice=None, **at))
        yield told


def violated(past: World) -> set[str]:
    with past.books.begin(read_only=True) as tx:
        return {name for name, rows in broken(tx).items() if rows}


def test_an_honest_past_violates_nothing(past: World) -> None:
    assert violated(past) == set()


@pytest.mark.parametrize(("name", "lie"), LIES, ids=[name for name, _ in LIES])
def test_a_lie_is_found(past: World, name: str, lie: str) -> None:
    with past.engine.connect() as connection:
        triggers = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars()
        for trigger in triggers.all():
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.execute(text(lie))
        connection.commit()
    assert name in violated(past)


def test_every_invariant_has_a_lie() -> None:
    assert set(BILLING) == {name for name, _ in LIES}
