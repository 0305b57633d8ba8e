"""Cancels lines of a purchase, or replaces one: credit note, penalty, plans and refunds, all at once (B10, B11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from domain import crediting, matching
from domain.account import Account
from domain.allocating import shrink
from domain.billing import invoice as post_invoice
from domain.credit import Credit, Source
from domain.crediting import ExceedsLine, Part, Penalty
from domain.days import local_date
from domain.decision import Change, Decision, move
from domain.instalment import Plan
from domain.invoice import AskedLine, Invoice, InvoiceLine, OpenLine
from domain.ledger import Allocation, Words
from domain.money import fill
from domain.organisation import Organisation
from domain.payment import PAYMENT, STILL_PLANNED, Payment
from domain.ports import Transaction
from domain.refusal import IdTaken, NotKnown, OutOfRange
from domain.steps.account_steps import ask_refund, settle_plans
from domain.telling import payment_event


@dataclass(frozen=True, slots=True, kw_only=True)
class HowMuch:
    """What is credited: in full, a percentage or an amount before taxes; exactly one of the three."""

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
    chosen = _lines(tx, organisation, client, invoice, lines)
    note = _free_id(tx, organisation, credit_note)
    parts = _parts(chosen, credit)
    _credit_lines(
        tx, owner, account, chosen, parts, note=note, invoice=invoice, origin="purchase", penalty=penalty, by=by,
        words=Words(id="posting.cancellation", params={"what": ", ".join(line.description for line in chosen)}),
    )  # fmt: skip
    _lower_plans(tx, owner, client, invoice, [line.line for line in chosen])
    settle_plans(tx, organisation, client)
    asked = [{"refund": _refund(tx, owner, client, one, by=by), "amount": one.amount} for one in refunds]
    total = tx.get(Credit, organisation=organisation, id=note).amount
    return {"credit_note": note, "amount": total, "refunds": asked}


def replace_purchase(
    tx: Transaction, *, organisation: str, client: str, invoice: str, line: str, new: AskedLine,
    new_invoice: str | None, by: str,
) -> dict[str, Any]:  # fmt: skip
    """A line credited and a new one invoiced in one transaction. What was paid for the old one pays the new;
    a plan goes on with it; a difference stays in the balance (B11)."""
    owner = tx.get(Organisation, id=organisation)
    account = tx.account(organisation, client)
    chosen = _lines(tx, organisation, client, invoice, [line])
    note = tx.mint("crd_")
    created = new_invoice or tx.mint("inv_")
    if tx.find(Invoice, organisation=organisation, id=created) is not None:
        raise IdTaken("with.invoice", id=created)
    parts = [crediting.part_of(chosen[0], Fraction(1))]
    paid = chosen[0].allocated
    _credit_lines(
        tx, owner, account, chosen, parts, note=note, invoice=invoice, origin="replacement", penalty=None, by=by,
        words=Words(id="posting.replacement", params={"what": chosen[0].description}),
    )  # fmt: skip
    decision = post_invoice(
        organisation=owner, client=account.client, id=created, lines=[new], origin="replacement", note="", by=by,
        booked_on=local_date(tx.now, owner.timezone), now=tx.now, mint=tx.mint,
    )  # fmt: skip
    tx.write([decision])
    _pay_with_freed(tx, organisation, client, created, paid)
    _move_plans(tx, owner, client, invoice, line, created, new.line, by=by)
    return {"invoice": created, "credit": note}


def _lines(tx: Transaction, organisation: str, client: str, invoice: str, names: Sequence[str]) -> list[InvoiceLine]:
    """The lines to cancel, in the invoice's order, locked."""
    tx.get(Invoice, organisation=organisation, client=client, id=invoice)
    tx.open_lines([(organisation, invoice)], lock=True)
    found = [
        line
        for line in tx.all(InvoiceLine, order_by="position", organisation=organisation, invoice=invoice)
        if line.line in names
    ]
    missing = set(names) - {line.line for line in found}
    if missing or not found:
        raise NotKnown("lines", id=min(missing, default=""))
    return found


def _free_id(tx: Transaction, organisation: str, credit_note: str | None) -> str:
    if credit_note is not None and tx.find(Credit, organisation=organisation, id=credit_note) is not None:
        raise IdTaken("credit_note", id=credit_note)
    return credit_note or tx.mint("crd_")


def _parts(lines: Sequence[InvoiceLine], credit: HowMuch) -> list[Part]:
    if credit.full:
        return [crediting.part_of(line, Fraction(1)) for line in lines]
    if credit.percent is not None:
        return crediting.parts_by_percent(lines, credit.percent)
    if credit.amount is None:
        raise OutOfRange("credit")
    return crediting.parts_by_amount(lines, credit.amount)


def _credit_lines(
    tx: Transaction, owner: Organisation, account: Account, lines: Sequence[InvoiceLine], parts: Sequence[Part], *,
    note: str, invoice: str, origin: str, penalty: Penalty | None, words: Words, by: str,
) -> None:  # fmt: skip
    """Posts the note and matches it to the lines; money that no longer fits on them is freed, newest first."""
    made = tx.all(
        Allocation, organisation=owner.id, client=account.client.id, invoice=invoice, line=[one.line for one in lines]
    )
    notes = _notes_among(tx, owner.id, made)
    credited = {
        line.line: sum(one.amount for one in made if one.line == line.line and one.source in notes) for line in lines
    }
    for part in parts:
        left = part.line.payable - credited[part.line.line]
        if part.total > left:
            raise ExceedsLine("lines", line=part.line.line, available=left, amount=part.total)
    today = local_date(tx.now, owner.timezone)
    decision, total = crediting.purchase_credit(
        parts, organisation=owner, client=account.client, id=note, invoice=invoice, origin=origin, penalty=penalty,
        words=words, by=by, booked_on=today, now=tx.now, mint=tx.mint,
    )  # fmt: skip
    source = Source(organisation=owner.id, kind="credit", id=note, left=total, booked_on=today, at=tx.now)
    steps: list[Decision] = [decision]
    for part, covered in zip(parts, fill(total, [part.total for part in parts]), strict=True):
        line = part.line
        money = [one for one in made if one.line == line.line and one.source not in notes]
        over = line.allocated + covered - line.payable
        if over > 0:
            steps.append(matching.free(money, over, now=tx.now, mint=tx.mint))
        if covered:
            target = OpenLine(organisation=owner.id, invoice=invoice, line=line.line, open=covered)
            steps.append(
                matching.allocation(source, target, covered, id=tx.mint(""), client=account.client.id, now=tx.now)
            )
    tx.write(steps)


def _notes_among(tx: Transaction, organisation: str, made: Sequence[Allocation]) -> set[str]:
    """The sources that are credit notes of an earlier cancellation: what they cover is no money to free."""
    named = [one.source for one in made if one.source_kind == "credit"]
    if not named:
        return set()
    return {one.id for one in tx.all(Credit, organisation=organisation, id=named) if one.origin != "manual"}


def _lower_plans(tx: Transaction, owner: Organisation, client: str, invoice: str, cancelled: Sequence[str]) -> None:
    """Instalments of the cancelled lines that were not charged: cancelled, or lowered where the plan covers
    other lines too (B10, setting)."""
    follows = bool(owner.settings.get("cancel_instalments_with_purchase", True))
    open_by_line = {
        line.line: line.open for line in tx.open_lines([(owner.id, invoice)], lock=False).get((owner.id, invoice), [])
    }
    for plan in tx.all(Plan, order_by="id", organisation=owner.id, client=client, invoice=invoice):
        if not set(plan.lines) & set(cancelled):
            continue
        counted = [name for name in plan.lines if not follows or name not in cancelled]
        tx.write([shrink(_planned(tx, plan), sum(open_by_line[name] for name in counted), now=tx.now)])


def _planned(tx: Transaction, plan: Plan) -> list[Payment]:
    return tx.lock_all(
        Payment, order_by="id", organisation=plan.organisation, client=plan.client, plan=plan.id,
        state=list(STILL_PLANNED),
    )  # fmt: skip


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
    pair = (owner.id, new_invoice)
    opened = sum(one.open for one in tx.open_lines([pair], lock=False).get(pair, []))
    for plan in tx.all(Plan, order_by="id", organisation=owner.id, client=client, invoice=invoice):
        if line not in plan.lines:
            continue
        if tuple(plan.lines) != (line,):
            _lower_plans(tx, owner, client, invoice, [line])
            continue
        planned = _planned(tx, plan)
        moved: Mapping[str, Any] = {"invoice": new_invoice}
        key = {"organisation": owner.id, "id": plan.id}
        tx.write([(Change(thing=Plan, key=key, put={"invoice": new_invoice, "lines": (new_line,)}),)])
        for payment in planned:
            if not PAYMENT.allows(payment.state, "change"):
                continue  # under way: what arrives is matched by hand or becomes a credit
            told = payment_event(payment, "instalment.moved", tx.now, by=by, public=False, invoice=new_invoice)
            tx.write([(move(PAYMENT, payment, "change", **moved), told)])
        tx.write([shrink(_planned(tx, plan), opened, now=tx.now)])


def _refund(tx: Transaction, owner: Organisation, client: str, asked: AskedRefund, *, by: str) -> str:
    """Each sees what those before it have taken."""
    account = tx.account(owner.id, client)
    name = asked.refund or tx.mint("ref_")
    ask_refund(tx, owner, account, payment=asked.payment, refund=name, amount=asked.amount, seen=None, by=by)
    return name
