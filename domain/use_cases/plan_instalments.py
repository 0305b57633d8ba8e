"""Makes an instalment plan, and changes or cancels its payments until they are claimed (I1-I3)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from domain import planning
from domain.days import local_date
from domain.instalment import Initial, Plan, PlanDoesNotSum, Schedule
from domain.invoice import Invoice
from domain.organisation import Organisation
from domain.payment import STILL_PLANNED, Payment, PaymentState
from domain.payment_method import MethodOrOffline
from domain.ports import Transaction
from domain.refusal import IdTaken, NotKnown
from domain.steps.account_steps import usable_method

MAX_CHANGED = 500


def create_plan(
    tx: Transaction,
    *,
    organisation: str,
    client: str,
    plan: str,
    invoice: str,
    lines: Sequence[str] | None,
    payment_method: str | None,
    offline: str | None,
    total: int,
    initial: Initial | None,
    schedule: Schedule,
    by: str,
) -> dict[str, Any]:
    """The plan must sum to what is open on its lines and not planned yet (`plan_does_not_sum`)."""
    if (payment_method is None) == (offline is None):
        raise MethodOrOffline("payment_method")
    owner = tx.get(Organisation, id=organisation)
    if tx.find(Plan, organisation=organisation, id=plan) is not None:
        raise IdTaken("plan", id=plan)
    tx.get(Invoice, organisation=organisation, client=client, id=invoice)
    open_lines = tx.open_lines([(organisation, invoice)], lock=True).get((organisation, invoice), [])
    covered = tuple(lines) if lines else tuple(line.line for line in open_lines)
    unknown = set(covered) - {line.line for line in open_lines}
    if unknown:
        raise NotKnown("lines", id=min(unknown))
    left = sum(line.open for line in open_lines if line.line in covered) - _planned_on(
        tx, organisation, client, invoice, covered
    )
    if total != left or total <= 0:
        raise PlanDoesNotSum("total", total=left, planned=total)
    method = usable_method(tx, organisation, client, payment_method) if payment_method is not None else None
    today = local_date(tx.now, owner.timezone)
    dates = planning.planned_payments(total, initial, schedule, today)
    thing = Plan(
        organisation=organisation, id=plan, client=client, invoice=invoice, lines=covered,
        payment_method=payment_method, offline=offline, total=total, count=len(dates), created_at=tx.now,
    )  # fmt: skip
    decision, payments = planning.plan(
        thing=thing, method=method, dates=dates, ref=tx.mint_ref, by=by, today=today, now=tx.now, mint=tx.mint
    )
    tx.write([decision])
    told = [
        {"instalment": payment.id, "on": payment.due_on.isoformat(), "amount": payment.amount} for payment in payments
    ]
    return {"plan": plan, "instalments": told}


def change_instalments(
    tx: Transaction,
    *,
    organisation: str,
    instalments: Sequence[str],
    day: date | None,
    amount: int | None,
    payment_method: str | None,
    by: str,
) -> dict[str, Any]:
    owner = tx.get(Organisation, id=organisation)
    chosen = _instalments(tx, organisation, instalments)
    method = None
    if payment_method is not None:
        method = usable_method(tx, organisation, chosen[0].client, payment_method)
    for name in sorted({payment.plan or "" for payment in chosen}):
        plan = tx.get(Plan, organisation=organisation, id=name)
        siblings = tx.lock_all(
            Payment, order_by="id", organisation=organisation, client=chosen[0].client, plan=name,
            state=list(STILL_PLANNED),
        )  # fmt: skip
        decision = planning.change(
            [payment for payment in chosen if payment.plan == name], siblings, plan=plan,
            asked_for=_asked_for(tx, plan), day=day, amount=amount,
            method=method, by=by, today=local_date(tx.now, owner.timezone), now=tx.now,
        )  # fmt: skip
        tx.write([decision])
    return {"instalments": list(instalments)}


def cancel_instalments(tx: Transaction, *, organisation: str, instalments: Sequence[str], by: str) -> dict[str, Any]:
    tx.get(Organisation, id=organisation)
    chosen = _instalments(tx, organisation, instalments)
    tx.write([planning.cancel(chosen, by=by, now=tx.now)])
    return {"instalments": list(instalments)}


def _instalments(tx: Transaction, organisation: str, ids: Sequence[str]) -> list[Payment]:
    """The payments, locked in one order; all of one client, each of a plan."""
    found = {
        payment.id: payment
        for payment in tx.lock_all(Payment, order_by="id", organisation=organisation, id=sorted(set(ids)))
        if payment.plan is not None
    }
    for id in ids:
        if id not in found or found[id].client != found[ids[0]].client:
            raise NotKnown("instalments", id=id)
    return [found[id] for id in sorted(found)]


def _planned_on(tx: Transaction, organisation: str, client: str, invoice: str, covered: Sequence[str]) -> int:
    """What other plans will already ask for these lines."""
    plans = tx.all(Plan, organisation=organisation, client=client, invoice=invoice)
    overlapping = [plan.id for plan in plans if set(plan.lines) & set(covered)]
    if not overlapping:
        return 0
    payments = tx.all(Payment, organisation=organisation, client=client, plan=overlapping, state=list(STILL_PLANNED))
    return sum(payment.amount for payment in payments)


def _asked_for(tx: Transaction, plan: Plan) -> int:
    """What the planned payments of a plan have to sum to: what is open on its lines, less what has failed."""
    pair = (plan.organisation, plan.invoice)
    opened = sum(line.open for line in tx.open_lines([pair], lock=False).get(pair, []) if line.line in plan.lines)
    failed = tx.all(
        Payment, organisation=plan.organisation, client=plan.client, plan=plan.id, state=PaymentState.FAILED
    )
    return opened - sum(payment.amount for payment in failed)
