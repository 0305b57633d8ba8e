"""Steps that several use cases take inside their own transaction."""

from domain import refunding
from domain.account import Account
from domain.allocating import shrink
from domain.claim import Around
from domain.days import local_date
from domain.instalment import Plan
from domain.organisation import Organisation
from domain.payment import Payment, PaymentState
from domain.payment_method import PaymentMethod
from domain.ports import Transaction


def shrink_plans(tx: Transaction, organisation: str, client: str) -> None:
    """Planned payments never ask for more than is open on their plan's lines: the last shrink first (I8)."""
    planned = tx.lock_all(
        Payment, order_by="id", organisation=organisation, client=client,
        state=[PaymentState.SCHEDULED, PaymentState.HELD],
    )  # fmt: skip
    for name in sorted({payment.plan for payment in planned if payment.plan is not None}):
        plan = tx.get(Plan, organisation=organisation, id=name)
        payments = [payment for payment in planned if payment.plan == name]
        lines = tx.open_lines([(organisation, plan.invoice)], lock=False).get((organisation, plan.invoice), [])
        opened = sum(line.open for line in lines if line.line in plan.lines)
        tx.write([shrink(payments, opened, now=tx.now)])


def around_invoice(tx: Transaction, organisation: str, client: str, invoice: str | None) -> Around:
    """The lines that money on an invoice is matched to, and the plans that shrink for it (I8)."""
    if invoice is None:
        return Around()
    pair = (organisation, invoice)
    lines = tx.open_lines([pair], lock=True).get(pair, [])
    planned = tx.lock_all(
        Payment, order_by="id", organisation=organisation, client=client, invoice=invoice,
        state=[PaymentState.SCHEDULED, PaymentState.HELD],
    )  # fmt: skip
    plans = tx.all(Plan, organisation=organisation, client=client, invoice=invoice)
    return Around(lines=tuple(lines), planned=tuple(planned), plans=tuple(plans))


def ask_refund(
    tx: Transaction, owner: Organisation, account: Account, *, payment: str, refund: str, amount: int,
    seen: int | None, by: str,
) -> None:  # fmt: skip
    """Writes the request; for the use cases that refund as a part of something larger."""
    paid = tx.lock(Payment, organisation=owner.id, client=account.client.id, id=payment)
    method = (
        tx.find(PaymentMethod, organisation=owner.id, id=paid.payment_method)
        if paid.payment_method is not None
        else None
    )
    decision = refunding.request(
        paid, id=refund, amount=amount, seen=seen, owed=account.available, sources=account.sources,
        organisation=owner, client=account.client, language_last4=method.last4 if method else "", by=by,
        asked_on=local_date(tx.now, owner.timezone), now=tx.now, mint=tx.mint,
    )  # fmt: skip
    tx.write([decision])
