"""A client's account as it is printed: every transaction in time order, with the running balance (B13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from adapters.database.books import BookTransaction
from adapters.database.statements import MAX_POSTINGS, upcoming
from adapters.database.wide import read_account
from domain.ledger import REVENUE_KINDS, SIGN, PostingKind
from domain.organisation import Organisation
from domain.people import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`revenue` or `receipts` is what the transaction does to the balance, the other is None; `state` is of a
    payment or refund, or of a planned payment, whose `balance` is the expected one."""

    on: date
    id: str
    kind: str
    description: str
    state: str
    revenue: int | None = None
    receipts: int | None = None
    balance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """`planned` holds what is still to come, each lowering the expected balance; failed ones lower nothing."""

    organisation: Organisation
    client: Client
    lines: Sequence[Line]
    planned: Sequence[Line]
    balance: int
    expected: int


def timeline(tx: BookTransaction, organisation: str, client: str) -> Timeline:
    """Raises NotKnown."""
    owner = tx.get(Organisation, id=organisation)
    holder = tx.get(Client, organisation=organisation, id=client)
    read_account(tx)
    lines, balance = [], 0
    for row in tx.connection.execute(text(_LINES), {"organisation": organisation, "client": client}).all():
        line = _line(row, balance)
        balance = line.balance
        lines.append(line)
    planned, expected = [], balance
    for one in upcoming(tx, organisation, client):
        expected -= one["amount"] if one["state"] != "failed" else 0
        planned.append(_coming(one, expected))
    return Timeline(
        organisation=owner, client=holder, lines=lines, planned=planned, balance=balance, expected=expected
    )  # fmt: skip


def _line(row: Sequence[Any], before: int) -> Line:
    kind, subject, on, amount, description, refund_state, reversed_by = row
    moved = SIGN[kind] * amount
    revenue = kind in REVENUE_KINDS
    state = refund_state or ("reversed" if reversed_by else "")
    return Line(
        on=date.fromisoformat(on), id=subject, kind=PostingKind(kind).value, description=description, state=state,
        revenue=moved if revenue else None, receipts=None if revenue else moved, balance=before + moved,
    )  # fmt: skip


def _coming(one: dict[str, Any], expected: int) -> Line:
    state = "held" if one.get("held") else one["state"]
    return Line(
        on=date.fromisoformat(one["on"]), id=one["instalment"], kind="planned", description="", state=state,
        receipts=-one["amount"], balance=expected,
    )  # fmt: skip


_LINES = f"""
    SELECT t.kind, t.subject, CAST(t.booked_on AS text), t.amount, t.description, r.state, v.subject
    FROM ledger_transactions t
    LEFT JOIN refunds r ON t.kind = 'refund' AND r.organisation = t.organisation AND r.client = t.client
        AND r.id = t.subject
    LEFT JOIN ledger_transactions v ON t.kind = 'payment' AND v.organisation = t.organisation AND v.client = t.client
        AND v.kind = 'payment_reversal' AND v.subject = t.subject
    WHERE t.organisation = :organisation AND t.client = :client
    ORDER BY t.booked_on, t.at, t.id LIMIT {MAX_POSTINGS}"""
