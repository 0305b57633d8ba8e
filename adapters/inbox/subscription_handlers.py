"""What each command of subscriptions does: its type, and a thin function that calls one use case."""

from collections.abc import Callable
from typing import Any

from adapters.inbox import subscription_schemas as shape
from domain.ports import Transaction
from domain.use_cases.subscribe import (
    cancel_subscription,
    change_subscription,
    resume_subscription,
    start_subscription,
    suspend_subscription,
)  # fmt: skip

Result = dict[str, Any] | None
Handler = Callable[[Transaction, Any, str, int], Result]


def subscription_start(tx: Transaction, asked: shape.StartSubscription, by: str, _seq: int) -> Result:
    return start_subscription(
        tx, organisation=asked.organisation, client=asked.client, id=asked.subscription,
        description=asked.description, amount=asked.amount, taxes=[(tax.code, tax.rate) for tax in asked.taxes],
        ledger_code=asked.ledger_code or "", every=asked.every, start=asked.from_, billing_day=asked.billing_day,
        payment_method=asked.payment_method, by=by,
    )  # fmt: skip


def subscription_change(tx: Transaction, asked: shape.ChangeSubscription, by: str, _seq: int) -> Result:
    return change_subscription(
        tx, organisation=asked.organisation, subscription=asked.subscription, since=asked.from_, amount=asked.amount,
        payment_method=asked.payment_method, ends_on=asked.ends_on, by=by,
    )  # fmt: skip


def subscription_suspend(tx: Transaction, asked: shape.SuspendSubscription, by: str, _seq: int) -> Result:
    return suspend_subscription(
        tx, organisation=asked.organisation, subscription=asked.subscription, since=asked.from_, to=asked.to, by=by
    )


def subscription_resume(tx: Transaction, asked: shape.ResumeSubscription, by: str, _seq: int) -> Result:
    return resume_subscription(
        tx, organisation=asked.organisation, subscription=asked.subscription, since=asked.from_, by=by
    )


def subscription_cancel(tx: Transaction, asked: shape.CancelSubscription, by: str, _seq: int) -> Result:
    return cancel_subscription(
        tx, organisation=asked.organisation, subscription=asked.subscription, since=asked.from_,
        ends_on=asked.ends_on, by=by,
    )  # fmt: skip


SUBSCRIPTION_HANDLERS: dict[str, Handler] = {
    "subscription.start": subscription_start,
    "subscription.change": subscription_change,
    "subscription.suspend": subscription_suspend,
    "subscription.resume": subscription_resume,
    "subscription.cancel": subscription_cancel,
}
