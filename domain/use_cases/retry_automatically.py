"""Retries by itself what failed, on the days that the organisation's schedule says (A8)."""

from datetime import timedelta

from domain import asking_again, retrying
from domain.action_item import ACTION_ITEM, ActionItem
from domain.days import last_night
from domain.decision import Decision, move
from domain.echeck import Echeck
from domain.event import SYSTEM
from domain.organisation import Organisation
from domain.payment import Payment
from domain.payment_method import PaymentMethod
from domain.ports import Transaction
from domain.refusal import Refusal
from domain.retry_rules import scheduled_retry
from domain.steps.echeck_steps import newest_of, retry_returned
from domain.steps.retry_limits import limits_of
from domain.telling import item_event

BATCH_SIZE = 100  # items in one transaction; the account's door decides about each charge


def retry_automatically(tx: Transaction, *, organisation: str, limit: int = BATCH_SIZE) -> int:
    """Takes up the items whose night has come; answers how many. One that may not be retried now waits for the next
    day of the schedule, if there is one, and says why."""
    owner = tx.get(Organisation, id=organisation)
    due = tx.planned_retries(organisation, last_night(owner, tx.now), limit)
    for item in due:
        payment = newest_of(tx, tx.lock(Payment, organisation=organisation, id=item.payment))
        tx.write([_retry(tx, owner, item, payment)])
    return len(due)


def _retry(tx: Transaction, owner: Organisation, item: ActionItem, payment: Payment) -> Decision:
    """An e-check that came back is presented again by a new payment, as its rail allows (E6)."""
    method = None
    if payment.payment_method is not None:
        method = tx.find(PaymentMethod, organisation=owner.id, id=payment.payment_method)
    later = scheduled_retry(item.reason_class, owner, failed_at=item.opened_at, planned=item.retry_on, now=tx.now)
    if later != item.retry_on:  # the schedule is another one by now
        return _wait(tx, owner, item, "schedule_changed")
    echeck = tx.find(Echeck, organisation=owner.id, payment=payment.id)
    try:
        if echeck is not None:
            usable = asking_again.usable_again(item, payment, method, None, echeck)
            retry_returned(
                tx, item, payment, usable, echeck, by=SYSTEM, hold=timedelta(0), command=None, by_schedule=True
            )
            return ()
        return retrying.retry(
            item, payment, method, replacement=None, by=SYSTEM, hold=timedelta(0), command=None, now=tx.now,
            limits=limits_of(tx, method, by_schedule=True) if method is not None else None,
        )  # fmt: skip
    except Refusal as refusal:
        return _wait(tx, owner, item, refusal.code)


def _wait(tx: Transaction, owner: Organisation, item: ActionItem, why: str) -> Decision:
    """Passed over: on to the next day of the schedule that is still to come."""
    later = scheduled_retry(item.reason_class, owner, failed_at=item.opened_at, planned=None, now=tx.now)
    told = item_event(item, "action_item.retry_passed_over", tx.now, why=why, retry_on=later and later.isoformat())
    return (move(ACTION_ITEM, item, "update", retry_on=later, changed_at=tx.now), told)
