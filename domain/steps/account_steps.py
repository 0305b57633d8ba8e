"""Steps that several use cases take inside their own transaction."""

from collections.abc import Sequence

from domain import refunding
from domain.account import Account
from domain.allocating import shrink
from domain.capabilities import Capability, capability_for
from domain.claim import Around
from domain.days import local_date
from domain.echeck import Echeck
from domain.instalment import Plan
from domain.itemising import settle_failed
from domain.organisation import MerchantAccount, Organisation
from domain.payment import STILL_PLANNED, Payment, PaymentState
from domain.payment_method import MethodState, PaymentMethod
from domain.ports import Transaction
from domain.resuming import resume
from domain.retrying import MethodNotUsable


def settle_plans(tx: Transaction, organisation: str, client: str) -> None:
    """After money was matched another way: planned payments never ask for more than is open on their plan's
    lines, the last shrink first (I8); a failed one that nothing is owed for any more is cancelled and its item
    resolved, a partial payment lowers what a retry asks for (A9)."""
    found = tx.lock_all(
        Payment, order_by="id", organisation=organisation, client=client,
        state=[*STILL_PLANNED, PaymentState.FAILED],
    )  # fmt: skip
    for name in sorted({payment.plan for payment in found if payment.plan is not None}):
        plan = tx.get(Plan, organisation=organisation, id=name)
        lines = tx.open_lines([(organisation, plan.invoice)], lock=False).get((organisation, plan.invoice), [])
        opened = sum(line.open for line in lines if line.line in plan.lines)
        planned = [payment for payment in found if payment.plan == name and payment.state in STILL_PLANNED]
        failed = [payment for payment in found if payment.plan == name and payment.state is PaymentState.FAILED]
        tx.write([shrink(planned, opened, now=tx.now)])
        room = max(opened - sum(payment.amount for payment in planned), 0)
        items = tx.waiting_items([(organisation, payment.id) for payment in failed], lock=True)
        tx.write(
            [settle_failed([(payment, items.get((organisation, payment.id))) for payment in failed], room, now=tx.now)]
        )
        if failed and not tx.waiting_items([(organisation, payment.id) for payment in failed]):
            tx.write([resume(plan, _held(tx, plan), method=None, now=tx.now)])
    _settle_invoices(tx, organisation, [payment for payment in found if payment.plan is None])


def _settle_invoices(tx: Transaction, organisation: str, found: Sequence[Payment]) -> None:
    """The same for what failed without a plan: the charge of a subscription's period, a payment found not to have
    been made. What is still being asked for on the invoice comes first."""
    failed = [payment for payment in found if payment.state is PaymentState.FAILED and payment.invoice is not None]
    items = tx.waiting_items([(organisation, payment.id) for payment in failed], lock=True)
    for invoice in sorted({payment.invoice or "" for payment in failed if (organisation, payment.id) in items}):
        opened = sum(line.open for line in tx.open_lines([(organisation, invoice)], lock=False)[organisation, invoice])
        asked = [payment.amount for payment in found if payment.invoice == invoice and payment not in failed]
        own = [(one, items.get((organisation, one.id))) for one in failed if one.invoice == invoice]
        tx.write([settle_failed(own, max(opened - sum(asked), 0), now=tx.now)])


def _held(tx: Transaction, plan: Plan) -> list[Payment]:
    return tx.lock_all(
        Payment, order_by="id", organisation=plan.organisation, client=plan.client, plan=plan.id,
        state=PaymentState.HELD,
    )  # fmt: skip


def lines_on(tx: Transaction, organisation: str, invoice: str | None) -> Around:
    """The lines that money on an invoice is matched to; none for money on the account."""
    if invoice is None:
        return Around()
    pair = (organisation, invoice)
    return Around(lines=tuple(tx.open_lines([pair], lock=True).get(pair, [])))


def ask_refund(
    tx: Transaction, owner: Organisation, account: Account, *, payment: str, refund: str, amount: int,
    seen: int | None, by: str,
) -> None:  # fmt: skip
    """Writes the request; for the use cases that refund as a part of something larger."""
    paid = tx.lock(Payment, organisation=owner.id, client=account.client.id, id=payment)
    method, can = method_of(tx, paid)
    echeck = tx.find(Echeck, organisation=owner.id, payment=payment) if can is not None else None
    decision = refunding.request(
        paid, method, can, id=refund, ref=tx.mint_ref(), amount=amount, seen=seen, owed=account.available,
        sources=account.sources, organisation=owner, client=account.client, by=by, echeck=echeck,
        asked_on=local_date(tx.now, owner.timezone), now=tx.now, mint=tx.mint,
    )  # fmt: skip
    tx.write([decision])


def method_of(tx: Transaction, paid: Payment) -> tuple[PaymentMethod | None, Capability | None]:
    """The method that paid, and what its merchant account can do; neither for offline money."""
    if paid.payment_method is None or paid.offline is not None:
        return None, None
    method = tx.get(PaymentMethod, organisation=paid.organisation, id=paid.payment_method)
    charged = tx.get(
        MerchantAccount, organisation=paid.organisation, id=paid.merchant_account or method.merchant_account
    )
    return method, capability_for(charged)


def usable_method(tx: Transaction, organisation: str, client: str, id: str) -> PaymentMethod:
    """A card or bank account on file of this client that can be charged; raises NotKnown or MethodNotUsable."""
    method = tx.get(PaymentMethod, organisation=organisation, client=client, id=id)
    if method.state is MethodState.DEAD:
        raise MethodNotUsable("payment_method", payment_method=id)
    return method
