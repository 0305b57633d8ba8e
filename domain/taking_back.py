"""Taking back decides about money that a bank or a card network took from us again, long after it was paid (A1)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

from domain.action_item import ItemKind
from domain.decision import Decision
from domain.event import SYSTEM
from domain.itemising import new_item
from domain.ledger import Allocation
from domain.organisation import Organisation
from domain.payment import Payment, PaymentKind
from domain.payment_method import PaymentMethod
from domain.people import Client
from domain.refund import Consumption, Refund
from domain.refunding import call_off
from domain.reversing import reverse_payment

Mint = Callable[[str], str]
Waiting = Sequence[tuple[Refund, Iterable[Consumption]]]


def take_back(
    payment: Payment, method: PaymentMethod | None, allocations: Sequence[Allocation], waiting: Waiting, *, code: str,
    network_code: str, organisation: Organisation, client: Client, booked_on: date, now: datetime, mint: Mint,
    by: str = SYSTEM,
) -> Decision:  # fmt: skip
    """The payment is reversed, its lines are open again, a person gets an item, whatever was refunded before.
    `waiting` are its refunds that were not sent yet, with what they consumed: they never will be."""
    kind = method.kind if method is not None else "card"
    steps: Decision = reverse_payment(
        payment, allocations, organisation=organisation, client=client, by=by, booked_on=booked_on, now=now,
        mint=mint, words="posting.payment_taken_back", method=kind, reason=code,
    )  # fmt: skip
    steps += call_off(
        payment, waiting, method=method, organisation=organisation, client=client, why=code, by=by,
        booked_on=booked_on, now=now, mint=mint,
    )  # fmt: skip
    return steps + new_item(payment, kind_of(payment, kind), code, network_code, now=now, mint=mint)


def kind_of(payment: Payment, method: str) -> ItemKind:
    """What was owed: an e-check instalment is an instalment, a one-off is known by its method."""
    if payment.kind is not PaymentKind.ONE_OFF:
        return ItemKind(payment.kind.value)
    return ItemKind.ECHECK if method == "echeck" else ItemKind.PAYMENT
