"""Resolving unknowns: the ladder ends with a verdict or a person, whatever goes wrong on the way."""

from domain.action_item import ItemKind
from domain.attempt import MAX_SENDS
from domain.decision import New
from domain.ledger import Posting, PostingKind, receipt_entries
from domain.payment import PaymentState
from domain.use_cases.act_on_item import retry_item, settle_item
from tests.world import ORGANISATION, START, World


def test_F14_a_key_is_never_sent_again_for_a_card_that_was_replaced_meanwhile(club: World) -> None:
    card = club.card("tok_timeout_before_charge")
    (id,) = club.plan(card, club.invoice(10_000), 10_000, [START.date()])
    club.work()
    club.card("tok_approve", id=card)
    club.climb()

    sent = [line["parameters"] for line in club.journal() if line["operation"] == "charge"]
    assert len(set(sent)) == len(sent) == 1
    assert (club.payment(id).state, club.item(id).kind) == (PaymentState.IN_DOUBT, ItemKind.IN_DOUBT)


def test_F14_the_replaced_card_is_charged_under_a_new_key_once_a_person_has_settled_the_old_one(club: World) -> None:
    card = club.card("tok_timeout_before_charge")
    (id,) = club.plan(card, club.invoice(10_000), 10_000, [START.date()])
    club.work()
    club.card("tok_approve", id=card)
    club.climb()
    item = club.item(id).id
    club.books.run(
        lambda tx: settle_item(
            tx, organisation=ORGANISATION, item=item, by="marie", outcome="not_paid", reference="", reason="asked"
        )
    )
    club.books.run(lambda tx: retry_item(tx, organisation=ORGANISATION, item=item, by="marie"))
    club.work()

    assert club.payment(id).state is PaymentState.PAID
    assert [attempt.number for attempt in club.attempts(id)] == [1, 2]
    assert club.captured() == 10_000


def test_INV21_an_outcome_that_can_never_be_recorded_ends_with_a_person_and_not_in_a_loop(club: World) -> None:
    id = club.owing("tok_approve")
    already = Posting(
        id="0190a000-0000-7000-8000-000000000001", organisation=ORGANISATION, client="c-1", kind=PostingKind.PAYMENT,
        subject=id, booked_on=START.date(), amount=1, currency="CAD", description="in the way", language="en",
        at=START, entries=receipt_entries(1, held_at="offline:cash"),
    )  # fmt: skip
    club.books.run(lambda tx: tx.write([(New(thing=already),)]))
    club.night()
    assert club.payment(id).state is PaymentState.UNKNOWN
    club.climb()

    assert club.payment(id).state is PaymentState.IN_DOUBT
    assert [item.kind for item in club.items()] == [ItemKind.IN_DOUBT]
    asked = len(club.journal())
    club.climb()
    assert len(club.journal()) == asked


def test_INV21_a_key_is_sent_at_most_three_times(club: World) -> None:
    club.owing("tok_timeout_before_charge")
    club.night()
    club.climb()
    assert sum(line["operation"] == "charge" for line in club.journal()) == MAX_SENDS
