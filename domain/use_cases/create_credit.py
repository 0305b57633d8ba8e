"""Creates a credit: the balance goes down, no money moves (B5)."""

from collections.abc import Sequence
from typing import Any

from domain.credit import Credit, TaxMode
from domain.crediting import credit, split_taxes
from domain.days import local_date
from domain.invoice import TaxRate
from domain.organisation import Organisation
from domain.people import Client
from domain.ports import Transaction
from domain.refusal import IdTaken


def create_credit(
    tx: Transaction,
    *,
    organisation: str,
    client: str,
    id: str | None,
    amount: int,
    rates: Sequence[TaxRate],
    tax_mode: TaxMode,
    description: str = "",
    note: str = "",
    by: str,
) -> dict[str, Any]:
    """With taxes `included` the credit is exactly `amount`."""
    owner = tx.get(Organisation, id=organisation)
    holder = tx.get(Client, organisation=organisation, id=client)
    if id is not None and tx.find(Credit, organisation=organisation, id=id) is not None:
        raise IdTaken("credit", id=id)
    chosen = id or tx.mint("crd_")
    net, taxes = split_taxes(amount, rates, tax_mode)
    decision = credit(
        organisation=owner, client=holder, id=chosen, net=net, taxes=taxes, description=description, note=note,
        by=by, booked_on=local_date(tx.now, owner.timezone), now=tx.now, mint=tx.mint,
    )  # fmt: skip
    tx.write([decision])
    return {"credit": chosen, "amount": net + sum(tax.amount for tax in taxes)}
