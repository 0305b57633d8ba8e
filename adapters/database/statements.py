"""The account statement of a client: two columns, balances, and what is still to come (B1, B13).

One query per column, and no thing of the domain per row: an account may have ten thousand transactions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, TextClause, bindparam, text

from adapters.database.books import BookTransaction
from adapters.database.tables import ledger_transactions as postings
from adapters.database.types import Instant, Uuid
from adapters.database.wide import read_account
from domain.echeck import UNSETTLED, EcheckState
from domain.ledger import PostingKind
from domain.organisation import Organisation
from domain.payment import PaymentState
from domain.people import Client

MAX_POSTINGS = 50_000  # of one client; decades of weekly lessons

S = PaymentState

# fmt: off
UPCOMING = {  # the states of planned payments as a statement tells them
    S.SCHEDULED:  "scheduled",
    S.HELD:       "scheduled",
    S.DUE:        "scheduled",
    S.SUBMITTING: "submitting",
    S.UNKNOWN:    "unknown",
    S.IN_DOUBT:   "unknown",
    S.FAILED:     "failed",
}
ECHECK_TOLD = {  # an e-check is a receipt from creation (E1)
    **dict.fromkeys(UNSETTLED, "not_settled"),
    EcheckState.SETTLED:   "settled",
    EcheckState.RETURNED:  "reversed",
    EcheckState.CANCELLED: "reversed",
}
RECEIVED = {S.PAID: "received", S.REVERSED: "reversed"}
# fmt: on
COMING = ", ".join(f"'{state.value}'" for state in UPCOMING)
PLANNED = ", ".join(f"'{state.value}'" for state in UPCOMING if state is not S.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page of transactions ended: their order is by date, instant and id."""

    on: date
    at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The transactions of one page: after a place, if any; up to the place of its last, if more follow."""

    after: Place | None = None
    through: Place | None = None


def statement(
    tx: BookTransaction, organisation: str, client: str, *, window: Window | None = None
) -> dict[str, Any]:  # fmt: skip
    """The `statement` of CONTRACT section 1; with a window, the columns hold its transactions only. Raises NotKnown."""
    owner = tx.get(Organisation, id=organisation)
    tx.get(Client, organisation=organisation, id=client)
    read_account(tx)
    coming = upcoming(tx, organisation, client)
    balance = tx.balance(organisation, client)
    seen = window or Window()
    return {
        "organisation": organisation,
        "client": client,
        "currency": owner.currency,
        "balance": balance,
        "expected_balance": balance - sum(one["amount"] for one in coming if one["state"] != "failed"),
        "revenue": [_revenue(row) for row in _read(tx, REVENUE, organisation, client, seen)],
        "receipts": [_receipt(row) for row in _read(tx, RECEIPTS, organisation, client, seen)],
        "upcoming": coming,
    }


def upcoming(tx: BookTransaction, organisation: str, client: str) -> list[dict[str, Any]]:
    """Instalments that were not charged yet, or failed, in the order of their dates."""
    given = {"organisation": organisation, "client": client}
    return [_coming(row) for row in tx.connection.execute(text(UPCOMING_OF), given).all()]


def last_of_page(
    tx: BookTransaction, organisation: str, client: str, *, after: Place | None, limit: int
) -> Place | None:  # fmt: skip
    """The place of the last transaction of a page of `limit`, or None when no other follows it."""
    sql = f"{PLACES} {_between(Window(after=after))} ORDER BY t.booked_on, t.at, t.id LIMIT 2 OFFSET {limit - 1}"
    found = text(sql).columns(postings.c.booked_on, postings.c.at, postings.c.id)
    rows = tx.connection.execute(_bound(found, organisation, client, Window(after=after))).all()  # type: ignore[arg-type]
    if len(rows) < 2:
        return None
    on, at, id = rows[0]
    return Place(on=on, at=at, id=id)


def _read(tx: BookTransaction, sql: str, organisation: str, client: str, seen: Window) -> Sequence[Any]:
    whole = f"{sql} {_between(seen)} ORDER BY t.booked_on, t.at, t.id LIMIT {MAX_POSTINGS}"
    return tx.connection.execute(_bound(text(whole), organisation, client, seen)).all()


def _between(seen: Window) -> str:
    parts = [
        f"AND (t.booked_on, t.at, t.id) {sign} (:{name}_on, :{name}_at, :{name}_id)"
        for name, sign, place in (("after", ">", seen.after), ("through", "<=", seen.through))
        if place is not None
    ]
    return " ".join(parts)


def _bound(sql: TextClause, organisation: str, client: str, seen: Window) -> TextClause:
    bound = sql.bindparams(organisation=organisation, client=client)
    for name, place in (("after", seen.after), ("through", seen.through)):
        if place is not None:
            bound = bound.bindparams(
                bindparam(f"{name}_on", place.on, Date), bindparam(f"{name}_at", place.at, Instant),
                bindparam(f"{name}_id", place.id, Uuid),
            )  # fmt: skip
    return bound


def _revenue(row: Sequence[Any]) -> dict[str, Any]:
    kind, subject, on, amount, description, payable, matched, planned = row
    whole = payable if kind == PostingKind.INVOICE else amount
    return {
        "id": subject, "kind": kind, "on": on, "amount": amount, "description": description,
        "reconciled": _reconciled(whole or 0, matched, planned),
    }  # fmt: skip


def _reconciled(whole: int, part: int, planned: int) -> str:
    """How far an invoice or a credit is matched (B12)."""
    if part >= whole:
        return "fully"
    if part + planned >= whole:
        return "planned"
    return "partially" if part else "not"


def _receipt(row: Sequence[Any]) -> dict[str, Any]:
    kind, subject, on, amount, description, method, reverses, payment_state, refund_state, echeck_state = row
    paid = ECHECK_TOLD.get(echeck_state) or RECEIVED.get(payment_state, "received")
    state = refund_state if kind == PostingKind.REFUND else paid
    told = {
        "id": subject, "kind": kind, "on": on, "amount": amount, "description": description, "method": method,
        "state": state or "received",
    }  # fmt: skip
    return told | {"reverses": reverses} if reverses else told


def _coming(row: Sequence[Any]) -> dict[str, Any]:
    payment, on, amount, state = row
    told = {"instalment": payment, "on": on, "amount": amount, "state": UPCOMING[state]}
    return told | {"held": True} if state == S.HELD else told


PLACES = """SELECT t.booked_on, t.at, t.id FROM ledger_transactions t
    WHERE t.organisation = :organisation AND t.client = :client"""

# Invoices with what their lines owe and have, and what is planned on them; credits with what of them is used.
REVENUE = f"""
    SELECT t.kind, t.subject, CAST(t.booked_on AS text), t.amount, t.description, l.payable,
        coalesce(l.allocated, u.used, 0), coalesce(p.planned, 0)
    FROM ledger_transactions t
    LEFT JOIN (
        SELECT i.id, CAST(sum(l.payable) AS bigint) AS payable, CAST(sum(l.allocated) AS bigint) AS allocated
        FROM invoices i JOIN invoice_lines l ON l.organisation = i.organisation AND l.invoice = i.id
        WHERE i.organisation = :organisation AND i.client = :client GROUP BY i.id
    ) AS l ON t.kind = 'invoice' AND l.id = t.subject
    LEFT JOIN (
        SELECT invoice, CAST(sum(amount) AS bigint) AS planned FROM payments
        WHERE organisation = :organisation AND client = :client AND plan IS NOT NULL AND state IN ({PLANNED})
        GROUP BY invoice
    ) AS p ON t.kind = 'invoice' AND p.invoice = t.subject
    LEFT JOIN (
        SELECT source, CAST(sum(amount) AS bigint) AS used FROM (
            SELECT source, source_kind, amount FROM allocations
            WHERE organisation = :organisation AND client = :client
            UNION ALL
            SELECT source, source_kind, amount FROM consumptions
            WHERE organisation = :organisation AND client = :client
        ) AS matched WHERE source_kind = 'credit' GROUP BY source
    ) AS u ON t.kind = 'credit' AND u.source = t.subject
    WHERE t.organisation = :organisation AND t.client = :client AND t.kind IN ('invoice', 'credit')"""

RECEIPTS = """
    SELECT t.kind, t.subject, CAST(t.booked_on AS text), t.amount, t.description, t.method, t.reverses, p.state,
        r.state, e.state
    FROM ledger_transactions t
    LEFT JOIN payments p ON t.kind = 'payment' AND p.organisation = t.organisation AND p.client = t.client
        AND p.id = t.subject
    LEFT JOIN refunds r ON t.kind = 'refund' AND r.organisation = t.organisation AND r.client = t.client
        AND r.id = t.subject
    LEFT JOIN echecks e ON t.kind = 'payment' AND e.organisation = t.organisation AND e.payment = t.subject
    WHERE t.organisation = :organisation AND t.client = :client AND t.kind NOT IN ('invoice', 'credit')"""

UPCOMING_OF = f"""
    SELECT id, CAST(due_on AS text), amount, state FROM payments
    WHERE organisation = :organisation AND client = :client AND plan IS NOT NULL AND state IN ({COMING})
    ORDER BY due_on, number, id LIMIT {MAX_POSTINGS}"""
