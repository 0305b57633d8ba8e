"""Each invariant of client billing returns no rows in an honest past, and finds the lie that it is there for."""

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.database.billing_invariants import BILLING
from domain.credit import TaxMode
from domain.use_cases.cancel_payment import cancel_payment
from domain.use_cases.create_credit import create_credit
from domain.use_cases.refund_money import cancel_refund, record_refund, request_refund
from domain.use_cases.scholarships import award_scholarship, open_scholarship
from tests.conftest import Lend
from tests.lying import found_by, violated
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


@pytest.fixture(scope="module")
def past(lend: Lend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A card payment refunded in part, cash that never was, a credit given back, a refund called back, a fund."""
    at: dict[str, Any] = {"organisation": ORGANISATION, "by": "marie"}
    with lend("sqlite") as url, world(url, tmp_path_factory.mktemp("past")) as told:
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


def test_an_honest_past_violates_nothing(past: World) -> None:
    assert violated(past) == set()


@pytest.mark.parametrize(("name", "lie"), LIES, ids=[name for name, _ in LIES])
def test_a_lie_is_found(past: World, name: str, lie: str) -> None:
    assert name in found_by(past, lie)


def test_every_invariant_has_a_lie() -> None:
    assert set(BILLING) == {name for name, _ in LIES}
