"""Charging decides what is promised before a gateway is asked: an attempt with its own key, or why not."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

from domain.answering import answer_payment
from domain.attempt import Attempt
from domain.claim import Asked, Claim, InFlight, parameters_hash
from domain.decision import Decision, New, move
from domain.declines import class_of
from domain.event import SYSTEM
from domain.instalment import PlanState
from domain.invoice import OpenLine
from domain.itemising import open_item, resolve_item
from domain.outcome import Charge
from domain.payment import PAYMENT, Payment, PaymentKind
from domain.payment_method import MethodState, PaymentMethod, instrument_of
from domain.presenting import claimed
from domain.refusal import Refusal
from domain.retry_rules import must_be_within
from domain.telling import FAILED, payment_event

Mint = Callable[[str], str]


def promise(claim: Claim, *, worker: str, now: datetime, mint: Mint) -> tuple[Decision, Asked | None]:
    """The intent, before anything is asked: an attempt with its own key, or why nothing will be sent."""
    payment, method = claim.payment, claim.method
    if claim.item is None and claim.plan is not None and claim.plan.state is PlanState.STOPPED:
        return hold(payment, now=now), None
    if method is None:
        return fail_unsent(claim, "no_method", now=now, mint=mint), None
    if method.state is MethodState.DEAD:
        return fail_unsent(claim, method.dead_reason, now=now, mint=mint), None
    amount = amount_owed(claim)
    if amount <= 0:
        return cancel_unowed(claim, now=now), None
    if method.kind == "echeck":
        return claimed(claim, amount, method, now=now, mint=mint), None
    if claim.item is not None and (refusal := _over_limit(claim, method, amount, now)):
        return fail_unsent(claim, refusal, now=now, mint=mint), None
    number = payment.attempts + 1
    currency = claim.organisation.currency
    attempt = Attempt(
        key=f"{payment.ref}x{number}",
        organisation=payment.organisation,
        payment=payment.id,
        number=number,
        merchant_account=claim.account.id,
        payment_method=method.id,
        amount=amount,
        currency=currency,
        parameters_hash=parameters_hash(claim.account.id, method, amount, currency),
        instrument=instrument_of(method),
        worker=worker,
        promised_at=now,
    )
    step = move(PAYMENT, payment, "claim", amount=amount, attempts=number)
    asked = replace(
        payment, state=PAYMENT.step(payment.state, "claim"), amount=amount, attempts=number,
        version=payment.version + 1,
    )  # fmt: skip
    steps: Decision = (step, New(thing=attempt))
    if amount < payment.amount:
        was = {"amount": payment.amount}
        steps += (payment_event(payment, "payment.lowered", now, public=False, was=was, amount=amount),)
    return steps, Asked(claim=claim, payment=asked, attempt=attempt)


def _over_limit(claim: Claim, method: PaymentMethod, amount: int, now: datetime) -> str:
    """Why the network does not allow this retry, by the code of the refusal; empty when it does. Whoever asks comes
    through the account's door, so that people and schedule together stay within its limits."""
    try:
        must_be_within(claim.tried, brand=method.brand, amount=amount, settings=claim.account.settings, now=now)
    except Refusal as refusal:
        return refusal.code
    return ""


def amount_owed(claim: Claim) -> int:
    """An instalment, a renewal or a retry never asks for more than is still open on its lines (I8); a one-off payment
    may, the first time: what is too much becomes a credit."""
    payment = claim.payment
    limited = payment.kind is not PaymentKind.ONE_OFF or claim.item is not None
    if limited and claim.open_minor is not None:
        return min(payment.amount, claim.open_minor)
    return payment.amount


def must_wait(payment: Payment, lines: Collection[OpenLine], flying: Collection[InFlight]) -> bool:
    """Whether money under way decides what this payment may ask for: it waits for the verdict, since neither
    asking for too much (I8) nor forgetting the rest will do. A plan has one payment at the gateway at a time:
    its answer may stop the others (I5)."""
    if any(one.being_sent and one.plan == payment.plan for one in flying if one.plan is not None):
        return True
    own = [line.line for line in lines]
    under_way = sum(one.amount for one in flying if one.is_for(own))
    opened = sum(line.open for line in lines)
    return (
        payment.kind is not PaymentKind.ONE_OFF and under_way > 0 and opened - under_way < min(payment.amount, opened)
    )


def question(asked: Asked) -> Charge:
    """What is sent to the gateway for an attempt."""
    method = asked.claim.method
    if method is None:
        raise LookupError(f"{asked.attempt.key} was promised without a method")  # a bug: promise() refuses it
    return Charge(
        key=asked.attempt.key,
        amount_minor=asked.attempt.amount,
        currency=asked.attempt.currency,
        token=method.token,
        brand=method.brand,
        expiry=method.expiry,
    )


def hold(payment: Payment, *, now: datetime) -> Decision:
    """Its plan was stopped after it fell due: it waits with the others for a new method (I5)."""
    told = payment_event(payment, "instalment.held", now, public=False)
    return (move(PAYMENT, payment, "hold"), told)


def fail_unsent(claim: Claim, code: str, *, now: datetime, mint: Mint) -> Decision:
    """Nothing is sent to a method that is known to be dead (I5): the payment fails on its own date."""
    payment = claim.payment
    reason = {"code": code, "class": class_of(code)}
    return (
        move(PAYMENT, payment, "fail", command=None),
        payment_event(payment, FAILED[payment.kind], now, reason=code, sent=False, amount=payment.amount),
        *open_item(payment, claim.item, code, "", organisation=claim.organisation, now=now, mint=mint),
        *answer_payment(payment, claim.item, "declined", now=now, reason=reason),
    )


def cancel_unowed(claim: Claim, *, now: datetime) -> Decision:
    """Nothing is open on its lines any more: cancelled with a note (I8)."""
    payment = claim.payment
    return (
        move(PAYMENT, payment, "cancel", command=None),
        payment_event(payment, "instalment.cancelled", now, public=False, why="nothing_open"),
        *resolve_item(claim.item, by=SYSTEM, now=now),
        *answer_payment(payment, claim.item, "cancelled", now=now),
    )
