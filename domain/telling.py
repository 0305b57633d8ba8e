"""Telling: the events that a step leaves behind, each with the sequence of its subject."""

from collections.abc import Mapping
from datetime import datetime

from domain.action_item import ActionItem
from domain.decision import New
from domain.event import SYSTEM, Event
from domain.instalment import Plan
from domain.payment import Payment, PaymentKind
from domain.refund import Refund

Before = Mapping[str, object] | None
STATE_ONLY: Mapping[str, object] = {}

# fmt: off
# What is told when a payment of each kind was made, and when it was not.
CHARGED = {
    PaymentKind.INSTALMENT:   "instalment.charged",
    PaymentKind.SUBSCRIPTION: "subscription.renewed",
    PaymentKind.ONE_OFF:      "payment.approved",
}
FAILED = {
    PaymentKind.INSTALMENT:   "instalment.failed",
    PaymentKind.SUBSCRIPTION: "subscription.renewal_failed",
    PaymentKind.ONE_OFF:      "payment.declined",
}
# fmt: on


def payment_event(
    payment: Payment,
    type_: str,
    now: datetime,
    *,
    by: str = SYSTEM,
    public: bool = True,
    was: Before = STATE_ONLY,
    **data: object,
) -> New:
    """What happened to a payment; `sequence` is the version that the step makes. Its state before is kept, and
    what else `was`; None for one that is new."""
    if payment.subscription is not None:
        data = {"subscription": payment.subscription, "invoice": payment.invoice, **data}
    return New(
        thing=Event(
            organisation=payment.organisation,
            type=type_,
            subject=f"payment:{payment.id}",
            sequence=payment.version + 1,
            at=now,
            by=by,
            public=public,
            data={"client": payment.client, "payment": payment.id, **data},
            before={} if was is None else {"state": payment.state.value, **was},
        )
    )


def item_event(
    item: ActionItem, type_: str, now: datetime, *, by: str = SYSTEM, was: Before = STATE_ONLY, **data: object
) -> New:
    """What happened to an item, with its state before and what else `was`; None for one that is new."""
    return New(
        thing=Event(
            organisation=item.organisation,
            type=type_,
            subject=f"action_item:{item.id}",
            sequence=item.version + 1,
            at=now,
            by=by,
            data={"item": item.id, "client": item.client, "payment": item.payment, **data},
            before={} if was is None else {"state": item.state.value, **was},
        )
    )


def plan_event(
    plan: Plan, type_: str, now: datetime, *, by: str = SYSTEM, was: Before = STATE_ONLY, **data: object
) -> New:
    return New(
        thing=Event(
            organisation=plan.organisation, type=type_, subject=f"plan:{plan.id}", sequence=1, at=now, by=by,
            public=False, data={"plan": plan.id, "client": plan.client, **data},
            before={} if was is None else {"state": plan.state.value, **was},
        )
    )  # fmt: skip


def refund_event(
    refund: Refund,
    type_: str,
    now: datetime,
    *,
    by: str = SYSTEM,
    public: bool = True,
    new: bool = False,
    **data: object,
) -> New:
    """What happened to a refund; `sequence` is the version that the step makes, 1 of a `new` one."""
    told = {"client": refund.client, "refund": refund.id, "payment": refund.payment, "amount": refund.amount}
    return New(
        thing=Event(
            organisation=refund.organisation, type=type_, subject=f"refund:{refund.id}",
            sequence=1 if new else refund.version + 1, at=now, by=by, public=public, data=told | data,
            before={} if new else {"state": refund.state.value},
        )
    )  # fmt: skip
