"""Takes a payment back: a chargeback or a late return, told by a webhook, a poll, a file or a comparison (A1)."""

from typing import Any

from domain.days import local_date
from domain.event import SYSTEM
from domain.ledger import Allocation
from domain.organisation import Organisation
from domain.payment import Payment, PaymentState
from domain.payment_method import PaymentMethod
from domain.ports import Transaction
from domain.refund import Consumption, Refund, RefundState
from domain.taking_back import take_back


def take_back_payment(
    tx: Transaction, *, organisation: str, payment: str, code: str, network_code: str = "", by: str = SYSTEM
) -> bool:
    """`code` is of our vocabulary (`declines.REASONS`). Answers whether anything was to be taken back: saying it
    twice changes nothing."""
    owner = tx.get(Organisation, id=organisation)
    known = tx.get(Payment, organisation=organisation, id=payment)
    account = tx.account(organisation, known.client)
    paid = tx.lock(Payment, organisation=organisation, id=payment)
    if paid.state is not PaymentState.PAID:
        return False
    method = None
    if paid.payment_method is not None:
        method = tx.find(PaymentMethod, organisation=organisation, id=paid.payment_method)
    one: dict[str, Any] = {"organisation": organisation, "client": paid.client}
    waiting = tx.lock_all(Refund, order_by="id", payment=payment, state=RefundState.PENDING, **one)
    decision = take_back(
        paid, method, tx.all(Allocation, order_by="at id", source_kind="payment", source=payment, **one),
        [(refund, tx.all(Consumption, refund=refund.id, **one)) for refund in waiting],
        code=code, network_code=network_code, organisation=owner, client=account.client,
        booked_on=local_date(tx.now, owner.timezone), now=tx.now, mint=tx.mint, by=by,
    )  # fmt: skip
    tx.write([decision])
    return True
