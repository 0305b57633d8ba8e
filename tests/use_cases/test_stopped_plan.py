"""A plan whose authorisation was revoked: nothing more is asked until another method works (I5)."""

from datetime import timedelta

from domain.payment import PaymentState
from domain.use_cases.act_on_item import retry_item
from tests.world import ORGANISATION, START, World

TODAY = START.date()


def test_I5_instalments_that_were_due_at_once_are_held_too_when_the_first_is_revoked(club: World) -> None:
    dates = [TODAY - timedelta(days=30), TODAY, TODAY + timedelta(days=30)]
    ids = club.plan(club.card("tok_revoked"), club.invoice(30_000), 30_000, dates)
    club.work()

    assert [club.payment(id).state for id in ids] == [PaymentState.FAILED, PaymentState.HELD, PaymentState.HELD]
    assert len(club.items()) == 1
    assert sum(line["operation"] == "charge" for line in club.journal()) == 1


def test_I5_what_was_held_goes_on_with_the_method_that_worked(club: World) -> None:
    dates = [TODAY - timedelta(days=30), TODAY, TODAY + timedelta(days=1)]
    ids = club.plan(club.card("tok_revoked"), club.invoice(30_000), 30_000, dates)
    club.work()
    item, card = club.item(ids[0]).id, club.card()
    club.books.run(lambda tx: retry_item(tx, organisation=ORGANISATION, item=item, by="marie", payment_method=card))
    club.work()
    club.night()

    assert [club.payment(id).state for id in ids] == [PaymentState.PAID] * 3
    assert club.captured() == 30_000
