"""A crowd of failed payments, made quickly through the same use cases as ever."""

from datetime import timedelta

from domain.action_item import ActionItem
from domain.instalment import MAX_INSTALMENTS
from domain.use_cases.register import register_payment_method
from tests.web.office import Office
from tests.world import ACCOUNT, ORGANISATION


def crowd(office: Office, number: int) -> list[ActionItem]:
    """`number` instalments of client c-1, of about 10.00, that failed. Their card would work by now."""
    world = office.world
    today = world.now.date()
    world.card("tok_insufficient_funds", id="pm-crowd")
    for first in range(0, number, MAX_INSTALMENTS):
        dates = [today - timedelta(days=days) for days in range(min(MAX_INSTALMENTS, number - first))]
        total = 1_000 * len(dates) + len(dates) // 2
        world.plan("pm-crowd", world.invoice(total), total, sorted(dates))
    world.work()
    mend(office)
    return world.items(state="open")


def mend(office: Office) -> None:
    """The bank gives the card again what it needs."""
    given = {
        "client": "c-1", "kind": "card", "merchant_account": ACCOUNT, "token": "tok_approve", "brand": "visa",
        "last4": "4242", "expiry": "2028-03",
    }  # fmt: skip
    office.world.books.run(
        lambda tx: register_payment_method(
            tx, organisation=ORGANISATION, payment_method="pm-crowd", given=given, by="test"
        )
    )
