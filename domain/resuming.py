"""Resuming: a stopped plan goes on (I5); what still names the dead method then fails on its own date."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from domain.decision import Decision, move
from domain.event import SYSTEM
from domain.instalment import PLAN, Plan, PlanState
from domain.payment import PAYMENT, Payment
from domain.payment_method import PaymentMethod
from domain.telling import payment_event, plan_event


def resume(
    plan: Plan | None, held: Iterable[Payment], *, method: PaymentMethod | None, by: str = SYSTEM, now: datetime
) -> Decision:
    """Nothing stays held behind a plan whose stop somebody has answered: by a method that works, by another one
    for what is held, or by rejecting the item."""
    if plan is None or plan.state is not PlanState.STOPPED:
        return ()
    put: dict[str, Any] = {}
    steps: Decision = (move(PLAN, plan, "resume"), plan_event(plan, "plan.resumed", now, by=by))
    if method is not None:
        put = {"payment_method": method.id, "merchant_account": method.merchant_account}
        told = plan_event(plan, "plan.resumed", now, by=by, payment_method=method.id)
        steps = (move(PLAN, plan, "resume", payment_method=method.id), told)
    for payment in held:
        if payment.plan == plan.id and PAYMENT.allows(payment.state, "release"):
            told = payment_event(payment, "instalment.released", now, by=by, public=False)
            steps += (move(PAYMENT, payment, "release", **put), told)
    return steps
