"""A person acts on an action item: retry, reject, reopen, ask again, settle (A3, A4, A5, A10)."""

from datetime import timedelta
from typing import Any

from domain import asking_again, retrying, settling
from domain.action_item import ActionItem, ItemKind
from domain.batching import accepted
from domain.days import local_date
from domain.echeck import Echeck, EcheckState
from domain.instalment import Plan
from domain.payment import Payment, PaymentState
from domain.payment_method import PaymentMethod
from domain.ports import Transaction
from domain.reconciliation import Break, BreakState
from domain.retrying_refunds import is_about_repayment
from domain.steps.echeck_steps import newest_of, retry_returned, surroundings
from domain.steps.find_breaks import resolve_break
from domain.steps.record_answers import settle_one_offs
from domain.steps.refund_items import (
    ask_refund_again,
    reject_refund,
    reopen_refund,
    retry_refund,
    settle_refund_item,
)
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
) -> dict[str, Any] | None:
    """The item turns retrying; the command, if any, is answered when the gateway has. What was returned is asked
    for again by a new payment (E6); by e-check that is answered at once."""
    known = tx.get(ActionItem, organisation=organisation, id=item)
    if is_about_repayment(known):
        retry_refund(tx, known, by=by, payment_method=payment_method, hold=hold, command=command)
        return None
    waiting, payment = _both(tx, organisation, item)
    payment = newest_of(tx, payment)
    replacement = None
    if payment_method is not None:
        replacement = tx.get(PaymentMethod, organisation=organisation, client=payment.client, id=payment_method)
    method = _method(tx, payment)
    chosen = replacement or method
    echeck = tx.find(Echeck, organisation=organisation, payment=payment.id)
    if echeck is not None:
        usable = asking_again.usable_again(waiting, payment, method, replacement, echeck)
        return retry_returned(tx, waiting, payment, usable, echeck, by=by, hold=hold, command=command)
    decision = retrying.retry(
        waiting, payment, method, replacement=replacement, by=by, hold=hold, command=command, now=tx.now,
        limits=limits_of(tx, chosen) if chosen is not None and chosen.kind == "card" else None,
    )  # fmt: skip
    if chosen is not None and chosen.kind == "card":
        must_answer(tx, organisation, chosen.merchant_account)
    tx.write([decision])
    return None


def reject_item(tx: Transaction, *, organisation: str, item: str, by: str, reason: str) -> dict[str, Any]:
    known = tx.get(ActionItem, organisation=organisation, id=item)
    if is_about_repayment(known):
        return reject_refund(tx, known, by=by, reason=reason)
    waiting, payment = _both(tx, organisation, item)
    plan = _plan(tx, payment)
    held = _held(tx, payment) if plan is not None else []
    tx.write([retrying.reject(waiting, payment, plan=plan, held=held, reason=reason, by=by, now=tx.now)])
    for one in tx.all(Break, organisation=organisation, payment=payment.id, state=BreakState.OPEN):
        resolve_break(tx, one, by=by, reason=reason)
    return {"item": item, "state": "rejected"}


def reopen_item(tx: Transaction, *, organisation: str, item: str, by: str) -> dict[str, Any]:
    known = tx.get(ActionItem, organisation=organisation, id=item)
    if is_about_repayment(known):
        return reopen_refund(tx, known, by=by)
    waiting, payment = _both(tx, organisation, item)
    tx.write([retrying.reopen(waiting, payment, by=by, now=tx.now)])
    return {"item": item, "state": "open"}


def ask_again(
    tx: Transaction, *, organisation: str, item: str, by: str, command: int | None = None
) -> dict[str, Any] | None:
    """Looks the payment up now; the command, if any, is answered when the gateway has. An e-check is looked up
    with the others of its account."""
    known = tx.get(ActionItem, organisation=organisation, id=item)
    if is_about_repayment(known):
        ask_refund_again(tx, known, by=by, command=command)
        return None
    waiting, payment = _both(tx, organisation, item)
    echeck = _in_doubt_echeck(tx, waiting, payment)
    if echeck is not None:
        tx.write([asking_again.ask_again_about(waiting, echeck, by=by, now=tx.now)])
        return {"item": item, "payment": echeck.payment, "state": "in_doubt"}
    asked = tx.in_flight_of(organisation, payment.id)
    attempt = asked.attempt if asked is not None else None
    tx.write([retrying.ask_again(waiting, payment, attempt, by=by, command=command, now=tx.now)])
    return None


def settle_item(
    tx: Transaction, *, organisation: str, item: str, by: str, outcome: str, reference: str, reason: str
) -> dict[str, Any]:
    """`outcome` is `paid`, with the processor's reference, or `not_paid`."""
    known = tx.get(ActionItem, organisation=organisation, id=item)
    if is_about_repayment(known):
        return settle_refund_item(tx, known, by=by, outcome=outcome, reference=reference, reason=reason)
    waiting, payment = _both(tx, organisation, item)
    echeck = _in_doubt_echeck(tx, waiting, payment)
    if echeck is not None:
        return _settle_echeck(tx, waiting, echeck, by=by, outcome=outcome, reference=reference, reason=reason)
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


def _in_doubt_echeck(tx: Transaction, waiting: ActionItem, payment: Payment) -> Echeck | None:
    """The e-check that the item is in doubt about, locked, if it is about one."""
    newest = newest_of(tx, payment)
    key = {"organisation": newest.organisation, "payment": newest.id}
    if waiting.kind is not ItemKind.IN_DOUBT or tx.find(Echeck, **key) is None:
        return None
    return tx.lock(Echeck, **key)


def _settle_echeck(
    tx: Transaction, waiting: ActionItem, echeck: Echeck, *, by: str, outcome: str, reference: str, reason: str
) -> dict[str, Any]:
    """A person found out what became of it (A10)."""
    if not reason.strip():
        raise retrying.ReasonNeeded("reason")
    if echeck.state not in (EcheckState.UNKNOWN, EcheckState.SUBMITTED):
        raise retrying.NotInDoubt("item", item=waiting.id)
    seen = surroundings(tx, echeck)
    owner, today = seen.organisation, local_date(tx.now, seen.organisation.timezone)
    told = retrying.told_settled(waiting, outcome=outcome, reason=reason, reference=reference, by=by, now=tx.now)
    if outcome == "not_paid":
        decision = settling.returned(
            echeck, seen, code="not_paid", network_code="", on=today, now=tx.now, mint=tx.mint, by=by
        )
        tx.write([told, decision])
        return {"item": waiting.id, "state": "open"}
    if not reference.strip():
        raise retrying.ReferenceNeeded("reference")
    if echeck.state is EcheckState.UNKNOWN:
        tx.write([accepted(echeck, owner, reference=reference.strip(), now=tx.now)])
        echeck = tx.lock(Echeck, organisation=echeck.organisation, id=echeck.id)
    tx.write([told, settling.settled(echeck, seen, on=today, now=tx.now)])
    return {"item": waiting.id, "state": "resolved"}


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
