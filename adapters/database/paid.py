"""Invoices that were paid: told when nothing is open on them any more, by whatever money that came about.

No decision can know it: one sees the lines of a plan, another those of a payment, and a batch pays the same invoice
from several sides. The rows know.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, text

from adapters.database import recordset
from adapters.database.tables import allocations
from domain.event import Event

Pair = tuple[str, str]  # organisation, invoice
PAID = "invoice.paid"
OF_A_MATCH = ("organisation", "invoice", "source_kind", "source")


def newly_paid(connection: Connection, covered: Collection[Pair], made: Iterable[Mapping[str, Any]]) -> list[Event]:
    """Of invoices with a line that matches just made have `covered`, those on which nothing is open. Where the last of
    it was credited by a note of its own, nobody has paid it now. One that is opened again may be paid again."""
    dialect = connection.dialect.name
    matches = [one for one in made if (one["organisation"], one["invoice"]) in covered]
    rows = sorted({tuple(one[name] for name in OF_A_MATCH) for one in matches})
    statement = text(_PAID.format(rows=recordset.unfold(allocations, {name: name for name in OF_A_MATCH}, dialect)))
    given = recordset.dumps([dict(zip(OF_A_MATCH, row, strict=True)) for row in rows], dialect)
    found = connection.execute(statement, {"rows": given}).all()
    at = max(one["at"] for one in matches)
    return [
        Event(
            organisation=organisation, type=PAID, subject=f"invoice:{invoice}", sequence=sequence + 1, at=at,
            data={"client": client, "invoice": invoice, "total": total},
        )
        for organisation, invoice, client, total, sequence in found
    ]  # fmt: skip


_PAID = """
    SELECT DISTINCT i.organisation, i.id, i.client, i.total, (
        SELECT coalesce(max(e.sequence), 0) FROM events e
        WHERE e.organisation = i.organisation AND e.subject = 'invoice:' || i.id
    )
    FROM {rows} JOIN invoices i ON i.organisation = x.organisation AND i.id = x.invoice
    LEFT JOIN credits c ON x.source_kind = 'credit' AND c.organisation = x.organisation AND c.id = x.source
        AND c.invoice = x.invoice
    WHERE c.id IS NULL AND NOT EXISTS (
        SELECT 1 FROM invoice_lines l
        WHERE l.organisation = i.organisation AND l.invoice = i.id AND l.allocated < l.payable
    )"""
