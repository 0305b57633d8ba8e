"""Withdrawing decides what is written when a person takes back a retry that has not been sent."""

from datetime import datetime, timedelta
from typing import Any

from domain.action_item import ACTION_ITEM, ActionItem, ItemState
from domain.decision import Decision, move
from domain.payment import PAYMENT, Payment, PaymentState
from domain.payment_method import PaymentMethod
from domain.refusal import Refusal
from domain.telling import item_event

HOLD = timedelta(seconds=10)  # how long a retry that was pressed on the web can be taken back


class RetrySent(Refusal):
    """The retry has been sent, or has its answer: there is nothing to take back."""

    code = "retry_sent"


def held(item: ActionItem, payment: Payment, now: datetime) -> bool:
    """Whether the retry still waits for its hold to be over."""
    waits = item.state is ItemState.RETRYING and payment.state is PaymentState.DUE
    return waits and payment.due_at is not None and payment.due_at > now


def withdraw(item: ActionItem, payment: Payment, before: PaymentMethod | None, *, by: str, now: datetime) -> Decision:
    """As it was before the retry; `before` is the method that it replaced, if it did."""
    if not held(item, payment, now):
        raise RetrySent("item", item=item.id)
    put: dict[str, Any] = {}
    if before is not None:
        put = {"payment_method": before.id, "merchant_account": before.merchant_account}
    back: dict[str, Any] = {"payment_method": before.id} if before is not None else {}
    return (
        move(PAYMENT, payment, "withdraw", due_at=None, **put),
        move(ACTION_ITEM, item, "withdraw", by=by, changed_at=now, **back),
        item_event(
            item, "action_item.opened", now, by=by, was={"payment_method": payment.payment_method},
            reason=item.reason, reopened=True,
        ),
    )  # fmt: skip
