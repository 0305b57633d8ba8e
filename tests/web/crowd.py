"""A crowd of failed payments, made quickly through the same use cases as ever."""

from datetime import timedelta

from domain.action_item import ActionItem
from domain.instalment import Schedule
from domain.invoice import AskedLine
from domain.use_cases.create_invoice import create_invoice
from domain.use_cases.plan_instalments import create_plan
from domain.use_cases.register import register_payment_method
from tests.web.office import Office
from tests.world import ACCOUNT, ORGANISATION


def crowd(office: Office, number: int, *, first: int = 1_000) -> list[ActionItem]:
    """`number` instalments of client c-1 that failed last night, of 10.00, 10.01, 10.02 …: networks count tries
    of one amount. Their card would work by now."""
    world = office.world
    due_on = (world.now + timedelta(days=1)).date()
    made = world.books.run

    def bill(tx):
        for position in range(number):
            amount, invoice = first + position, f"crowd-{first}-{position}"
            lines = [AskedLine(line="l1", description="Swimming", amount=amount)]
            create_invoice(tx, organisation=ORGANISATION, client="c-1", id=invoice, lines=lines, by="test")
            create_plan(
                tx, organisation=ORGANISATION, client="c-1", plan=f"plan-{invoice}", invoice=invoice, lines=None,
                payment_method="pm-crowd", offline=None, total=amount, initial=None,
                schedule=Schedule(dates=(due_on,)), by="test",
            )  # fmt: skip

    world.card("tok_insufficient_funds", id="pm-crowd")
    made(bill)
    world.night()
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
