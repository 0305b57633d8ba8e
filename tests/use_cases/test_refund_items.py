"""Refunds that failed, or of which nobody knows: their items, and what a person does (R6, A1-A5, A9, A10)."""

from datetime import date, timedelta

import pytest

from adapters.database.invariants import broken
from domain.action_item import ItemKind, ItemState
from domain.outcome import Returned
from domain.payment import PaymentState
from domain.refund import RefundState
from domain.refunding import (
    ExceedsRefundable,
    RefundSent,
)
from domain.refusal import Refusal
from domain.repayment import RepaymentState
from domain.retrying import PaymentTakenBack
from domain.retrying_refunds import RefundCardDead, RefundSameMethod
from domain.use_cases.act_on_item import ask_again, reject_item, reopen_item, retry_item, settle_item
from domain.use_cases.hear_of_refund import hear_of_refund
from domain.use_cases.take_back_payment import take_back_payment
from tests.world import ORGANISATION, World

S = RefundState


def honest(club: World) -> None:
    with club.books.begin(read_only=True) as tx:
        assert {name: rows for name, rows in broken(tx, late=timedelta(days=365)).items() if rows} == {}


def balance(club: World, client: str = "c-1") -> int:
    return club.books.run(lambda tx: tx.balance(ORGANISATION, client))


def act(club: World, how: object, item: str, **more: object) -> object:
    return club.books.run(lambda tx: how(tx, organisation=ORGANISATION, item=item, by="marie", **more))  # type: ignore[operator]


def sent(club: World, token: str = "tok_approve", amount: int = 10_000) -> str:
    """A refund that its night has sent."""
    refund = club.refund(club.paid(token), amount)
    club.night()
    return refund


def test_R6_a_refund_that_fails_makes_an_item_and_the_money_stays_owed(club: World) -> None:
    refund = sent(club, "tok_refund_fails")
    failed = club.refunded(refund)
    assert (failed.state, failed.reason, failed.network_code) == (S.FAILED, "refund_declined", "05")
    assert balance(club) == -10_000
    item = club.item(failed.payment or "")
    assert (item.kind, item.of, item.refund, item.amount, item.state) == (
        ItemKind.REFUND, "refund", refund, 10_000, ItemState.OPEN,
    )  # fmt: skip
    assert [one.kind for one in club.postings(client="c-1")][-2:] == ["refund", "refund_reversal"]
    assert club.payment(failed.payment or "").refunded == 0
    honest(club)


def test_A3_a_retry_is_a_new_refund_to_the_same_method_and_resolves_its_item(club: World) -> None:
    refund = sent(club, "tok_refund_returned")
    for _ in range(3):
        club.night()
    assert club.refunded(refund).state is S.FAILED
    item = club.item(club.refunded(refund).payment or "")
    assert item.reason == "closed_account"
    with pytest.raises(RefundCardDead):
        act(club, retry_item, item.id)

    other = sent(club, "tok_refund_fails", 4_000)
    item = club.items(refund=other)[0]
    with pytest.raises(RefundSameMethod):
        act(club, retry_item, item.id, payment_method=club.card())
    act(club, retry_item, item.id)
    with pytest.raises(Refusal):
        act(club, retry_item, item.id)
    assert club.items(id=item.id)[0].state is ItemState.RETRYING
    honest(club)
    club.work()
    again = club.items(id=item.id)[0]
    assert (again.state, again.attempts) == (ItemState.OPEN, 2)
    retried = club.refunded(again.refund)
    assert (retried.retry_of, retried.state, retried.payment_method) == (
        other, S.FAILED, club.refunded(other).payment_method,
    )  # fmt: skip
    honest(club)


def test_A4_a_rejected_item_keeps_the_money_owed_and_can_be_reopened(club: World) -> None:
    refund = sent(club, "tok_refund_card_closed")
    item = club.items(refund=refund)[0]
    act(club, reject_item, item.id, reason="given back in cash")
    assert (club.items(id=item.id)[0].state, balance(club)) == (ItemState.REJECTED, -10_000)
    act(club, reopen_item, item.id)
    assert club.items(id=item.id)[0].state is ItemState.OPEN
    honest(club)


@pytest.mark.parametrize(("token", "moved"), [("tok_refund_timeout_after", 10_000), ("tok_refund_500", 10_000)])
def test_F23_an_answer_that_was_lost_is_looked_up_and_nothing_moves_twice(club: World, token: str, moved: int) -> None:
    refund = sent(club, token)
    assert club.refunded(refund).state is S.UNKNOWN
    with pytest.raises(RefundSent):
        club.call_back(refund)
    honest(club)
    club.climb()
    assert club.refunded(refund).state is S.SUBMITTED
    assert club.moved("refunded") == moved
    assert len(club.repayments(refund=refund)) == 1
    honest(club)


@pytest.mark.parametrize("token", ["tok_refund_timeout_before", "tok_refund_garbage"])
def test_A10_without_a_verdict_the_ladder_ends_with_a_person(club: World, token: str) -> None:
    refund = sent(club, token)
    club.climb()
    assert club.refunded(refund).state is S.UNKNOWN
    [asked] = club.repayments(refund=refund)
    assert asked.state is RepaymentState.IN_DOUBT
    item = club.items(refund=refund)[0]
    assert (item.kind, item.of, item.state) == (ItemKind.IN_DOUBT, "refund", ItemState.OPEN)
    assert club.moved("refunded") == 0
    honest(club)

    act(club, ask_again, item.id)
    club.work()
    assert club.items(id=item.id)[0].state is ItemState.OPEN
    with pytest.raises(Refusal):
        act(club, retry_item, item.id)
    act(club, settle_item, item.id, outcome="not_paid", reference="", reason="not on the list")
    assert club.refunded(refund).state is S.FAILED
    item = club.items(id=item.id)[0]
    assert (item.kind, item.state, balance(club)) == (ItemKind.REFUND, ItemState.OPEN, -10_000)
    honest(club)


def test_A10_it_was_paid_books_it_with_the_reference_of_the_processor(club: World) -> None:
    refund = sent(club, "tok_refund_garbage")
    club.climb()
    item = club.items(refund=refund)[0]
    act(club, settle_item, item.id, outcome="paid", reference="R-77", reason="on the list")
    assert (club.refunded(refund).state, club.refunded(refund).reference) == (S.SUBMITTED, "R-77")
    assert club.items(id=item.id)[0].state is ItemState.RESOLVED
    honest(club)


def test_R6_a_settled_refund_may_still_fail(club: World) -> None:
    refund = sent(club)
    club.night(days=3)
    assert club.refunded(refund).state is S.SETTLED
    bounced = Returned(code="closed_account", network_code="R02", on=date(2026, 12, 20))
    heard = [
        club.books.run(lambda tx: hear_of_refund(tx, organisation=ORGANISATION, refund=refund, standing=bounced))
        for _ in range(2)
    ]
    assert heard == [True, False]
    assert (club.refunded(refund).state, balance(club)) == (S.FAILED, -10_000)
    assert club.items(refund=refund)[0].kind is ItemKind.REFUND
    honest(club)


def test_A1_a_chargeback_reverses_the_payment_reopens_its_lines_and_makes_an_item_whatever_was_refunded(
    club: World,
) -> None:
    invoice = club.invoice(6_000)
    payment = "p-charged-back"
    club.pay(10_000, payment=payment, payment_method=club.card(), invoice=invoice)
    club.charge()
    before, waiting = club.refund(payment, 1_000), None
    club.night()
    waiting = club.refund(payment, 500)
    told = [
        club.books.run(lambda tx: take_back_payment(tx, organisation=ORGANISATION, payment=payment, code="chargeback"))
        for _ in range(2)
    ]
    assert told == [True, False]
    assert club.payment(payment).state is PaymentState.REVERSED
    assert [club.refunded(one).state for one in (before, waiting)] == [S.SUBMITTED, S.CANCELLED]
    assert balance(club) == 7_000
    lines = club.books.run(lambda tx: tx.open_lines([(ORGANISATION, invoice)], lock=False))
    assert [line.open for line in lines[ORGANISATION, invoice]] == [6_000]
    item = club.item(payment)
    assert (item.kind, item.reason, item.refund) == (ItemKind.PAYMENT, "chargeback", "")
    with pytest.raises(PaymentTakenBack):
        act(club, retry_item, item.id)
    honest(club)
    with pytest.raises(ExceedsRefundable):
        club.refund(payment, 1)
