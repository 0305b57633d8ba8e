"""Renewals by e-check, and e-checks that are presented again by themselves (S1, S3, A8, E6)."""

from datetime import date, timedelta

from domain.action_item import ItemState
from domain.event import Event
from domain.payment import PaymentState
from domain.retry_rules import scheduled_retry
from domain.subscription import Subscription
from tests.echeck_world import EcheckWorld
from tests.world import ORGANISATION

TUESDAY = date(2026, 11, 24)


def public(bank: EcheckWorld, subject: str) -> list[str]:
    """What other services are told of a payment, in order."""
    found = bank.books.run(lambda tx: tx.all(Event, order_by="id", subject=subject))
    return [event.type for event in found if event.public]


def test_S1_a_period_is_charged_by_echeck_and_told_as_a_receipt_that_has_not_settled(bank: EcheckWorld) -> None:
    bank.client()
    one = bank.subscribe(bank.account_on_file(), every="week")
    bank.until(TUESDAY + timedelta(days=8))
    first, second = bank.renewals(one)
    assert [(period.on, period.amount) for period in (first, second)] == [
        (TUESDAY, 3_000), (TUESDAY + timedelta(days=7), 3_000),
    ]  # fmt: skip
    assert [bank.payment(period.payment or "").state for period in (first, second)] == [PaymentState.PAID] * 2
    assert (bank.balance(), bank.allocated(), bank.debited()) == (0, 6_000, 6_000)
    assert public(bank, f"payment:{first.payment}") == ["subscription.renewed"]
    bank.sound()


def test_S3_what_the_bank_sends_back_is_a_failure_too_until_it_is_paid_again(small_bank: EcheckWorld) -> None:
    small_bank.club(suspend_after_failures=2)
    small_bank.client()
    one = small_bank.subscribe(small_bank.account_on_file("echeck_nsf"), every="week")
    other = small_bank.subscribe(small_bank.account_on_file("echeck_nsf"), every="week")
    small_bank.until(TUESDAY + timedelta(days=12))
    again = [small_bank.item(small_bank.renewals(other)[-1].payment or "")]
    small_bank.retry(again[0].id, payment_method=small_bank.card("tok_approve"))
    small_bank.until(TUESDAY + timedelta(days=16))
    assert [len(small_bank.renewals(id)) for id in (one, other)] == [2, 3]
    paused = small_bank.books.run(lambda tx: tx.get(Subscription, organisation=ORGANISATION, id=one))
    assert paused.suspensions == ({"from": "2026-12-08", "to": None},)
    small_bank.sound()


def test_A8_E6_what_came_back_for_want_of_funds_is_presented_again_on_its_day_as_often_as_the_rail_allows(
    small_bank: EcheckWorld,
) -> None:
    small_bank.club(automatic_retries={"bank_return_soft": [5, 12]})
    id = small_bank.by_echeck("echeck_nsf")
    small_bank.until(TUESDAY + timedelta(days=2))
    item = small_bank.item(id)
    assert (item.reason_class, item.retry_on) == ("bank_return_soft", date(2026, 12, 1))
    small_bank.until(date(2026, 12, 1))
    assert small_bank.item(id).state is ItemState.RETRYING
    assert small_bank.debited() == 20_000
    small_bank.until(date(2026, 12, 7))  # it came back again; Canada allows no third
    item = small_bank.item(id)
    assert (item.state, item.attempts, item.retry_on) == (ItemState.OPEN, 2, date(2026, 12, 8))
    small_bank.until(date(2026, 12, 9))
    assert (small_bank.item(id).state, small_bank.item(id).retry_on) == (ItemState.OPEN, None)
    assert small_bank.debited() == 20_000
    [passed] = small_bank.books.run(lambda tx: tx.all(Event, type="action_item.retry_passed_over"))
    assert passed.data["why"] == "presented_too_often"
    small_bank.sound()


def test_A8_other_returns_are_for_a_person_with_another_method(small_bank: EcheckWorld) -> None:
    small_bank.club(automatic_retries={"later": [1], "bank_return_soft": [1]})
    owner = small_bank.owner()
    assert (
        scheduled_retry("bank_return_hard", owner, failed_at=small_bank.now, planned=None, now=small_bank.now) is None
    )
    id = small_bank.by_echeck("echeck_unauthorised_late")
    small_bank.until(TUESDAY + timedelta(days=46))
    assert (small_bank.item(id).reason_class, small_bank.item(id).retry_on) == ("stop_plan", None)
