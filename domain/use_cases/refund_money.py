"""Gives money back: recorded offline from the account's credit, asked for and called back (R1-R4)."""

from typing import Any

from domain import refunding
from domain.days import local_date
from domain.organisation import Organisation
from domain.payment import Payment
from domain.ports import Transaction
from domain.refund import Consumption, Refund
from domain.refusal import IdTaken
from domain.steps.account_steps import ask_refund, method_of


def record_refund(
    tx: Transaction, *, organisation: str, client: str, refund: str | None, amount: int, offline: str,
    credits: list[str] | None = None, comment: str = "", by: str,
) -> dict[str, Any]:  # fmt: skip
    """Cash or a cheque, from the account's credit: the given credits, else the oldest first (R3)."""
    owner = tx.get(Organisation, id=organisation)
    account = tx.account(organisation, client)
    _must_be_free(tx, organisation, refund)
    chosen = refund or tx.mint("ref_")
    sources = [one for one in account.sources if credits is None or (one.kind == "credit" and one.id in credits)]
    decision = refunding.record(
        id=chosen, amount=amount, offline=offline, owed=account.available, sources=sources, comment=comment,
        organisation=owner, client=account.client, by=by, asked_on=local_date(tx.now, owner.timezone), now=tx.now,
        mint=tx.mint,
    )  # fmt: skip
    tx.write([decision])
    return {"refund": chosen, "state": "settled"}


def request_refund(
    tx: Transaction, *, organisation: str, refund: str | None, payment: str, amount: int, seen: int | None = None,
    by: str,
) -> dict[str, Any]:  # fmt: skip
    """Back to the method that paid, by the next night (R4); the payment's row is locked (R1)."""
    owner = tx.get(Organisation, id=organisation)
    known = tx.get(Payment, organisation=organisation, id=payment)
    account = tx.account(organisation, known.client)
    _must_be_free(tx, organisation, refund)
    chosen = refund or tx.mint("ref_")
    ask_refund(tx, owner, account, payment=payment, refund=chosen, amount=amount, seen=seen, by=by)
    return {"refund": chosen, "state": "pending"}


def cancel_refund(tx: Transaction, *, organisation: str, refund: str, by: str) -> dict[str, Any]:
    owner = tx.get(Organisation, id=organisation)
    known = tx.get(Refund, organisation=organisation, id=refund)
    account = tx.account(organisation, known.client)
    asked = tx.lock(Refund, organisation=organisation, id=refund)
    payment = tx.lock(Payment, organisation=organisation, id=asked.payment) if asked.payment is not None else None
    method, can = method_of(tx, payment) if payment is not None else (None, None)
    decision = refunding.cancel(
        asked, payment, method, can,
        consumed=tx.all(Consumption, organisation=organisation, client=asked.client, refund=refund),
        organisation=owner, client=account.client, by=by, booked_on=local_date(tx.now, owner.timezone), now=tx.now,
        mint=tx.mint,
    )  # fmt: skip
    tx.write([decision])
    return {"refund": refund, "state": "cancelled"}


def _must_be_free(tx: Transaction, organisation: str, refund: str | None) -> None:
    if refund is not None and tx.find(Refund, organisation=organisation, id=refund) is not None:
        raise IdTaken("refund", id=refund)
