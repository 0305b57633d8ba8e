"""What each command does: its type, and a thin function that calls one use case."""

from collections.abc import Callable
from typing import Any

from adapters.gateways.choose import must_be_installed
from adapters.inbox import item_schemas as items
from adapters.inbox import schemas as shape
from adapters.inbox.billing_handlers import BILLING_HANDLERS, rates
from adapters.inbox.command_shape import Command
from adapters.inbox.subscription_handlers import SUBSCRIPTION_HANDLERS
from domain.bank_account import BankAccount
from domain.instalment import Initial, Schedule
from domain.invoice import AskedLine
from domain.organisation import Organisation
from domain.ports import Transaction
from domain.use_cases.act_on_item import ask_again, reject_item, reopen_item, retry_item, settle_item
from domain.use_cases.create_invoice import create_invoice
from domain.use_cases.make_payment import make_payment
from domain.use_cases.plan_instalments import cancel_instalments, change_instalments, create_plan
from domain.use_cases.register import (
    register_administrator,
    register_client,
    register_organisation,
    register_payment_method,
)  # fmt: skip

Result = dict[str, Any] | None
Handler = Callable[[Transaction, Any, str, int], Result]


def _given(asked: Command, *ids: str) -> dict[str, Any]:
    """The fields that were sent, as things hold them."""
    sent = asked.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude={"organisation", "by", *ids})
    return {name: tuple(value) if isinstance(value, list) else value for name, value in sent.items()}


def organisation_register(tx: Transaction, asked: shape.RegisterOrganisation, by: str, _seq: int) -> Result:
    for account in asked.merchant_accounts:
        must_be_installed(account.processor)
    accounts = [
        {**account.model_dump(exclude_unset=True), "kinds": tuple(account.kinds)} for account in asked.merchant_accounts
    ]
    return register_organisation(
        tx, organisation=asked.organisation, given=_given(asked, "merchant_accounts"), accounts=accounts, by=by
    )


def administrator_register(tx: Transaction, asked: shape.RegisterAdministrator, by: str, _seq: int) -> Result:
    return register_administrator(
        tx, organisation=asked.organisation, administrator=asked.administrator,
        given=_given(asked, "administrator"), by=by,
    )  # fmt: skip


def client_register(tx: Transaction, asked: shape.RegisterClient, by: str, _seq: int) -> Result:
    return register_client(
        tx, organisation=asked.organisation, client=asked.client, given=_given(asked, "client"), by=by
    )


def payment_method_register(tx: Transaction, asked: shape.RegisterPaymentMethod, by: str, _seq: int) -> Result:
    bank = asked.bank.model_dump(exclude_none=True) if asked.bank is not None else None
    return register_payment_method(
        tx, organisation=asked.organisation, payment_method=asked.payment_method,
        given=_given(asked, "payment_method", "bank"), bank=BankAccount(**bank) if bank is not None else None, by=by,
    )  # fmt: skip


def invoice_create(tx: Transaction, asked: shape.CreateInvoice, by: str, _seq: int) -> Result:
    settings = tx.get(Organisation, id=asked.organisation).settings
    lines = [
        AskedLine(
            line=line.line, description=line.description, amount=line.amount, quantity=line.quantity,
            taxes=rates(settings, line.taxes, f"lines.{position}.taxes"), ledger_code=line.ledger_code or "",
        )
        for position, line in enumerate(asked.lines)
    ]  # fmt: skip
    return create_invoice(
        tx, organisation=asked.organisation, client=asked.client, id=asked.invoice, lines=lines,
        origin=asked.origin, note=asked.note, by=by,
    )  # fmt: skip


def payment_make(tx: Transaction, asked: shape.MakePayment, by: str, seq: int) -> Result:
    return make_payment(
        tx, organisation=asked.organisation, client=asked.client, payment=asked.payment, amount=asked.amount,
        payment_method=asked.payment_method, offline=asked.offline, invoice=asked.invoice, payer=asked.payer,
        comment=asked.comment, use_credit=asked.use_credit, command=seq, by=by,
    )  # fmt: skip


def instalment_plan_create(tx: Transaction, asked: shape.CreatePlan, by: str, _seq: int) -> Result:
    first, when = asked.initial, asked.schedule
    return create_plan(
        tx, organisation=asked.organisation, client=asked.client, plan=asked.plan, invoice=asked.invoice,
        lines=asked.lines, payment_method=asked.payment_method, offline=asked.offline, total=asked.total,
        initial=Initial(amount=first.amount, percent=first.percent, on=first.on) if first else None,
        schedule=Schedule(
            every=when.every, count=when.count, start=when.from_, dates=tuple(when.dates or ()),
            amounts=tuple(when.amounts) if when.amounts is not None else None,
        ),
        by=by,
    )  # fmt: skip


def instalment_change(tx: Transaction, asked: shape.ChangeInstalments, by: str, _seq: int) -> Result:
    return change_instalments(
        tx, organisation=asked.organisation, instalments=asked.instalments, day=asked.date, amount=asked.amount,
        payment_method=asked.payment_method, by=by,
    )  # fmt: skip


def instalment_cancel(tx: Transaction, asked: shape.CancelInstalments, by: str, _seq: int) -> Result:
    return cancel_instalments(tx, organisation=asked.organisation, instalments=asked.instalments, by=by)


def action_item_retry(tx: Transaction, asked: items.RetryItem, by: str, seq: int) -> Result:
    return retry_item(
        tx, organisation=asked.organisation, item=asked.item, by=by, payment_method=asked.payment_method, command=seq
    )


NOT_SAID = "-"  # a service may reject without saying why; a person at a page or a terminal may not


def action_item_reject(tx: Transaction, asked: items.RejectItem, by: str, _seq: int) -> Result:
    return reject_item(tx, organisation=asked.organisation, item=asked.item, by=by, reason=asked.reason or NOT_SAID)


def action_item_reopen(tx: Transaction, asked: items.ReopenItem, by: str, _seq: int) -> Result:
    return reopen_item(tx, organisation=asked.organisation, item=asked.item, by=by)


def action_item_ask_again(tx: Transaction, asked: items.AskAgain, by: str, seq: int) -> Result:
    return ask_again(tx, organisation=asked.organisation, item=asked.item, by=by, command=seq)


def action_item_settle(tx: Transaction, asked: items.SettleItem, by: str, _seq: int) -> Result:
    return settle_item(
        tx, organisation=asked.organisation, item=asked.item, by=by, outcome=asked.outcome,
        reference=asked.reference, reason=asked.reason,
    )  # fmt: skip


HANDLERS: dict[str, Handler] = {
    "organisation.register": organisation_register,
    "administrator.register": administrator_register,
    "client.register": client_register,
    "payment_method.register": payment_method_register,
    "invoice.create": invoice_create,
    "payment.make": payment_make,
    "instalment_plan.create": instalment_plan_create,
    "instalment.change": instalment_change,
    "instalment.cancel": instalment_cancel,
    **BILLING_HANDLERS,
    **SUBSCRIPTION_HANDLERS,
    "action_item.retry": action_item_retry,
    "action_item.reject": action_item_reject,
    "action_item.reopen": action_item_reopen,
    "action_item.ask_again": action_item_ask_again,
    "action_item.settle": action_item_settle,
}
# Commands that make a thing, and the field that gives it its id: repeated under another envelope, they are
# answered as before, or refused when the content differs.
MAKES = {
    "invoice.create": "invoice",
    "payment.make": "payment",
    "instalment_plan.create": "plan",
    "subscription.start": "subscription",
    "credit.create": "credit",
    "purchase.cancel": "credit_note",
    "refund.request": "refund",
    "refund.record": "refund",
    "allocation.create": "allocation",
    "scholarship.open": "fund",
}
