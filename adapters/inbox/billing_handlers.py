"""What each command of client billing does: its type, and a thin function that calls one use case."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.inbox import billing_schemas as shape
from adapters.inbox.command_shape import Tax
from domain.billing import known_rate
from domain.credit import TaxMode
from domain.crediting import Penalty
from domain.invoice import AskedLine, TaxRate
from domain.organisation import Organisation
from domain.ports import Transaction
from domain.use_cases.cancel_payment import cancel_payment
from domain.use_cases.cancel_purchase import AskedRefund, HowMuch, cancel_purchase
from domain.use_cases.create_credit import create_credit
from domain.use_cases.handle_cheque import bounce_cheque, deposit_cheque
from domain.use_cases.match_money import create_allocation, delete_allocation, reconcile_account
from domain.use_cases.refund_money import cancel_refund, record_refund, request_refund
from domain.use_cases.replace_purchase import replace_purchase
from domain.use_cases.scholarships import award_scholarship, open_scholarship

Result = dict[str, Any] | None
Handler = Callable[[Transaction, Any, str, int], Result]


def rates(settings: Mapping[str, Any], taxes: Sequence[Tax], path: str) -> tuple[TaxRate, ...]:
    """The rates of named taxes: as given, else as the organisation's settings say."""
    return tuple(known_rate(settings, tax.code, tax.rate, f"{path}.{place}") for place, tax in enumerate(taxes))


def credit_create(tx: Transaction, asked: shape.CreateCredit, by: str, _seq: int) -> Result:
    settings = tx.get(Organisation, id=asked.organisation).settings
    return create_credit(
        tx, organisation=asked.organisation, client=asked.client, id=asked.credit, amount=asked.amount,
        rates=rates(settings, asked.taxes, "taxes"), tax_mode=TaxMode(asked.tax_mode),
        description=asked.description or "", note=asked.note, by=by,
    )  # fmt: skip


def payment_cancel(tx: Transaction, asked: shape.CancelPayment, by: str, seq: int) -> Result:
    return cancel_payment(tx, organisation=asked.organisation, payment=asked.payment, by=by, command=seq)


def instalment_deposit(tx: Transaction, asked: shape.OnCheque, by: str, _seq: int) -> Result:
    return deposit_cheque(tx, organisation=asked.organisation, instalment=asked.instalment, by=by)


def instalment_bounce(tx: Transaction, asked: shape.OnCheque, by: str, _seq: int) -> Result:
    return bounce_cheque(tx, organisation=asked.organisation, instalment=asked.instalment, by=by)


def purchase_cancel(tx: Transaction, asked: shape.CancelPurchase, by: str, _seq: int) -> Result:
    kept = asked.penalty
    penalty = None
    if kept is not None:
        settings = tx.get(Organisation, id=asked.organisation).settings
        penalty = Penalty(
            amount=kept.amount, percent=kept.percent, ledger_code=kept.ledger_code or "",
            taxes=rates(settings, kept.taxes, "penalty.taxes"),
        )  # fmt: skip
    how = asked.credit
    return cancel_purchase(
        tx, organisation=asked.organisation, client=asked.client, invoice=asked.invoice, lines=asked.lines,
        credit=HowMuch(full=bool(how.full), percent=how.percent, amount=how.amount), penalty=penalty,
        credit_note=asked.credit_note,
        refunds=[AskedRefund(payment=one.payment, amount=one.amount, refund=one.refund) for one in asked.refunds],
        by=by,
    )  # fmt: skip


def purchase_replace(tx: Transaction, asked: shape.ReplacePurchase, by: str, _seq: int) -> Result:
    settings = tx.get(Organisation, id=asked.organisation).settings
    new = asked.with_
    line = AskedLine(
        line=new.line, description=new.description, amount=new.amount, ledger_code=new.ledger_code or "",
        taxes=rates(settings, new.taxes, "with.taxes"),
    )  # fmt: skip
    return replace_purchase(
        tx, organisation=asked.organisation, client=asked.client, invoice=asked.invoice, line=asked.line, new=line,
        new_invoice=new.invoice, by=by,
    )  # fmt: skip


def refund_request(tx: Transaction, asked: shape.RequestRefund, by: str, _seq: int) -> Result:
    return request_refund(
        tx, organisation=asked.organisation, refund=asked.refund, payment=asked.payment, amount=asked.amount,
        seen=asked.seen_refundable, by=by,
    )  # fmt: skip


def refund_cancel(tx: Transaction, asked: shape.CancelRefund, by: str, _seq: int) -> Result:
    return cancel_refund(tx, organisation=asked.organisation, refund=asked.refund, by=by)


def refund_record(tx: Transaction, asked: shape.RecordRefund, by: str, _seq: int) -> Result:
    return record_refund(
        tx, organisation=asked.organisation, client=asked.client, refund=asked.refund, amount=asked.amount,
        offline=asked.offline, credits=asked.credits, comment=asked.comment, by=by,
    )  # fmt: skip


def account_reconcile(tx: Transaction, asked: shape.ReconcileAccount, by: str, _seq: int) -> Result:
    return reconcile_account(tx, organisation=asked.organisation, client=asked.client, by=by)


def allocation_create(tx: Transaction, asked: shape.CreateAllocation, by: str, _seq: int) -> Result:
    kind = "payment" if asked.from_.payment is not None else "credit"
    return create_allocation(
        tx, organisation=asked.organisation, client=asked.client, allocation=asked.allocation, source_kind=kind,
        source=asked.from_.payment or asked.from_.credit or "", invoice=asked.to.invoice, line=asked.to.line,
        amount=asked.amount, by=by,
    )  # fmt: skip


def allocation_delete(tx: Transaction, asked: shape.DeleteAllocation, by: str, _seq: int) -> Result:
    return delete_allocation(
        tx, organisation=asked.organisation, client=asked.client, allocation=asked.allocation, by=by
    )


def scholarship_open(tx: Transaction, asked: shape.OpenScholarship, by: str, _seq: int) -> Result:
    return open_scholarship(tx, organisation=asked.organisation, fund=asked.fund, amount=asked.amount, by=by)


def scholarship_award(tx: Transaction, asked: shape.AwardScholarship, by: str, _seq: int) -> Result:
    return award_scholarship(
        tx, organisation=asked.organisation, fund=asked.fund, client=asked.client, amount=asked.amount,
        invoice=asked.invoice, by=by,
    )  # fmt: skip


BILLING_HANDLERS: dict[str, Handler] = {
    "credit.create": credit_create,
    "payment.cancel": payment_cancel,
    "instalment.deposit": instalment_deposit,
    "instalment.bounce": instalment_bounce,
    "purchase.cancel": purchase_cancel,
    "purchase.replace": purchase_replace,
    "refund.request": refund_request,
    "refund.cancel": refund_cancel,
    "refund.record": refund_record,
    "account.reconcile": account_reconcile,
    "allocation.create": allocation_create,
    "allocation.delete": allocation_delete,
    "scholarship.open": scholarship_open,
    "scholarship.award": scholarship_award,
}
