"""Matches money to lines by hand, undoes it, and reconciles an account: oldest to oldest (B12)."""

from collections.abc import Mapping
from typing import Any

from domain import matching
from domain.credit import Credit, Source
from domain.decision import New
from domain.event import Event
from domain.invoice import Invoice, OpenLine
from domain.ledger import Allocation
from domain.money import fill
from domain.payment import Payment
from domain.ports import Transaction
from domain.refusal import IdTaken, NotKnown
from domain.steps.account_steps import settle_plans

NOTHING: Mapping[str, Any] = {}


def reconcile_account(tx: Transaction, *, organisation: str, client: str, by: str) -> dict[str, Any]:
    """May be repeated: what is matched stays matched."""
    account = tx.account(organisation, client)
    lines = _open_lines(tx, organisation, client)
    decision, total = matching.match(account.sources, lines, client=client, now=tx.now, mint=tx.mint)
    tx.write([decision, (_told(tx, organisation, client, "account.reconciled", by, matched=total),)])
    settle_plans(tx, organisation, client)
    return {"client": client, "matched": total}


def create_allocation(
    tx: Transaction, *, organisation: str, client: str, allocation: str | None, source_kind: str, source: str,
    invoice: str, line: str | None, amount: int, by: str,
) -> dict[str, Any]:  # fmt: skip
    """`amount` of a payment or credit to an invoice, from its first open line on, or to one line."""
    account = tx.account(organisation, client)
    chosen = allocation or tx.mint("alc_")
    if tx.all(Allocation, organisation=organisation, id=chosen, limit=1):
        raise IdTaken("allocation", id=chosen)
    kept = Payment if source_kind == "payment" else Credit
    if tx.find(kept, organisation=organisation, client=client, id=source) is None:
        raise NotKnown(f"from.{source_kind}", id=source)
    money = next((one for one in account.sources if (one.kind, one.id) == (source_kind, source)), None)
    if money is None or money.left < amount:
        raise matching.ExceedsAvailable("amount", available=money.left if money else 0, amount=amount)
    tx.get(Invoice, organisation=organisation, client=client, id=invoice)
    pair = (organisation, invoice)
    lines = [one for one in tx.open_lines([pair], lock=True).get(pair, []) if line in (None, one.line)]
    if not lines:
        raise NotKnown("to.line", id=line or "")
    opened = sum(one.open for one in lines)
    if amount > opened:
        raise matching.ExceedsOpen("amount", open=opened, amount=amount)
    _match(tx, money, lines, amount, id=chosen, client=client)
    tx.write([(_told(tx, organisation, client, "allocation.created", by, allocation=chosen, amount=amount),)])
    settle_plans(tx, organisation, client)
    return {"allocation": chosen, "amount": amount}


def delete_allocation(tx: Transaction, *, organisation: str, client: str, allocation: str, by: str) -> dict[str, Any]:
    tx.account(organisation, client)
    made = tx.all(Allocation, organisation=organisation, client=client, id=allocation)
    if not made:
        raise NotKnown("allocation", id=allocation)
    amount = sum(one.amount for one in made)
    was = [{"invoice": one.invoice, "line": one.line, "source": one.source, "amount": one.amount} for one in made]
    told = _told(
        tx, organisation, client, "allocation.deleted", by, allocation=allocation, amount=amount, before={"lines": was}
    )
    tx.write([matching.unmatch(made), (told,)])
    return {"allocation": allocation, "amount": amount}


def _match(tx: Transaction, money: Source, lines: list[OpenLine], amount: int, *, id: str, client: str) -> None:
    for line, part in zip(lines, fill(amount, [one.open for one in lines]), strict=True):
        if part:
            tx.write([matching.allocation(money, line, part, id=id, client=client, now=tx.now)])


def _open_lines(tx: Transaction, organisation: str, client: str) -> list[OpenLine]:
    """Every open line of the account, the oldest invoice first."""
    invoices = tx.all(Invoice, order_by="booked_on created_at id", organisation=organisation, client=client)
    lines = tx.open_lines([(organisation, invoice.id) for invoice in invoices], lock=True)
    return [line for invoice in invoices for line in lines.get((organisation, invoice.id), []) if line.open]


def _told(
    tx: Transaction,
    organisation: str,
    client: str,
    type_: str,
    by: str,
    *,
    before: Mapping[str, Any] = NOTHING,
    **data: Any,
) -> New:
    return New(
        thing=Event(
            organisation=organisation, type=type_, subject=f"account:{client}", sequence=1, at=tx.now, by=by,
            public=False, data={"client": client, **data}, before=before,
        )
    )  # fmt: skip
