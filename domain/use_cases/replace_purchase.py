"""Replaces a line of a purchase by another: credited and invoiced in one transaction (B11)."""

from typing import Any

from domain import crediting, matching
from domain.allocating import shrink
from domain.billing import invoice as post_invoice
from domain.days import local_date
from domain.decision import Change
from domain.instalment import Plan
from domain.invoice import AskedLine, Invoice
from domain.ledger import Words
from domain.organisation import Organisation
from domain.payment import Payment, PaymentState
from domain.ports import Transaction
from domain.refusal import IdTaken
from domain.steps.account_steps import settle_plans
from domain.steps.crediting_steps import (
    chosen_lines,
    credit_lines,
    credited_of,
    lower_plans,
    notes_on,
    opened,
    planned_of,
)  # fmt: skip
from domain.telling import payment_event

GO_ON = (PaymentState.SCHEDULED, PaymentState.HELD, PaymentState.DUE, PaymentState.FAILED)  # nothing under way


def replace_purchase(
    tx: Transaction, *, organisation: str, client: str, invoice: str, line: str, new: AskedLine,
    new_invoice: str | None, by: str,
) -> dict[str, Any]:  # fmt: skip
    """What was paid for the old line pays the new one; a plan goes on with it; a difference stays in the balance."""
    owner = tx.get(Organisation, id=organisation)
    account = tx.account(organisation, client)
    chosen = chosen_lines(tx, organisation, client, invoice, [line])
    notes = notes_on(tx, organisation, client, invoice)
    note, created = tx.mint("crd_"), new_invoice or tx.mint("inv_")
    if tx.find(Invoice, organisation=organisation, id=created) is not None:
        raise IdTaken("with.invoice", id=created)
    rest = crediting.rest_of(chosen[0], credited_of(notes, chosen)[line])
    freed = max(chosen[0].allocated + rest.total - chosen[0].payable, 0)
    credit_lines(
        tx, owner, account, [rest], notes=notes, note=note, invoice=invoice, origin="replacement", penalty=None,
        by=by, words=Words(id="posting.replacement", params={"what": chosen[0].description}),
    )  # fmt: skip
    decision = post_invoice(
        organisation=owner, client=account.client, id=created, lines=[new], origin="replacement", note="", by=by,
        booked_on=local_date(tx.now, owner.timezone), now=tx.now, mint=tx.mint,
    )  # fmt: skip
    tx.write([decision])
    _pay_with_freed(tx, organisation, client, created, freed)
    _move_plans(tx, owner, client, invoice, line, created, new.line, by=by)
    settle_plans(tx, organisation, client)
    return {"invoice": created, "credit": note}


def _pay_with_freed(tx: Transaction, organisation: str, client: str, invoice: str, amount: int) -> None:
    """The money that paid the old line pays the new one, as far as it goes."""
    account = tx.account(organisation, client)
    pair = (organisation, invoice)
    lines = tx.open_lines([pair], lock=True).get(pair, [])
    decision, _ = matching.match(account.sources, lines, client=client, now=tx.now, mint=tx.mint, limit=amount)
    tx.write([decision])


def _move_plans(
    tx: Transaction, owner: Organisation, client: str, invoice: str, line: str, new_invoice: str, new_line: str, *,
    by: str,
) -> None:  # fmt: skip
    """A plan of just the replaced line goes on with the new one; one of other lines too is lowered to those."""
    lower_plans_of_more = False
    for plan in tx.all(Plan, order_by="id", organisation=owner.id, client=client, invoice=invoice):
        if tuple(plan.lines) == (line,):
            _move_plan(tx, plan, new_invoice, new_line, by=by)
        else:
            lower_plans_of_more = lower_plans_of_more or line in plan.lines
    if lower_plans_of_more:
        lower_plans(tx, owner, client, invoice, [line])


def _move_plan(tx: Transaction, plan: Plan, new_invoice: str, new_line: str, *, by: str) -> None:
    """Its payments that are not at the gateway follow, failed ones too: a retry asks for the new line."""
    own = {"organisation": plan.organisation, "id": plan.id}
    tx.write([(Change(thing=Plan, key=own, put={"invoice": new_invoice, "lines": (new_line,)}),)])
    following = tx.lock_all(
        Payment, order_by="id", organisation=plan.organisation, client=plan.client, plan=plan.id, state=list(GO_ON)
    )
    for payment in following:
        key = {"organisation": payment.organisation, "id": payment.id}
        told = payment_event(
            payment, "instalment.moved", tx.now, by=by, public=False, was={"invoice": payment.invoice},
            invoice=new_invoice,
        )  # fmt: skip
        tx.write([(Change(thing=Payment, key=key, put={"invoice": new_invoice}), told)])
    left = opened(tx, plan.organisation, new_invoice)[new_line]
    tx.write([shrink(planned_of(tx, plan), left, now=tx.now)])
