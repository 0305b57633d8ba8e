"""Each invariant returns no rows in an honest past, and finds the lie that it is there for."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.database.bank_invariants import BANK_FILES, BANK_FILES_BY_NOW
from adapters.database.billing_invariants import BILLING
from adapters.database.echeck_invariants import ECHECKS, ECHECKS_BY_NOW
from adapters.database.invariants import ALWAYS, BY_NOW, broken
from adapters.database.refund_invariants import REFUNDS, REFUNDS_BY_NOW
from adapters.database.subscription_invariants import PERIODS
from domain.use_cases.act_on_item import reject_item
from tests.conftest import BOTH_DATABASES, Lend
from tests.lying import found_by, violated
from tests.world import ORGANISATION, World, world


@pytest.fixture(scope="module", params=BOTH_DATABASES)
def past(request: pytest.FixtureRequest, lend: Lend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A night with everything in it; for whoever leaves it as it is."""
    with lend(request.param) as url, world(url, tmp_path_factory.mktemp("past")) as told:
        tell(told)
        yield told


@pytest.fixture
def own_past(migrated_url: str, tmp_path: Path) -> Iterator[World]:
    """The same, to go on from."""
    with world(migrated_url, tmp_path) as told:
        tell(told)
        yield told


def tell(told: World) -> None:
    """Charged, declined, revoked, in doubt, unknown, rejected, offline."""
    told.organisation()
    told.owing("tok_approve", 4_000, client="c-1")
    told.owing("tok_insufficient_funds", 5_000, client="c-2")
    told.owing("tok_timeout_before_charge", 6_000, client="c-3")
    told.client("c-5")
    told.plan(told.card("tok_revoked", client="c-5"), told.invoice(9_000, client="c-5"), 9_000,
              [date(2026, 11, 25), date(2026, 12, 25)], client="c-5")  # fmt: skip
    told.pay(1_000, offline="cash", invoice=told.invoice(2_000, client="c-1"))
    told.night()
    told.climb()
    told.owing("tok_timeout_before_charge", 6_000, client="c-4", days=0)
    told.charge()
    rejected = told.items(client="c-2")[0].id
    told.books.run(lambda tx: reject_item(tx, organisation=ORGANISATION, item=rejected, by="marie", reason="moved"))


def test_an_honest_past_breaks_no_invariant(past: World):
    with past.books.begin(read_only=True) as tx:
        found = broken(tx)
    assert {name: rows for name, rows in found.items() if rows} == {}
    always = ALWAYS | BILLING | PERIODS | REFUNDS | ECHECKS | BANK_FILES
    named = always | BY_NOW | REFUNDS_BY_NOW | ECHECKS_BY_NOW | BANK_FILES_BY_NOW
    assert len(found) == len(named) + 3  # nights, periods, seals


# fmt: off
LIES = [
    ("entries_sum_to_zero",            "UPDATE ledger_entries SET amount = amount + 1 WHERE account LIKE 'revenue%'"),
    ("posting_moves_the_balance_by_its_amount",
                                       "UPDATE ledger_transactions SET amount = amount + 1"),
    ("postings_are_in_the_currency_of_the_books",
                                       "UPDATE ledger_transactions SET currency = 'USD'"),
    ("invoice_is_posted_once_with_its_total",
                                       "DELETE FROM ledger_transactions WHERE kind = 'invoice'"),
    ("invoice_total_is_the_sum_of_its_lines",
                                       "UPDATE invoices SET total = total + 1"),
    ("line_is_allocated_what_its_allocations_say",
                                       "DELETE FROM allocations"),
    ("allocations_never_exceed_what_they_come_from",
                                       "UPDATE allocations SET amount = amount + 100000"),
    ("paid_is_posted_once_and_nothing_else_is",
                                       "DELETE FROM ledger_transactions WHERE kind = 'payment'"),
    ("paid_is_posted_once_and_nothing_else_is",
                                       "UPDATE payments SET state = 'cancelled' WHERE state = 'paid'"),
    ("payment_is_posted_for_a_payment",
                                       "UPDATE ledger_transactions SET subject = 'nothing' WHERE method = 'cash'"),
    ("card_money_was_approved_once",   "UPDATE attempts SET state = 'declined' WHERE state = 'approved'"),
    ("card_money_was_approved_once",   "UPDATE attempts SET state = 'approved' WHERE state = 'declined'"),
    ("reference_of_the_processor_is_booked_once",
                                       "UPDATE attempts SET state = 'approved', reference = 'same'"),
    ("payment_in_flight_has_its_attempt",
                                       "DELETE FROM attempts WHERE state = 'unknown'"),
    ("attempt_in_flight_has_its_payment",
                                       "UPDATE payments SET state = 'failed' WHERE state = 'unknown'"),
    ("attempts_are_numbered_without_gaps",
                                       "UPDATE payments SET attempts = attempts + 1"),
    ("unknown_is_looked_up_by_somebody",
                                       "UPDATE attempts SET next_at = NULL WHERE state = 'unknown'"),
    ("held_payment_waits_behind_an_item",
                                       "UPDATE payments SET state = 'held', plan = 'other' WHERE state = 'paid'"),
    ("ended_attempt_is_nobodys",       "UPDATE attempts SET worker = 'me/1' WHERE state = 'declined'"),
    ("plan_sums_to_its_total",         "UPDATE payments SET amount = amount + 1 WHERE plan IS NOT NULL"),
    ("plan_sums_to_its_total",         "UPDATE payments SET amount = amount - 1 WHERE plan IS NOT NULL"),
    ("failed_instalment_has_its_item", "DELETE FROM action_items"),
    ("doubt_has_its_item",             "DELETE FROM action_items WHERE kind = 'in_doubt'"),
    ("waiting_item_has_something_to_wait_for",
                                       "UPDATE payments SET state = 'cancelled' WHERE state = 'in_doubt'"),
    ("closed_item_has_an_actor",       "UPDATE action_items SET note = '' WHERE state = 'rejected'"),
    ("every_step_of_an_item_is_audited",
                                       "DELETE FROM events WHERE type = 'action_item.rejected'"),
    ("entries_belong_to_the_organisation_of_their_posting",
                                       "UPDATE ledger_entries SET organisation = 'stranger'"),
    ("money_is_allocated_to_its_own_client",
                                       "UPDATE allocations SET client = 'c-2'"),
    ("payment_stays_with_its_own_client",
                                       "UPDATE payments SET payment_method = 'pm-1' WHERE client = 'c-3'"),
    ("item_is_about_its_own_payment",  "UPDATE action_items SET client = 'c-1'"),
    ("command_that_waits_has_something_to_wait_for",
        "INSERT INTO commands (source, id, type, organisation, body, body_hash, door, status, waits, result, error, "
        "received_at) SELECT 's', '1', 't', 'ymca', '{}', '', 'test', 'done', true, '{}', '{}', created_at "
        "FROM organisations"),
]
# fmt: on


@pytest.mark.parametrize(("name", "lie"), LIES, ids=lambda value: value if " " not in value else "")
def test_a_lie_is_found(past: World, name: str, lie: str):
    assert name in found_by(past, lie)


def test_every_invariant_has_a_lie_or_is_kept_by_an_index():
    by_index = {"payment_has_one_attempt_in_flight_at_most"}
    assert set(ALWAYS) - {name for name, _ in LIES} == by_index


def test_inv10_what_was_not_done_in_time_is_found(own_past: World):
    own_past.owing("tok_approve", 1_000, client="c-6", days=0)
    own_past.owing("tok_approve", 1_000, client="c-7", days=2)
    own_past.books.run(lambda tx: tx.connection.execute(text(
        "INSERT INTO commands (source, id, type, organisation, body, body_hash, door, status, waits, result, error, "
        "received_at) SELECT 's', '1', 't', 'ymca', '{}', '', 'test', 'accepted', false, '{}', '{}', created_at "
        "FROM organisations")))  # fmt: skip
    own_past.now += timedelta(days=4)
    assert violated(own_past) == {
        "no_command_is_stuck", "no_due_payment_is_late", "no_look_up_is_late", "every_night_was_run"
    }  # fmt: skip


def test_inv10_a_claim_of_the_dead_is_found(own_past: World):
    own_past.books.run(
        lambda tx: tx.connection.execute(text("UPDATE attempts SET worker = 'gone/1' WHERE state = 'unknown'"))
    )
    assert violated(own_past) == set()
    own_past.now += timedelta(hours=1)
    assert violated(own_past) == {"no_claim_is_held_by_the_dead"}
