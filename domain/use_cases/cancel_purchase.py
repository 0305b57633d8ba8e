"""Cancels lines of a purchase: credit note, penalty, plans and refunds, all at once (B10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain import crediting
from domain.credit import Credit
from domain.crediting import Credited, Part, Penalty
from domain.invoice import InvoiceLine
from domain.ledger import Words
from domain.organisation import Organisation
from domain.ports import Transaction
from domain.refund import Refund
from domain.refusal import IdTaken, OutOfRange
from domain.steps.account_steps import ask_refund, settle_plans
from domain.steps.crediting_steps import chosen_lines, credit_lines, credited_of, lower_plans, notes_on


@dataclass(frozen=True, slots=True, kw_only=True)
class HowMuch:
    """What is credited: all that is left, or a percentage or an amount before taxes; exactly one of the three."""

    full: bool = False
    percent: str | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRefund:
    payment: str
    amount: int
    refund: str | None = None


def cancel_purchase(
    tx: Transaction, *, organisation: str, client: str, invoice: str, lines: Sequence[str], credit: HowMuch,
    penalty: Penalty | None, credit_note: str | None, refunds: Sequence[AskedRefund], by: str,
) -> dict[str, Any]:  # fmt: skip
    """The credit note covers the cancelled lines; what was paid for them becomes available, the newest first."""
    owner = tx.get(Organisation, id=organisation)
    account = tx.account(organisation, client)
    chosen = chosen_lines(tx, organisation, client, invoice, lines)
    notes = notes_on(tx, organisation, client, invoice)
    note = _free_id(tx, organisation, credit_note)
    total = credit_lines(
        tx, owner, account, _parts(chosen, credit, credited_of(notes, chosen)), notes=notes, note=note,
        invoice=invoice, origin="purchase", penalty=penalty, by=by,
        words=Words(id="posting.cancellation", params={"what": ", ".join(line.description for line in chosen)}),
    )  # fmt: skip
    lower_plans(tx, owner, client, invoice, [line.line for line in chosen])
    settle_plans(tx, organisation, client)
    asked = [{"refund": _refund(tx, owner, client, one, by=by), "amount": one.amount} for one in refunds]
    return {"credit_note": note, "amount": total, "refunds": asked}


def _free_id(tx: Transaction, organisation: str, credit_note: str | None) -> str:
    if credit_note is not None and tx.find(Credit, organisation=organisation, id=credit_note) is not None:
        raise IdTaken("credit_note", id=credit_note)
    return credit_note or tx.mint("crd_")


def _parts(lines: Sequence[InvoiceLine], credit: HowMuch, before: Mapping[str, Credited]) -> list[Part]:
    if credit.full:
        return [crediting.rest_of(line, before[line.line]) for line in lines]
    if credit.percent is not None:
        return crediting.parts_by_percent(lines, credit.percent, before)
    if credit.amount is None:
        raise OutOfRange("credit")
    return crediting.parts_by_amount(lines, credit.amount, before)


def _refund(tx: Transaction, owner: Organisation, client: str, asked: AskedRefund, *, by: str) -> str:
    """Each sees what those before it have taken."""
    account = tx.account(owner.id, client)
    if asked.refund is not None and tx.find(Refund, organisation=owner.id, id=asked.refund) is not None:
        raise IdTaken("refunds", id=asked.refund)
    name = asked.refund or tx.mint("ref_")
    ask_refund(tx, owner, account, payment=asked.payment, refund=name, amount=asked.amount, seen=None, by=by)
    return name
