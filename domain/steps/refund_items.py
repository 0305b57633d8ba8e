"""What a person's act on an item about money that goes back does, inside the transaction of the use case."""

from datetime import timedelta
from typing import Any

from domain import retrying, retrying_refunds
from domain.action_item import ActionItem
from domain.days import local_date
from domain.decision import Change
from domain.giving_back import approve, close
from domain.organisation import Organisation
from domain.payment import Payment
from domain.ports import Transaction
from domain.refund import Refund
from domain.repayment import Outgoing, Repayment
from domain.steps.account_steps import method_of


def retry_refund(
    tx: Transaction, known: ActionItem, *, by: str, payment_method: str | None, hold: timedelta, command: int | None
) -> None:
    """A new refund in the place of the failed one, to the method that paid (A5)."""
    owner = tx.get(Organisation, id=known.organisation)
    account = tx.account(owner.id, known.client)
    item = tx.lock(ActionItem, organisation=owner.id, id=known.id)
    payment = tx.lock(Payment, organisation=owner.id, id=item.payment)
    if payment_method is not None and payment_method != payment.payment_method:
        raise retrying_refunds.RefundSameMethod("payment_method", item=item.id)
    if not item.refund:
        raise retrying.InDoubt("item", item=item.id)
    failed = tx.lock(Refund, organisation=owner.id, id=item.refund)
    method, can = method_of(tx, payment)
    decision = retrying_refunds.retry(
        item, failed, payment, method, can, id=tx.mint("ref_"), ref=tx.mint_ref(), owed=account.available,
        sources=account.sources, organisation=owner, client=account.client, by=by, hold=hold, command=command,
        asked_on=local_date(tx.now, owner.timezone), now=tx.now, mint=tx.mint,
    )  # fmt: skip
    tx.write([decision])


def reject_refund(tx: Transaction, known: ActionItem, *, by: str, reason: str) -> dict[str, Any]:
    item = tx.lock(ActionItem, organisation=known.organisation, id=known.id)
    if not reason.strip():
        raise retrying.ReasonNeeded("reason")
    refund = tx.find(Refund, organisation=item.organisation, id=item.refund)
    tx.write([retrying_refunds.reject(item, refund, reason=reason, by=by, now=tx.now)])
    return {"item": item.id, "state": "rejected"}


def reopen_refund(tx: Transaction, known: ActionItem, *, by: str) -> dict[str, Any]:
    item = tx.lock(ActionItem, organisation=known.organisation, id=known.id)
    refund = tx.find(Refund, organisation=item.organisation, id=item.refund)
    tx.write([retrying_refunds.reopen(item, refund, by=by, now=tx.now)])
    return {"item": item.id, "state": "open"}


def ask_refund_again(tx: Transaction, known: ActionItem, *, by: str, command: int | None) -> None:
    """Looks it up now; the command, if any, is answered when the gateway has."""
    item = tx.lock(ActionItem, organisation=known.organisation, id=known.id)
    out = _in_flight(tx, item)
    tx.write([retrying_refunds.ask_again(item, out, by=by, now=tx.now)])
    if command is not None and out is not None:
        name = {"organisation": item.organisation, "id": item.refund}
        key = name if item.refund else {"key": out.asked.key}
        tx.write([(Change(thing=Refund if item.refund else Repayment, key=key, put={"command": command}),)])


def settle_refund_item(
    tx: Transaction, known: ActionItem, *, by: str, outcome: str, reference: str, reason: str
) -> dict[str, Any]:
    """*It was paid*: the money went back; *it was not paid*: it did not, and stays owed (A10)."""
    out = retrying_refunds.in_doubt(known, _in_flight(tx, known))
    if not reason.strip():
        raise retrying.ReasonNeeded("reason")
    if outcome == "paid" and not reference.strip():
        raise retrying.ReferenceNeeded("reference")
    seen = tx.again(out)
    if seen is None or seen[1].item is None:
        raise retrying.NotInDoubt("item", item=known.id)
    fresh, back = seen
    item = seen[1].item
    retrying_refunds.in_doubt(item, fresh)
    told = retrying_refunds.told_settled(item, outcome=outcome, reason=reason, reference=reference, by=by, now=tx.now)
    if outcome == "paid":
        tx.write([told, approve(fresh, reference.strip(), back, now=tx.now, mint=tx.mint, by=by)])
        return {"item": item.id, "state": "resolved"}
    tx.write([told, close(fresh, back, by=by, now=tx.now, mint=tx.mint)])
    return {"item": item.id, "state": "open" if item.refund else "resolved"}


def _in_flight(tx: Transaction, item: ActionItem) -> Outgoing | None:
    return tx.repayment_in_flight(item.organisation, payment=item.payment, refund=item.refund or None)
