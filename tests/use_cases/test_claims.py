"""What a claim must not forget: the item of a first attempt, and that money in flight has not arrived."""

from datetime import timedelta

import pytest

from domain.action_item import ItemState
from domain.payment import PaymentState
from domain.use_cases.act_on_item import retry_item
from tests.world import ORGANISATION, START, World

TOMORROW = START.date() + timedelta(days=1)
LATER = START.date() + timedelta(days=2)


@pytest.mark.parametrize(
    ("token", "payment", "item"),
    [
        ("tok_approve", PaymentState.PAID, ItemState.RESOLVED),
        ("tok_insufficient_funds", PaymentState.FAILED, ItemState.OPEN),
        ("tok_timeout_before_charge", PaymentState.IN_DOUBT, ItemState.OPEN),
    ],
)
def test_A3_the_first_attempt_of_an_instalment_that_was_not_sent_closes_or_reopens_its_item(
    club: World, token: str, payment: PaymentState, item: ItemState
) -> None:
    _, second = club.plan(club.card("tok_lost_card"), club.invoice(20_000), 20_000, [TOMORROW, LATER])
    club.night()
    club.night()  # the card is known to be dead: the second fails without being sent
    waiting, card = club.item(second).id, club.card(token)
    club.books.run(lambda tx: retry_item(tx, organisation=ORGANISATION, item=waiting, by="marie", payment_method=card))
    club.work()
    club.climb()

    assert club.payment(second).state is payment
    assert [one.state for one in club.items(payment=second)] == [item]
    assert "attempt.not_recorded" not in [event for event, _ in club.logged]


def test_I5_a_payment_in_doubt_cancels_no_instalment_of_another_plan(club: World) -> None:
    invoice = club.invoice(10_000, 5_000)
    club.plan(club.card("tok_timeout_before_charge"), invoice, 10_000, [TOMORROW], lines=["l1"])
    (other,) = club.plan(club.card(), invoice, 5_000, [LATER], lines=["l2"])
    club.night()
    club.climb()
    club.night()

    assert club.payment(other).state is PaymentState.PAID


def test_I8_an_instalment_waits_for_money_in_flight_and_is_not_cancelled_for_it(club: World) -> None:
    invoice = club.invoice(10_000)
    (planned,) = club.plan(club.card(), invoice, 10_000, [TOMORROW])
    club.pay(10_000, payment="p-1", payment_method=club.card("tok_timeout_before_charge"), invoice=invoice)
    club.work()
    club.climb()
    club.night()

    assert club.payment("p-1").state is PaymentState.IN_DOUBT
    assert club.payment(planned).state is PaymentState.SCHEDULED
