"""Each invariant of subscriptions returns no rows in an honest past, and finds the lie that it is there for."""

from collections.abc import Iterator

import pytest

from adapters.database.subscription_invariants import PERIODS
from tests.conftest import Lend
from tests.lying import found_by, violated
from tests.world import World, world

# fmt: off
LIES = [
    ("period_has_its_own_invoice",               "UPDATE renewals SET amount = amount + 1"),
    ("period_has_its_own_invoice",               "UPDATE invoices SET booked_on = '2026-01-01'"),
    ("invoice_is_of_one_period",                 "UPDATE renewals SET invoice = (SELECT max(invoice) FROM renewals)"),
    ("invoice_of_a_subscription_is_of_a_period", "DELETE FROM renewals WHERE number = 1"),
    ("period_is_asked_for_by_its_own_payment",   "UPDATE payments SET number = number + 1"),
    ("charge_of_a_subscription_is_of_a_period",  "DELETE FROM renewals WHERE number = 1"),
    ("subscription_has_billed_what_it_says",     "UPDATE subscriptions SET billed = billed - 1"),
    ("subscription_is_told_to_its_own_client",   "UPDATE renewals SET client = 'c-2'"),
    ("every_period_was_billed",                  "UPDATE subscriptions SET next_on = '2026-11-01'"),
    ("failed_instalment_has_its_item",           "DELETE FROM action_items"),
]
# fmt: on


@pytest.fixture(scope="module")
def past(lend: Lend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two weeks of a subscription that pays, and of one that does not."""
    with lend("sqlite") as url, world(url, tmp_path_factory.mktemp("past")) as told:
        told.organisation()
        told.client()
        told.client("c-2")
        told.subscribe(told.card(), every="week")
        told.subscribe(told.card("tok_insufficient_funds"), every="week")
        told.night(days=7)
        yield told


def test_an_honest_past_violates_nothing(past: World) -> None:
    assert violated(past) == set()


@pytest.mark.parametrize(("name", "lie"), LIES, ids=[name for name, _ in LIES])
def test_a_lie_is_found(past: World, name: str, lie: str) -> None:
    assert name in found_by(past, lie)


def test_every_invariant_has_a_lie() -> None:
    assert set(PERIODS) <= {name for name, _ in LIES}
