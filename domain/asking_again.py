"""Asking again decides about what an e-check did not bring: whether it may be retried, and by which method (E6, A5)."""

from datetime import date, datetime
from typing import Any

from domain.action_item import ACTION_ITEM, ActionItem, ItemState
from domain.decision import Decision, move
from domain.echeck import ECHECK, STANDING, Echeck, EcheckState
from domain.payment import Payment
from domain.payment_method import MethodState, PaymentMethod
from domain.presenting import instrument
from domain.re_presentment import NETWORK_OF_CURRENCY, must_be_allowed
from domain.refusal import Refusal
from domain.retrying import (
    AlreadyRetrying,
    InDoubt,
    ItemClosed,
    MethodNotUsable,
    NewMethodNeeded,
    NotInDoubt,
)  # fmt: skip
from domain.telling import item_event


class NothingOwed(Refusal):
    """Nothing is owed any more for what was returned: there is nothing to ask for."""

    code = "nothing_owed"


def retry_by(
    item: ActionItem, method: PaymentMethod, *, replaced: str | None, by: str, now: datetime, by_schedule: bool = False
) -> Decision:  # fmt: skip
    """The item of what was returned turns retrying; a new payment asks for it. A person's retry never moves the
    schedule (A8)."""
    put: dict[str, Any] = {"retry_on": None} if by_schedule else {}
    return (
        move(ACTION_ITEM, item, "retry", by=by, changed_at=now, payment_method=method.id, **put),
        item_event(
            item, "action_item.retrying", now, by=by, was={"payment_method": replaced}, payment_method=method.id,
            replaced=None if method.id == replaced else replaced,
        ),
    )  # fmt: skip


def usable_again(
    item: ActionItem, payment: Payment, method: PaymentMethod | None, replacement: PaymentMethod | None, echeck: Echeck
) -> PaymentMethod:  # fmt: skip
    """The method for what an e-check did not bring. Raises what a retry does, and InDoubt before its verdict."""
    told = {"item": item.id, "by": item.by, "at": item.changed_at.isoformat()}
    if item.state is ItemState.RETRYING:
        raise AlreadyRetrying("item", **told)
    if item.state is not ItemState.OPEN:
        raise ItemClosed("item", state=item.state.value, **told)
    if echeck.state in STANDING:
        raise InDoubt("item", item=item.id)
    chosen = replacement or method
    if chosen is None or chosen.state is MethodState.DEAD or chosen.client != payment.client:
        if replacement is not None:
            raise MethodNotUsable("payment_method", payment_method=replacement.id)
        raise NewMethodNeeded("payment_method", item=item.id)
    return chosen


def is_presented_again(method: PaymentMethod, echeck: Echeck) -> bool:
    """By the same account it is a re-presentment, for which the network has rules; by another it is not."""
    return method.id == echeck.payment_method and instrument(method) == echeck.detail.get("instrument")


def must_be_presentable(echeck: Echeck, *, amount: int, today: date) -> None:
    """Raises the refusal that names the rule of the network (E6)."""
    must_be_allowed(
        network=NETWORK_OF_CURRENCY[echeck.currency], code=echeck.network_code, presented=echeck.presented,
        first_on=echeck.first_on or today, today=today, amount=amount, first_amount=echeck.amount,
    )  # fmt: skip


def ask_again_about(item: ActionItem, echeck: Echeck, *, by: str, now: datetime) -> Decision:
    """Looks an e-check up now (A10)."""
    if item.state is not ItemState.OPEN:
        raise ItemClosed("item", item=item.id, state=item.state.value, by=item.by, at=item.changed_at.isoformat())
    if echeck.state not in (EcheckState.UNKNOWN, EcheckState.SUBMITTED):
        raise NotInDoubt("item", item=item.id)
    return (
        move(ECHECK, echeck, "wait", fence=echeck.epoch, next_at=now),
        item_event(item, "action_item.asked_again", now, by=by),
        move(ACTION_ITEM, item, "update", by=by, changed_at=now),
    )


def why_not(
    item: ActionItem, payment: Payment, method: PaymentMethod | None, echeck: Echeck, *, today: date
) -> Refusal | None:  # fmt: skip
    """Why Retry without another method would be refused; None where it would be taken."""
    try:
        chosen = usable_again(item, payment, method, None, echeck)
        if is_presented_again(chosen, echeck):
            must_be_presentable(echeck, amount=echeck.amount, today=today)
    except Refusal as refusal:
        return refusal
    return None
