"""A card payment is cancelled at its processor, on its day only and where the table says so (B9, section 9)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.database.invariants import broken
from domain.action_item import ItemKind, ItemState
from domain.payment import PaymentState
from domain.repayment import RepaymentState
from domain.use_cases.act_on_item import settle_item
from domain.use_cases.cancel_payment import (
    PaymentBeingCancelled,
    PaymentNotCancellable,
    PaymentWasRefunded,
    cancel_payment,
)
from tests.world import ORGANISATION, World, world


def cancel(club: World, payment: str) -> dict[str, Any] | None:
    return club.books.run(lambda tx: cancel_payment(tx, organisation=ORGANISATION, payment=payment, by="marie"))


def honest(club: World) -> None:
    with club.books.begin(read_only=True) as tx:
        assert {name: rows for name, rows in broken(tx, late=timedelta(days=365)).items() if rows} == {}


def test_B9_on_its_day_a_card_payment_is_voided_reversed_and_its_lines_are_open_again(club: World) -> None:
    invoice, payment = club.invoice(10_000), "p-void"
    club.pay(10_000, payment=payment, payment_method=club.card(), invoice=invoice)
    club.charge()
    assert cancel(club, payment) is None  # its processor has to be asked
    assert club.payment(payment).state is PaymentState.PAID
    with pytest.raises(PaymentBeingCancelled):
        cancel(club, payment)
    honest(club)

    club.work()
    assert club.payment(payment).state is PaymentState.REVERSED
    assert (club.moved("voided"), club.moved("refunded"), club.balance("c-1")) == (10_000, 0, 10_000)
    honest(club)


def test_B9_the_day_is_that_of_the_organisation(club: World) -> None:
    club.now = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)  # 22:00 on the 24th
    same_day, other_day = club.paid(), club.paid()
    club.now = datetime(2026, 11, 25, 4, 59, tzinfo=UTC)
    cancel(club, same_day)
    club.work()
    club.now = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
    with pytest.raises(PaymentNotCancellable):
        cancel(club, other_day)
    assert club.payment(same_day).state is PaymentState.REVERSED


def test_B9_what_was_refunded_in_part_is_not_cancelled(club: World) -> None:
    payment = club.paid()
    refund = club.refund(payment, 1_000)
    with pytest.raises(PaymentWasRefunded):
        cancel(club, payment)
    club.call_back(refund)
    cancel(club, payment)
    club.work()
    assert club.payment(payment).state is PaymentState.REVERSED
    honest(club)


def test_R7_where_the_processor_can_not_void_it_is_refunded_instead(migrated_url: str, tmp_path: Path) -> None:
    with world(migrated_url, tmp_path) as club:
        club.organisation(account={"void_same_day": False})
        club.client()
        with pytest.raises(PaymentNotCancellable):
            cancel(club, club.paid())


def test_B9_a_cancellation_that_is_declined_leaves_the_payment_as_it_was(club: World) -> None:
    payment = club.paid("tok_refund_fails")
    cancel(club, payment)
    club.work()
    assert (club.payment(payment).state, club.payment(payment).refunded) == (PaymentState.PAID, 0)
    assert club.items() == []
    honest(club)


def test_F23_a_lost_answer_to_a_cancellation_is_looked_up_and_ends_with_a_person(club: World) -> None:
    answered, silent = club.paid("tok_refund_timeout_after"), club.paid("tok_refund_garbage")
    cancel(club, answered)
    cancel(club, silent)
    club.work()
    honest(club)
    club.climb()
    assert club.payment(answered).state is PaymentState.REVERSED
    [asked] = club.repayments(payment=silent)
    item = club.item(silent)
    assert (asked.state, item.kind, item.of) == (RepaymentState.IN_DOUBT, ItemKind.IN_DOUBT, "cancellation")
    honest(club)
    settled: dict[str, Any] = {"outcome": "not_paid", "reference": "", "reason": "still there"}
    club.books.run(lambda tx: settle_item(tx, organisation=ORGANISATION, item=item.id, by="marie", **settled))
    assert (club.payment(silent).state, club.payment(silent).refunded) == (PaymentState.PAID, 0)
    assert club.item(silent).state is ItemState.RESOLVED
    honest(club)
