"""Creates an invoice: posted at once, open until it is paid (B2, B6, B17)."""

from collections.abc import Sequence
from typing import Any

from domain.billing import invoice
from domain.days import local_date
from domain.invoice import AskedLine, Invoice
from domain.organisation import Organisation
from domain.people import Client
from domain.ports import Transaction
from domain.refusal import IdTaken


def create_invoice(
    tx: Transaction,
    *,
    organisation: str,
    client: str,
    id: str,
    lines: Sequence[AskedLine],
    origin: str = "purchase",
    note: str = "",
    by: str,
) -> dict[str, Any]:
    owner = tx.get(Organisation, id=organisation)
    debtor = tx.get(Client, organisation=organisation, id=client)
    if tx.find(Invoice, organisation=organisation, id=id) is not None:
        raise IdTaken("invoice", id=id)
    decision = invoice(
        organisation=owner, client=debtor, id=id, lines=lines, origin=origin, note=note, by=by,
        booked_on=local_date(tx.now, owner.timezone), now=tx.now, mint=tx.mint,
    )  # fmt: skip
    tx.write([decision])
    created = tx.get(Invoice, organisation=organisation, id=id)
    return {"invoice": id, "total": created.total}
