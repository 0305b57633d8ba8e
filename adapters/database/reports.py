"""Reports of an organisation (P4): revenue, receipts, planned payments, receivables; all read from the ledger."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, bindparam, text

from adapters.database.books import BookTransaction
from adapters.database.echeck_reports import echeck_rows, postdated_rows
from adapters.database.statements import PLANNED
from adapters.database.wide import read_widely
from domain.days import local_date
from domain.ledger import SIGN
from domain.organisation import Organisation

MAX_ROWS = 100_000


class Kind(StrEnum):
    """What a column holds: it is shown, summed and written to a sheet accordingly."""

    TEXT = "text"
    WORD = "word"  # of a closed set: told in the reader's language
    DAY = "day"
    COUNT = "count"
    MONEY = "money"


Columns = Mapping[str, Kind]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Business dates, both included."""

    since: date
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    columns: Columns
    read: Callable[[BookTransaction, str, Period], list[Row]]


def report(
    tx: BookTransaction, organisation: str, name: str, *, since: date | None, until: date | None
) -> dict[str, Any]:  # fmt: skip
    """Rows and totals in minor units; without dates, the month so far. Raises NotKnown."""
    owner = tx.get(Organisation, id=organisation)
    last = until or local_date(tx.now, owner.timezone)
    period = Period(since=since or last.replace(day=1), until=last)
    read_widely(tx)
    chosen = REPORTS[name]
    rows = chosen.read(tx, organisation, period)
    summed = [column for column, kind in chosen.columns.items() if kind in (Kind.MONEY, Kind.COUNT)]
    return {
        "organisation": organisation, "report": name, "currency": owner.currency,
        "from": period.since.isoformat(), "to": period.until.isoformat(), "rows": rows,
        "totals": {column: sum(row[column] for row in rows) for column in summed},
    }  # fmt: skip


def _revenue(tx: BookTransaction, organisation: str, period: Period) -> list[Row]:
    """What was earned, less what was credited, by ledger code and by tax."""
    rows = []
    for account, invoiced, credited in _in_period(tx, _REVENUE, organisation, period):
        kind, _, code = account.partition(":")
        rows.append(
            {"kind": kind, "code": code, "invoiced": invoiced, "credited": credited, "net": invoiced - credited}
        )
    return rows


def _receipts(tx: BookTransaction, organisation: str, period: Period) -> list[Row]:
    """What came in and went back each day, by method; what did not happen after all is taken off on its own day."""
    rows = []
    for day, method, received, reversed_, refunded, restored in _in_period(tx, _RECEIPTS, organisation, period):
        rows.append(
            {
                "on": day, "method": method, "received": received, "reversed": reversed_, "refunded": refunded,
                "refunds_reversed": restored, "net": received - reversed_ - refunded + restored,
            }
        )  # fmt: skip
    return rows


def _planned(tx: BookTransaction, organisation: str, period: Period) -> list[Row]:
    """Instalments and postdated cheques due in the period, by method and state."""
    names = ("method", "state", "count", "amount", "first", "last")
    return [dict(zip(names, row, strict=True)) for row in _in_period(tx, _PLANNED, organisation, period)]


def _echecks(tx: BookTransaction, organisation: str, period: Period) -> list[Row]:
    """Every e-check of the period, and where it stands."""
    return echeck_rows(tx, organisation, period.since, period.until)


def _postdated(tx: BookTransaction, organisation: str, period: Period) -> list[Row]:
    """Every postdated payment due in the period, and where it stands."""
    return postdated_rows(tx, organisation, period.since, period.until)


def _receivables(tx: BookTransaction, organisation: str, period: Period) -> list[Row]:
    """What each client owes, by the age of its invoices on the last day; what is planned stands apart from what
    nobody has promised, and money that is matched to nothing yet is taken off."""
    rows: dict[str, Row] = {}
    balances: dict[str, int] = defaultdict(int)
    given = {"organisation": organisation}
    for client, kind, amount in tx.connection.execute(text(_BALANCES), given).all():
        balances[client] += SIGN[kind] * int(amount)
    names = {row[0]: row[1] for row in tx.connection.execute(text(_NAMES), given).all()}
    for client, booked_on, opened, planned in tx.connection.execute(text(_OPEN), given).all():
        row = rows.setdefault(client, _nothing_owed(client, names))
        promised = min(planned, opened)
        row["planned"] += promised
        row[_age(period.until, date.fromisoformat(booked_on))] += opened - promised
    for client, balance in balances.items():
        if balance or client in rows:
            row = rows.setdefault(client, _nothing_owed(client, names))
            row["balance"] = balance
            row["unmatched"] = balance - sum(row[name] for name in (*AGES, "planned"))
    return sorted(rows.values(), key=lambda row: (row["name"], row["client"]))


def _nothing_owed(client: str, names: Mapping[str, str]) -> Row:
    money = {name: 0 for name in (*AGES, "planned", "unmatched", "balance")}
    return {"client": client, "name": names[client], **money}


def _age(until: date, booked_on: date) -> str:
    days = (until - booked_on).days
    return next(name for name, most in AGES.items() if most is None or days <= most)


def _in_period(tx: BookTransaction, sql: str, organisation: str, period: Period) -> Sequence[Any]:
    statement = text(f"{sql} LIMIT {MAX_ROWS}").bindparams(
        bindparam("since", period.since, Date), bindparam("until", period.until, Date), organisation=organisation
    )
    return tx.connection.execute(statement).all()


# fmt: off
AGES: Mapping[str, int | None] = {"to_30": 30, "to_60": 60, "to_90": 90, "older": None}  # days since the invoice
M, C, D, T, W = Kind.MONEY, Kind.COUNT, Kind.DAY, Kind.TEXT, Kind.WORD

REPORTS: Mapping[str, Report] = {
    "revenue":     Report(read=_revenue, columns={
        "kind": W, "code": T, "invoiced": M, "credited": M, "net": M}),
    "receipts":    Report(read=_receipts, columns={
        "on": D, "method": W, "received": M, "reversed": M, "refunded": M, "refunds_reversed": M, "net": M}),
    "planned":     Report(read=_planned, columns={
        "method": W, "state": W, "count": C, "amount": M, "first": D, "last": D}),
    "echecks":     Report(read=_echecks, columns={
        "on": D, "client": T, "name": T, "payment": T, "amount": M, "state": W, "cutoff_on": D, "submitted_on": D,
        "verdict_on": D, "settled_on": D, "returned_on": D, "code": T}),
    "postdated":   Report(read=_postdated, columns={
        "on": D, "client": T, "name": T, "payment": T, "invoice": T, "method": W, "amount": M, "state": W}),
    "receivables": Report(read=_receivables, columns={
        "client": T, "name": T, **dict.fromkeys(AGES, M), "planned": M, "unmatched": M, "balance": M}),
}
# fmt: on


def _sum(of: str) -> str:
    return f"CAST(sum(CASE WHEN {of} ELSE 0 END) AS bigint)"


_REVENUE = f"""
    SELECT e.account, {_sum("t.kind = 'invoice' THEN -e.amount")}, {_sum("t.kind = 'credit' THEN e.amount")}
    FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
    WHERE t.organisation = :organisation AND t.booked_on BETWEEN :since AND :until
        AND (e.account LIKE 'revenue:%' OR e.account LIKE 'tax:%')
    GROUP BY e.account ORDER BY e.account"""

_RECEIPTS = f"""
    SELECT CAST(t.booked_on AS text), t.method, {_sum("t.kind = 'payment' THEN t.amount")},
        {_sum("t.kind = 'payment_reversal' THEN t.amount")}, {_sum("t.kind = 'refund' THEN t.amount")},
        {_sum("t.kind = 'refund_reversal' THEN t.amount")}
    FROM ledger_transactions t
    WHERE t.organisation = :organisation AND t.booked_on BETWEEN :since AND :until
        AND t.kind NOT IN ('invoice', 'credit')
    GROUP BY t.booked_on, t.method ORDER BY t.booked_on, t.method"""

_PLANNED = """
    SELECT coalesce(p.offline, m.kind, 'card') AS method, p.state, count(*), CAST(sum(p.amount) AS bigint),
        CAST(min(p.due_on) AS text), CAST(max(p.due_on) AS text)
    FROM payments p
    LEFT JOIN payment_methods m ON m.organisation = p.organisation AND m.id = p.payment_method
    WHERE p.organisation = :organisation AND p.plan IS NOT NULL AND p.due_on BETWEEN :since AND :until
    GROUP BY coalesce(p.offline, m.kind, 'card'), p.state ORDER BY 1, 2"""

_BALANCES = """
    SELECT client, kind, sum(amount) FROM ledger_transactions WHERE organisation = :organisation
    GROUP BY client, kind"""

_NAMES = "SELECT id, name FROM clients WHERE organisation = :organisation"

_OPEN = f"""
    SELECT i.client, CAST(i.booked_on AS text), CAST(o.amount AS bigint), CAST(coalesce(p.amount, 0) AS bigint)
    FROM invoices i
    JOIN (
        SELECT invoice, sum(payable - allocated) AS amount FROM invoice_lines
        WHERE organisation = :organisation GROUP BY invoice HAVING sum(payable - allocated) > 0
    ) o ON o.invoice = i.id
    LEFT JOIN (
        SELECT invoice, sum(amount) AS amount FROM payments
        WHERE organisation = :organisation AND plan IS NOT NULL AND state IN ({PLANNED}) GROUP BY invoice
    ) p ON p.invoice = i.id
    WHERE i.organisation = :organisation"""
