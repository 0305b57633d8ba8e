"""Steps around an e-check: presented inside the transaction of whoever pays by it, seen whole before a verdict."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain import asking_again, presenting
from domain.action_item import ActionItem
from domain.claim import Around, Claim
from domain.days import local_date
from domain.decision import New
from domain.echeck import Echeck
from domain.instalment import Plan
from domain.invoice import OpenLine
from domain.ledger import Allocation
from domain.organisation import Organisation
from domain.payment import STILL_PLANNED, Payment, PaymentKind, PaymentState
from domain.payment_method import PaymentMethod
from domain.people import Client
from domain.ports import Transaction
from domain.presenting import Presented
from domain.refund import Consumption, Refund, RefundState
from domain.settling import Surroundings
from domain.steps.account_steps import settle_plans
from domain.telling import payment_event


def with_lines_locked(tx: Transaction, claim: Claim) -> Claim:
    """A claim to be presented now: what its lines owe is read again, under their locks, since it is matched at once."""
    if not claim.by_echeck or claim.payment.invoice is None:
        return claim
    lines = _lines(tx, claim.payment, claim.plan)
    return replace(claim, lines=lines, open_minor=sum(line.open for line in lines))


def _lines(tx: Transaction, payment: Payment, plan: Plan | None) -> tuple[OpenLine, ...]:
    if payment.invoice is None:
        return ()
    pair = (payment.organisation, payment.invoice)
    lines = tx.open_lines([pair], lock=True).get(pair, [])
    return tuple(line for line in lines if plan is None or line.line in plan.lines)


def present_new(
    tx: Transaction, made: Payment, method: PaymentMethod, debtor: Client, *, before: Echeck | None = None,
    plan: Plan | None = None, by: str,
) -> dict[str, Any]:  # fmt: skip
    """A payment that is new, by e-check: a receipt at once (E1). `plan` names the lines that it is for."""
    owner = tx.get(Organisation, id=made.organisation)
    paid = replace(made, state=PaymentState.PAID, attempts=1, due_at=None, command=None)
    about = Presented(
        organisation=owner, method=method, language=debtor.language, words=presenting.words_of(paid, method, None)
    )
    lines = _lines(tx, paid, plan)
    decision, _ = presenting.present(paid, about, lines, before=before, by=by, now=tx.now, mint=tx.mint)
    asked = payment_event(paid, "payment.asked", tx.now, by=by, public=False, was=None, amount=paid.amount)
    tx.write([(New(thing=paid), asked, *decision)])
    if paid.invoice is not None:
        settle_plans(tx, made.organisation, made.client)
    return {"payment": paid.id, "state": "pending"}


def surroundings(tx: Transaction, echeck: Echeck) -> Surroundings:
    """All that a verdict must see, locked in one order: client, payment, item, plan."""
    owner = tx.get(Organisation, id=echeck.organisation)
    client = tx.lock(Client, organisation=echeck.organisation, id=echeck.client)
    payment = tx.lock(Payment, organisation=echeck.organisation, id=echeck.payment)
    first = first_of(tx, payment)
    pair = (first.organisation, first.id)
    origin: dict[str, Any] = {"organisation": payment.organisation, "source_kind": "payment", "source": payment.id}
    return Surroundings(
        organisation=owner, client=client, payment=payment,
        method=tx.get(PaymentMethod, organisation=echeck.organisation, id=echeck.payment_method),
        allocations=tx.all(Allocation, order_by="at id", client=client.id, **origin),
        waiting_refunds=_waiting_refunds(tx, payment),
        item=tx.waiting_items([pair], lock=True).get(pair), around=_around(tx, first),
    )  # fmt: skip


def first_of(tx: Transaction, payment: Payment) -> Payment:
    """The payment whose debt this one is for: itself, or the one that was returned first."""
    if payment.retry_of is None:
        return payment
    return tx.get(Payment, organisation=payment.organisation, id=payment.retry_of)


def newest_of(tx: Transaction, payment: Payment) -> Payment:
    """The newest payment for the debt of `payment`, locked."""
    later = tx.lock_all(Payment, order_by="created_at id", organisation=payment.organisation, retry_of=payment.id)
    return later[-1] if later else payment


def _waiting_refunds(tx: Transaction, payment: Payment) -> Sequence[tuple[Refund, Sequence[Consumption]]]:
    waiting = tx.lock_all(
        Refund, order_by="id", organisation=payment.organisation, client=payment.client, payment=payment.id,
        state=RefundState.PENDING,
    )  # fmt: skip
    return [
        (refund, tx.all(Consumption, organisation=payment.organisation, client=payment.client, refund=refund.id))
        for refund in waiting
    ]


def _around(tx: Transaction, first: Payment) -> Around:
    if first.plan is None:
        return Around()
    plan = tx.lock(Plan, organisation=first.organisation, id=first.plan)
    planned = tx.lock_all(
        Payment, order_by="id", organisation=first.organisation, client=first.client, plan=first.plan,
        state=list(STILL_PLANNED),
    )  # fmt: skip
    return Around(plan=plan, planned=tuple(planned))


def retry_returned(
    tx: Transaction, item: ActionItem, payment: Payment, method: PaymentMethod, echeck: Echeck, *, by: str,
    hold: timedelta, command: int | None, by_schedule: bool = False,
) -> dict[str, Any] | None:  # fmt: skip
    """What was returned is asked for again by a new payment, as the rules of the network allow it (E6, A3). By
    another account or a card it is no re-presentment; a card is charged through the queue, and the answer waits."""
    first = tx.get(Payment, organisation=payment.organisation, id=item.payment)
    plan = tx.find(Plan, organisation=first.organisation, id=first.plan) if first.plan is not None else None
    amount = _still_owed(tx, first, plan, echeck)
    owner = tx.get(Organisation, id=payment.organisation)
    again = asking_again.is_presented_again(method, echeck)
    if again:
        asking_again.must_be_presentable(echeck, amount=amount, today=local_date(tx.now, owner.timezone))
    by_card = method.kind == "card"
    made = Payment(
        organisation=payment.organisation, id=tx.mint("pay_"), kind=PaymentKind.ONE_OFF, client=payment.client,
        invoice=first.invoice, merchant_account=method.merchant_account, payment_method=method.id, amount=amount,
        due_on=local_date(tx.now, owner.timezone), due_at=tx.now + hold, state=PaymentState.DUE, ref=tx.mint_ref(),
        command=command if by_card else None, retry_of=first.id, created_at=tx.now,
    )  # fmt: skip
    turned = asking_again.retry_by(
        item, method, replaced=payment.payment_method, by=by, now=tx.now, by_schedule=by_schedule
    )
    tx.write([turned])
    if by_card:
        asked = payment_event(made, "payment.asked", tx.now, by=by, public=False, was=None, amount=amount)
        tx.write([(New(thing=made), asked)])
        return None
    debtor = tx.get(Client, organisation=payment.organisation, id=payment.client)
    told = present_new(tx, made, method, debtor, before=echeck if again else None, plan=plan, by=by)
    return {"item": item.id, "payment": told["payment"], "state": "retrying"}


def _still_owed(tx: Transaction, first: Payment, plan: Plan | None, echeck: Echeck) -> int:
    """Never more than is open on its lines (I8)."""
    if first.invoice is None:
        return echeck.amount
    opened = sum(line.open for line in _lines(tx, first, plan))
    if opened <= 0:
        raise asking_again.NothingOwed("item")
    return min(opened, echeck.amount)
