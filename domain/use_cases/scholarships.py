"""Scholarships: a fund is opened with outside money and awarded to clients, never below zero (B15)."""

from typing import Any

from domain.awarding import opened_fund, scholarship
from domain.days import local_date
from domain.invoice import Invoice
from domain.organisation import Organisation
from domain.ports import Transaction
from domain.refusal import IdTaken, Refusal
from domain.scholarship import Fund
from domain.steps.account_steps import lines_on, settle_plans


class FundExhausted(Refusal):
    """The fund holds less than what is awarded."""

    code = "fund_exhausted"


def open_scholarship(tx: Transaction, *, organisation: str, fund: str, amount: int, by: str) -> dict[str, Any]:
    owner = tx.get(Organisation, id=organisation)
    if tx.find(Fund, organisation=organisation, id=fund) is not None:
        raise IdTaken("fund", id=fund)
    tx.write([opened_fund(owner, fund, amount, by=by, now=tx.now)])
    return {"fund": fund, "balance": amount}


def award_scholarship(
    tx: Transaction, *, organisation: str, fund: str, client: str, amount: int, invoice: str | None, by: str
) -> dict[str, Any]:
    owner = tx.get(Organisation, id=organisation)
    account = tx.account(organisation, client)
    held = tx.lock(Fund, organisation=organisation, id=fund)
    if held.balance < amount:
        raise FundExhausted("amount", available=held.balance, amount=amount)
    if invoice is not None:
        tx.get(Invoice, organisation=organisation, client=client, id=invoice)
    made = tx.mint("pay_")
    decision = scholarship(
        held, lines_on(tx, organisation, invoice), id=made, ref=tx.mint_ref(), amount=amount, invoice=invoice,
        organisation=owner,
        client=account.client, by=by, booked_on=local_date(tx.now, owner.timezone), now=tx.now, mint=tx.mint,
    )  # fmt: skip
    tx.write([decision])
    settle_plans(tx, organisation, client)
    return {"payment": made, "fund": fund, "balance": held.balance - amount, "state": "received"}
