"""Each invariant of refunds returns no rows in an honest past, and finds the lie that it is there for."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from adapters.database.refund_invariants import REFUNDS, REFUNDS_BY_NOW
from domain.use_cases.cancel_payment import cancel_payment
from domain.use_cases.start_nights import start_nights
from tests.conftest import Lend
from tests.lying import found_by, violated
from tests.world import ORGANISATION, World, world

# fmt: off
LIES = [
    ("refunds_never_exceed_what_was_paid", "UPDATE refunds SET amount = 99999 WHERE id = 'rf-sent'"),
    ("processor_gave_back_no_more_than_was_charged", "UPDATE repayments SET amount = 99999 WHERE refund = 'rf-sent'"),
    ("refund_has_one_key_that_may_live", "UPDATE repayments SET refund = 'rf-sent' WHERE refund = 'rf-unknown'"),
    ("refund_stands_where_its_last_repayment_does", "UPDATE refunds SET state = 'pending' WHERE id = 'rf-sent'"),
    ("refund_stands_where_its_last_repayment_does", "UPDATE refunds SET state = 'settled' WHERE id = 'rf-unknown'"),
    ("refund_stands_where_its_last_repayment_does", "DELETE FROM repayments WHERE refund = 'rf-sent'"),
    ("refund_asks_for_its_own_amount", "UPDATE repayments SET amount = amount - 1 WHERE refund = 'rf-sent'"),
    ("refund_goes_back_to_the_method_that_paid", "UPDATE refunds SET payment_method = 'pm-other'"),
    ("failed_refund_has_its_item", "DELETE FROM action_items WHERE refund = 'rf-failed'"),
    ("refund_in_doubt_has_its_item", "UPDATE action_items SET state = 'rejected' WHERE kind = 'in_doubt'"),
    ("item_of_a_refund_has_something_to_wait_for", "UPDATE refunds SET state = 'cancelled' WHERE id = 'rf-failed'"),
    ("item_of_a_refund_has_something_to_wait_for", "UPDATE refunds SET state = 'failed' WHERE id = 'rf-doubt'"),
    ("unknown_repayment_is_looked_up_by_somebody", "UPDATE repayments SET next_at = NULL WHERE refund = 'rf-unknown'"),
    ("ended_repayment_is_nobodys", "UPDATE repayments SET worker = 'w/1' WHERE refund = 'rf-sent'"),
    ("cancelled_payment_was_cancelled_at_its_processor_or_taken_back",
                                   "UPDATE repayments SET state = 'declined' WHERE refund IS NULL"),
    ("sent_refund_is_followed", "UPDATE refunds SET follow_on = NULL WHERE id = 'rf-sent'"),
    ("no_refund_is_late", "UPDATE refunds SET send_on = '2026-11-01' WHERE id = 'rf-waits'"),
    ("no_cancellation_of_a_payment_is_late",
                          "UPDATE repayments SET state = 'due', promised_at = 1 WHERE refund IS NULL"),
    ("no_look_up_of_a_repayment_is_late", "UPDATE repayments SET next_at = 1 WHERE refund = 'rf-unknown'"),
    ("no_repayment_is_held_by_the_dead",
                          "UPDATE repayments SET worker = 'gone/1', promised_at = 1 WHERE refund = 'rf-unknown'"),
    ("no_question_about_a_refund_is_late", "UPDATE refunds SET follow_on = '2026-11-01' WHERE id = 'rf-sent'"),
]
# fmt: on


NOW = timedelta(seconds=0)


@pytest.fixture(scope="module")
def past(lend: Lend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A refund of each fate, and a payment that was cancelled at its processor."""
    with lend("sqlite") as url, world(url, tmp_path_factory.mktemp("past")) as told:
        told.organisation()
        told.client()
        cancelled = told.paid()
        told.books.run(lambda tx: cancel_payment(tx, organisation=ORGANISATION, payment=cancelled, by="marie"))
        told.work()
        for token, name in (
            ("tok_approve", "rf-sent"), ("tok_refund_fails", "rf-failed"), ("tok_refund_garbage", "rf-doubt"),
        ):  # fmt: skip
            told.refund(told.paid(token), 1_000, refund=name)
        told.night()
        told.climb()
        told.refund(told.paid("tok_refund_timeout_after"), 1_000, refund="rf-unknown")
        told.wait(days=1)
        told.books.run(lambda tx: start_nights(tx, organisation=ORGANISATION))
        told.repay()
        told.refund(told.paid(), 1_000, refund="rf-waits")
        told.wait(seconds=0.5)
        yield told


def test_an_honest_past_violates_nothing(past: World) -> None:
    assert violated(past, late=NOW) == set()


@pytest.mark.parametrize(("name", "lie"), LIES, ids=[f"{name}-{at}" for at, (name, _) in enumerate(LIES)])
def test_INV4_a_lie_about_a_refund_is_found(past: World, name: str, lie: str) -> None:
    assert name in found_by(past, lie, late=NOW, without="uq_repayments%")


def test_every_invariant_of_refunds_has_a_lie() -> None:
    assert set(REFUNDS) | set(REFUNDS_BY_NOW) == {name for name, _ in LIES}
