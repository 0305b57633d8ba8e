"""Telling: the events that a step leaves behind, each with the sequence of its subject."""

from datetime import datetime

from domain.action_item import ActionItem
from domain.decision import New
from domain.event import SYSTEM, Event
from domain.instalment import Plan
from domain.payment import Payment


def payment_event(
    payment: Payment, type_: str, now: datetime, *, by: str = SYSTEM, public: bool = True, **data: object
) -> New:
    """What happened to a payment; `sequence` is the version that the step makes."""
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
        )
    )


def item_event(item: ActionItem, type_: str, now: datetime, *, by: str = SYSTEM, **data: object) -> New:
    return New(
        thing=Event(
            organisation=item.organisation,
            type=type_,
            subject=f"action_item:{item.id}",
            sequence=item.version + 1,
            at=now,
            by=by,
            data={"item": item.id, "client": item.client, "payment": item.payment, **data},
        )
    )


def plan_event(plan: Plan, type_: str, now: datetime, *, by: str = SYSTEM, **data: object) -> New:
    return New(
        thing=Event(
            organisation=plan.organisation, type=type_, subject=f"plan:{plan.id}", sequence=1, at=now, by=by,
            public=False, data={"plan": plan.id, "client": plan.client, **data},
        )
    )  # fmt: skip
