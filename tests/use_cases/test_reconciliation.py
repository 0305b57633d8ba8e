"""Reconciliation: every difference between the processor's list and our books is one break, and none is invented."""

from datetime import date
from typing import Any

import pytest

from adapters.gateways.in_process import SimulatedGateway
from adapters.gateways.simulator_rules import Operation, Request
from domain.action_item import ItemKind, ItemState
from domain.organisation import MerchantAccount
from domain.outcome import About
from domain.payment import PaymentState
from domain.reconciliation import Break, BreakKind, BreakState
from domain.retrying import InDoubt, ReasonNeeded
from domain.use_cases.act_on_item import reject_item, retry_item, settle_item
from domain.use_cases.reconcile_account import Reconciled, reconcile_account
from domain.use_cases.settle_break import AlreadySettled, settle_break
from tests.world import ACCOUNT, ORGANISATION, World

NIGHT = date(2026, 11, 25)


def reconcile(club: World, on: date = NIGHT) -> Reconciled:
    account = club.books.run(lambda tx: tx.get(MerchantAccount, organisation=ORGANISATION, id=ACCOUNT))
    return reconcile_account(club.books, lambda _: club.gateway, account=account, on=on)


def breaks(club: World, **key: Any) -> list[Break]:
    return club.books.run(lambda tx: tx.all(Break, order_by="opened_at id", **key))


def forget(club: World, key: str) -> None:
    """The processor loses a charge: its own book, without these lines."""
    path = club.simulator._journal.path
    club.simulator.close()
    path.write_text("".join(line for line in path.read_text().splitlines(True) if f'"{key}"' not in line))


def charge_elsewhere(club: World, key: str, amount: int = 700) -> None:
    """Another system charges through the same merchant account."""
    request = Request(Operation.CHARGE, ORGANISATION, ACCOUNT, key, amount=amount, currency="CAD", token="tok_approve")
    club.simulator.perform([request])


def not_paid(club: World, payment: str) -> str:
    """In doubt, and then a person says that it was not paid; answers the item."""
    item = club.item(payment)
    club.books.run(
        lambda tx: settle_item(
            tx, organisation=ORGANISATION, item=item.id, by="marie", outcome="not_paid", reference="", reason="asked"
        )
    )
    return item.id


def test_books_that_agree_have_no_break(club: World) -> None:
    for number, token in enumerate(("tok_approve", "tok_lost_card", "tok_timeout_after_charge", "tok_approve")):
        club.owing(token, client=f"c-{number}")
    club.night()
    club.climb()
    done = reconcile(club)
    assert (done.listed, done.found, breaks(club)) == (3, frozenset(), [])


def test_what_the_processor_charged_for_somebody_else_is_missing_here_once(club: World) -> None:
    club.owing()
    club.night()
    charge_elsewhere(club, "stranger")
    for _ in range(2):
        reconcile(club)
    (found,) = breaks(club)
    assert (found.kind, found.subject, found.amount_here, found.amount_there) == (
        BreakKind.MISSING_HERE, "stranger", None, 700,
    )  # fmt: skip
    assert club.items() == []


def test_what_the_processor_does_not_know_is_missing_there_with_an_item_that_allows_no_retry(club: World) -> None:
    payment = club.owing()
    club.night()
    forget(club, club.attempts(payment)[0].key)
    for _ in range(2):
        reconcile(club)
    (found,) = breaks(club)
    assert (found.kind, found.payment, found.amount_here) == (BreakKind.MISSING_THERE, payment, 10_000)
    item = club.item(payment)
    assert (item.kind, item.of, item.reason, item.state) == (
        ItemKind.IN_DOUBT, "instalment", "missing_there", ItemState.OPEN,
    )  # fmt: skip
    with pytest.raises(InDoubt):
        club.books.run(lambda tx: retry_item(tx, organisation=ORGANISATION, item=item.id, by="marie"))
    assert club.payment(payment).state is PaymentState.PAID
    assert len(club.postings()) == 2  # the invoice and its payment: nothing was posted or taken back


def test_A10_what_a_person_called_not_paid_and_the_list_has_is_never_charged_again(club: World) -> None:
    payment = club.owing("tok_timeout_before_charge")
    club.night()
    key = club.attempts(payment)[0].key
    club.climb()
    item = not_paid(club, payment)
    path = club.simulator._journal.path  # the money moved after all
    lost = path.read_text().replace('"effect":"none","answer":"silence"', '"effect":"captured","answer":"approved"')
    club.simulator.close()
    path.write_text(lost)
    reconcile(club)
    (found,) = breaks(club)
    assert (found.kind, found.key, found.amount_here, found.amount_there) == (
        BreakKind.OTHER_STATE, key, None, 10_000,
    )  # fmt: skip
    with pytest.raises(InDoubt):
        club.books.run(lambda tx: retry_item(tx, organisation=ORGANISATION, item=item, by="marie"))
    assert club.postings(kind="payment") == []
    club.books.run(
        lambda tx: settle_break(tx, organisation=ORGANISATION, break_=found.id, by="marie", reason="given back there")
    )
    assert (club.item(payment).kind, club.item(payment).reason) == (ItemKind.INSTALMENT, "not_paid")
    reconcile(club)
    assert [one.state for one in breaks(club)] == [BreakState.RESOLVED]


def test_another_amount_is_a_break(club: World) -> None:
    payment = club.owing()
    club.night()
    path = club.simulator._journal.path
    club.simulator.close()
    path.write_text(path.read_text().replace('"amount":10000', '"amount":9000'))
    reconcile(club)
    (found,) = breaks(club)
    assert (found.kind, found.amount_here, found.amount_there) == (BreakKind.OTHER_AMOUNT, 10_000, 9_000)
    assert club.item(payment).reason == "other_amount"


def test_a_break_closes_by_itself_when_the_next_list_agrees(club: World) -> None:
    payment = club.owing()
    club.night()
    path, whole = club.simulator._journal.path, club.simulator._journal.path.read_text()
    forget(club, club.attempts(payment)[0].key)
    reconcile(club)
    assert club.item(payment).state is ItemState.OPEN
    club.simulator.close()
    path.write_text(whole)
    reconcile(club)
    assert [(one.state, one.by) for one in breaks(club)] == [(BreakState.RESOLVED, "system")]
    assert club.item(payment).state is ItemState.RESOLVED


def test_a_person_closes_a_break_with_a_reason_once_and_rejecting_its_item_closes_it_too(club: World) -> None:
    first, second = club.owing(client="c-8"), club.owing(client="c-9")
    club.night()
    for payment in (first, second):
        forget(club, club.attempts(payment)[0].key)
    reconcile(club)
    one = breaks(club, payment=first)[0].id

    def settle(reason: str) -> None:
        club.books.run(
            lambda tx: settle_break(tx, organisation=ORGANISATION, break_=one, by="marie", reason=reason)
        )  # fmt: skip

    with pytest.raises(ReasonNeeded):
        settle(" ")
    settle("the processor found it")
    with pytest.raises(AlreadySettled):
        settle("again")
    assert club.item(first).state is ItemState.RESOLVED
    item = club.item(second).id
    club.books.run(lambda tx: reject_item(tx, organisation=ORGANISATION, item=item, by="marie", reason="looked into"))
    assert {one.state for one in breaks(club)} == {BreakState.RESOLVED}


def test_what_is_still_being_asked_about_is_no_break_and_is_asked_now(club: World) -> None:
    payment = club.owing("tok_timeout_after_charge")
    club.night()
    assert reconcile(club).found == frozenset()
    club.work()
    assert club.payment(payment).state is PaymentState.PAID
    assert breaks(club) == []


def test_A10_an_answer_that_comes_after_a_person_settled_the_attempt_is_a_break(club: World) -> None:
    """The worker asks; meanwhile the outcome is settled by hand; its answer says otherwise."""
    payment = club.owing("tok_500_then_approve")
    club.night()
    club.wait(seconds=1)

    class Meanwhile(SimulatedGateway):
        def look_up(self, account, questions):
            club.wait(minutes=10)
            club.books.run(_settle_by_hand)
            return super().charge(account, [charge_of(club, payment)])

    def _settle_by_hand(tx):
        tx.connection.exec_driver_sql("UPDATE attempts SET state = 'in_doubt', epoch = epoch + 1, worker = NULL")
        tx.connection.exec_driver_sql("UPDATE attempts SET state = 'closed', next_at = NULL")
        tx.connection.exec_driver_sql("UPDATE payments SET state = 'in_doubt' WHERE state = 'unknown'")
        tx.connection.exec_driver_sql("UPDATE payments SET state = 'failed' WHERE state = 'in_doubt'")

    club.gateway = Meanwhile(club.simulator, clock_is_real=False)
    club.resolve()
    assert club.postings(kind="payment") == []
    assert [(one.kind, one.payment) for one in breaks(club)] == [(BreakKind.OTHER_STATE, payment)]


def charge_of(club: World, payment: str):
    from domain.outcome import Charge

    attempt = club.attempts(payment)[0]
    return Charge(
        key=attempt.key, amount_minor=attempt.amount, currency=attempt.currency, token="tok_500_then_approve"
    )  # fmt: skip


def test_a_list_that_can_not_be_had_compares_nothing(club: World) -> None:
    from domain.ports import ListNotAvailable
    from tests.use_cases.outage import unreachable

    club.owing()
    club.night()
    with unreachable() as gone:
        club.gateway = gone
        with pytest.raises(ListNotAvailable):
            reconcile(club)
    assert breaks(club) == []


def test_dates_are_the_processors(club: World) -> None:
    club.owing()
    club.night()
    assert club.now.date() == NIGHT
    assert reconcile(club, date(2026, 11, 24)).listed == 0


def test_money_that_goes_back_is_compared_too(club: World) -> None:
    club.refund(club.paid(), 4_000)
    club.night()
    (sent,) = club.repayments()
    on = club.now.date()
    assert (reconcile(club, on).listed, breaks(club)) == (1, [])
    of = club.attempts(sent.payment)[0].key
    request = Request(Operation.REFUND, ORGANISATION, ACCOUNT, "by-hand", amount=100, currency="CAD", of=of)
    club.simulator.perform([request])
    reconcile(club, on)
    assert [(one.kind, one.about, one.amount_there) for one in breaks(club)] == [
        (BreakKind.MISSING_HERE, About.REFUND, 100)
    ]  # fmt: skip
    forget(club, sent.key)
    reconcile(club, on)
    lost = breaks(club, subject=sent.key)[0]
    assert (lost.kind, lost.about, lost.payment, lost.amount_here) == (
        BreakKind.MISSING_THERE, About.REFUND, sent.payment, 4_000,
    )  # fmt: skip
    assert club.items() == [], "the payment is not what differs"
