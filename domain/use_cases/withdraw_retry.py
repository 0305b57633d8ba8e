"""A person takes back a retry while it is held: nothing has been sent, and nothing will be."""

from domain.action_item import ActionItem
from domain.event import Event
from domain.payment import Payment
from domain.payment_method import PaymentMethod
from domain.ports import Transaction
from domain.withdrawing import withdraw


def withdraw_retry(tx: Transaction, *, organisation: str, item: str, by: str) -> None:
    """Raises RetrySent when a worker was quicker: exactly one of the two wins, under the payment's lock."""
    waiting = tx.lock(ActionItem, organisation=organisation, id=item)
    payment = tx.lock(Payment, organisation=organisation, id=waiting.payment)
    replaced = _replaced(tx, waiting)
    before = tx.find(PaymentMethod, organisation=organisation, id=replaced) if replaced else None
    tx.write([withdraw(waiting, payment, before, by=by, now=tx.now)])


def _replaced(tx: Transaction, item: ActionItem) -> str:
    """The method that the retry put another in the place of, as its event says."""
    steps = tx.all(
        Event, order_by="id", organisation=item.organisation, subject=f"action_item:{item.id}",
        type="action_item.retrying",
    )  # fmt: skip
    return str(steps[-1].data.get("replaced") or "") if steps else ""
