"""Where every e-check and every postdated payment stands (P4): a row each, for reports and for whoever asks."""

from datetime import date
from typing import Any

from sqlalchemy import Date, bindparam, text

from adapters.database.books import BookTransaction

MAX_ROWS = 100_000
Row = dict[str, Any]

ECHECK_COLUMNS = (
    "on", "client", "name", "payment", "amount", "state", "cutoff_on", "submitted_on", "verdict_on", "settled_on",
    "returned_on", "code",
)  # fmt: skip
POSTDATED_COLUMNS = ("on", "client", "name", "payment", "invoice", "method", "amount", "state")


def echeck_rows(tx: BookTransaction, organisation: str, since: date, until: date) -> list[Row]:
    """E-checks by the day on which they became receipts; `code` is the bank's of a return."""
    return _rows(tx, _ECHECKS, ECHECK_COLUMNS, organisation, since, until)


def postdated_rows(tx: BookTransaction, organisation: str, since: date, until: date) -> list[Row]:
    """Instalments and postdated cheques by their due date; one by e-check is as its e-check is."""
    return _rows(tx, _POSTDATED, POSTDATED_COLUMNS, organisation, since, until)


def _rows(
    tx: BookTransaction, sql: str, names: tuple[str, ...], organisation: str, since: date, until: date
) -> list[Row]:  # fmt: skip
    statement = text(f"{sql} LIMIT {MAX_ROWS}").bindparams(
        bindparam("since", since, Date), bindparam("until", until, Date), organisation=organisation
    )
    return [dict(zip(names, row, strict=True)) for row in tx.connection.execute(statement).all()]


_ECHECKS = """
    SELECT CAST(t.booked_on AS text), e.client, c.name, e.payment, e.amount, e.state, CAST(e.cutoff_on AS text),
        CAST(e.submitted_on AS text), CAST(e.verdict_on AS text), CAST(e.settled_on AS text),
        CAST(e.returned_on AS text), e.network_code
    FROM echecks e
    JOIN ledger_transactions t ON t.organisation = e.organisation AND t.subject = e.payment AND t.kind = 'payment'
    JOIN clients c ON c.organisation = e.organisation AND c.id = e.client
    WHERE e.organisation = :organisation AND t.booked_on BETWEEN :since AND :until
    ORDER BY t.booked_on, e.created_at, e.id"""

_POSTDATED = """
    SELECT CAST(p.due_on AS text), p.client, c.name, p.id, p.invoice, coalesce(p.offline, m.kind, 'card'), p.amount,
        coalesce(e.state, p.state)
    FROM payments p
    JOIN clients c ON c.organisation = p.organisation AND c.id = p.client
    LEFT JOIN payment_methods m ON m.organisation = p.organisation AND m.id = p.payment_method
    LEFT JOIN echecks e ON e.organisation = p.organisation AND e.payment = p.id
    WHERE p.organisation = :organisation AND p.plan IS NOT NULL AND p.due_on BETWEEN :since AND :until
    ORDER BY p.due_on, p.client, p.id"""
