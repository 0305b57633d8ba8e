"""A person acts on an action item: retry, reject, reopen, ask again, settle (A3, A4, A5, A10)."""

from datetime import timedelta
from typing import Any

from domain import retrying
from domain.action_item import ActionItem
from domain.instalment import Plan
from domain.payment import Payment, PaymentState
from domain.payment_method import PaymentMethod
from domain.ports import Transaction
from domain.reconciliation import Break, BreakState
from domain.steps.find_breaks import resolve_break
from domain.steps.record_answers import settle_one_offs
from domain.steps.retry_limits import limits_of
from domain.steps.through_door import must_answer

NO_HOLD = timedelta(0)


def retry_item(
    tx: Transaction,
    *,
    organisation: str,
    item: str,
    by: str,
    payment_method: str | None = None,
    hold: timedelta = NO_HOLD,
    command: int | None = None,
) -> None:
    """The item turns retrying; the command, if any, is answered when the gateway has."""
    waiting, payment = _both(tx, organisation, item)
    replacement = None
    if payment_method is not None:
        replacement = tx.get(PaymentMethod, organisation=organisation, client=payment.client, id=payment_method)
    method = _method(tx, payment)
    chosen = replacement or method
    decision = retrying.retry(
        waiting, payment, method, replacement=replacement, by=by, hold=hold, command=command, now=tx.now,
        limits=limits_of(tx, chosen) if chosen is not None else None,
    )  # fmt: skip
    must_answer(tx, organisation, chosen.merchant_account if chosen is not None else None)
    tx.write([decision])


def reject_item(tx: Transaction, *, organisation: str, item: str, by: str, reason: str) -> dict[str, Any]:
    waiting, payment = _both(tx, organisation, item)
    plan = _plan(tx, payment)
    held = _held(tx, payment) if plan is not None else []
    tx.write([retrying.reject(waiting, payment, plan=plan, held=held, reason=reason, by=by, now=tx.now)])
    for one in tx.all(Break, organisation=organisation, payment=payment.id, state=BreakState.OPEN):
        resolve_break(tx, one, by=by, reason=reason)
    return {"item": item, "state": "rejected"}


def reopen_item(tx: Transaction, *, organisation: str, item: str, by: str) -> dict[str, Any]:
    waiting, payment = _both(tx, organisation, item)
    tx.write([retrying.reopen(waiting, payment, by=by, now=tx.now)])
    return {"item": item, "state": "open"}


def ask_again(tx: Transaction, *, organisation: str, item: str, by: str, command: int | None = None) -> None:
    """Looks the payment up now; the command, if any, is answered when the gateway has."""
    waiting, payment = _both(tx, organisation, item)
    asked = tx.in_flight_of(organisation, payment.id)
    attempt = asked.attempt if asked is not None else None
    tx.write([retrying.ask_again(waiting, payment, attempt, by=by, command=command, now=tx.now)])


def settle_item(
    tx: Transaction, *, organisation: str, item: str, by: str, outcome: str, reference: str, reason: str
) -> dict[str, Any]:
    """`outcome` is `paid`, with the processor's reference, or `not_paid`."""
    waiting, payment = _both(tx, organisation, item)
    asked = tx.in_flight_of(organisation, payment.id)
    if asked is None:
        raise retrying.NotInDoubt("item", item=item)
    if not reason.strip():
        raise retrying.ReasonNeeded("reason")
    if outcome == "not_paid":
        tx.write([retrying.settle_not_paid(asked, waiting, reason=reason, by=by, now=tx.now)])
        return {"item": item, "state": "open"}
    around = tx.around([asked], planned_of=[asked.attempt.key])[asked.attempt.key]
    told = retrying.told_settled(waiting, reason=reason, reference=reference, by=by, now=tx.now)
    decision = retrying.settle_paid(asked, waiting, around, reference=reference, by=by, now=tx.now, mint=tx.mint)
    tx.write([told, decision])
    settle_one_offs(tx, [asked])
    return {"item": item, "state": "resolved"}


def _both(tx: Transaction, organisation: str, item: str) -> tuple[ActionItem, Payment]:
    """The item and its payment, locked: two people at once make one effect."""
    waiting = tx.lock(ActionItem, organisation=organisation, id=item)
    return waiting, tx.lock(Payment, organisation=organisation, id=waiting.payment)


def _method(tx: Transaction, payment: Payment) -> PaymentMethod | None:
    if payment.payment_method is None:
        return None
    return tx.find(PaymentMethod, organisation=payment.organisation, id=payment.payment_method)


def _plan(tx: Transaction, payment: Payment) -> Plan | None:
    if payment.plan is None:
        return None
    return tx.find(Plan, organisation=payment.organisation, id=payment.plan)


def _held(tx: Transaction, payment: Payment) -> list[Payment]:
    return tx.lock_all(
        Payment, order_by="id", organisation=payment.organisation, client=payment.client, plan=payment.plan,
        state=PaymentState.HELD,
    )  # fmt: skip
