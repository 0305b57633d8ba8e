"""Makes a payment: offline money is booked at once, a card charged at once, an e-check waits for its batch (B7)."""

from typing import Any

from domain.billing import offline_payment
from domain.days import local_date
from domain.decision import New
from domain.invoice import Invoice
from domain.matching import match
from domain.organisation import Organisation
from domain.payment import Payment, PaymentKind, PaymentState
from domain.payment_method import MethodOrOffline
from domain.people import Client
from domain.ports import Transaction
from domain.refusal import IdTaken, Refusal
from domain.steps.account_steps import lines_on, settle_plans, usable_method
from domain.steps.echeck_steps import present_new
from domain.steps.through_door import must_answer
from domain.telling import payment_event


class CreditNeedsInvoice(Refusal):
    """The account's credit is used on an invoice (B16)."""

    code = "credit_needs_invoice"


def make_payment(
    tx: Transaction,
    *,
    organisation: str,
    client: str,
    payment: str | None,
    amount: int,
    payment_method: str | None = None,
    offline: str | None = None,
    invoice: str | None = None,
    payer: str | None = None,
    comment: str | None = None,
    use_credit: bool = False,
    command: int | None = None,
    by: str,
) -> dict[str, Any] | None:
    """The result, or None while a card is being charged: the command is answered when the gateway has.

    With `use_credit` the account's credit is matched to the invoice first; the method pays what remains of it,
    up to `amount` (B16).
    """
    if (payment_method is None) == (offline is None):
        raise MethodOrOffline("payment_method")
    owner = tx.get(Organisation, id=organisation)
    debtor = tx.get(Client, organisation=organisation, id=client)
    if payment is not None and tx.find(Payment, organisation=organisation, id=payment) is not None:
        raise IdTaken("payment", id=payment)
    if invoice is not None:
        tx.get(Invoice, organisation=organisation, client=client, id=invoice)
    method = usable_method(tx, organisation, client, payment_method) if payment_method is not None else None
    if method is not None and method.kind == "card":
        must_answer(tx, organisation, method.merchant_account)
    if use_credit:
        used, remains = _use_credit(tx, organisation, client, invoice)
        amount = min(amount, remains)
        if amount == 0:
            return {"payment": None, "state": "received", "credit_used": used}
    made = Payment(
        organisation=organisation, id=payment or tx.mint("pay_"), kind=PaymentKind.ONE_OFF, client=client,
        invoice=invoice, merchant_account=method.merchant_account if method else None,
        payment_method=payment_method, offline=offline, amount=amount,
        due_on=local_date(tx.now, owner.timezone), due_at=tx.now if method else None,
        state=PaymentState.DUE if method else PaymentState.PAID, ref=tx.mint_ref(),
        command=command if method else None, payer=payer, comment=comment, created_at=tx.now,
    )  # fmt: skip
    if method is not None and method.kind == "echeck":
        return present_new(tx, made, method, debtor, by=by)
    if method is not None:
        asked = payment_event(made, "payment.asked", tx.now, by=by, public=False, was=None, amount=amount)
        tx.write([(New(thing=made), asked)])
        return None
    decision = offline_payment(
        made, lines_on(tx, organisation, invoice), organisation=owner, client=debtor, by=by, booked_on=made.due_on,
        now=tx.now, mint=tx.mint,
    )  # fmt: skip
    tx.write([decision])
    settle_plans(tx, organisation, client)
    return {"payment": made.id, "state": "received"}


def _use_credit(tx: Transaction, organisation: str, client: str, invoice: str | None) -> tuple[int, int]:
    """Matches the account's credit to the invoice, the oldest first; answers how much, and what stays open."""
    if invoice is None:
        raise CreditNeedsInvoice("use_credit")
    account = tx.account(organisation, client)
    pair = (organisation, invoice)
    lines = tx.open_lines([pair], lock=True).get(pair, [])
    decision, used = match(account.sources, lines, client=client, now=tx.now, mint=tx.mint)
    tx.write([decision])
    settle_plans(tx, organisation, client)
    return used, sum(line.open for line in lines) - used
