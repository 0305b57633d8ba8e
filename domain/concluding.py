"""Concluding decides what an answer means: everything that is written once a gateway has spoken, or not."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, assert_never

from domain.allocating import allocate
from domain.answering import answer_payment
from domain.attempt import ATTEMPT, AttemptState
from domain.capabilities import capability_of
from domain.claim import Around, Asked, Claim
from domain.days import local_date
from domain.decision import Change, Decision, New, move
from domain.declines import KILLS_METHOD, STOPS_PLAN, class_of, known
from domain.event import SYSTEM
from domain.instalment import PLAN, PlanState
from domain.itemising import open_item, resolve_item
from domain.ledger import Posting, PostingKind, Words, receipt_entries
from domain.outcome import NOTHING, Approved, Declined, NoAnswer, NotSent, Outcome
from domain.payment import PAYMENT, PaymentState
from domain.payment_method import MethodState, PaymentMethod
from domain.resuming import resume
from domain.retry_rules import stricter
from domain.telling import CHARGED, FAILED, payment_event, plan_event

Mint = Callable[[str], str]

UNSENT_WAIT = timedelta(seconds=10)  # a charge that surely was not sent goes again, calmly, after this long


def conclude(asked: Asked, outcome: Outcome, around: Around, *, now: datetime, mint: Mint) -> Decision:
    """Everything that follows from the answer to a charge."""
    match outcome:
        case Approved():
            if (outcome.amount_minor, outcome.currency) != (asked.attempt.amount, asked.attempt.currency):
                return lose(asked, NoAnswer(why="mismatch"), now=now)
            return approve(asked, outcome.reference, around, now=now, mint=mint, raw=outcome.raw)
        case Declined():
            return decline(asked, outcome, around, now=now, mint=mint)
        case NoAnswer() | NotSent():
            return lose(asked, outcome, now=now)
        case _:
            assert_never(outcome)


def approve(
    asked: Asked, reference: str, around: Around, *, now: datetime, mint: Mint, by: str = SYSTEM,
    raw: Mapping[str, Any] = NOTHING,
) -> Decision:  # fmt: skip
    """The money moved: posted, allocated to its own lines, told (I6); its item, if any, is resolved."""
    payment, attempt = asked.payment, asked.attempt
    steps: Decision = (
        move(PAYMENT, payment, "approve", command=None),
        move(
            ATTEMPT, attempt, "approve", key=("key",), fence=attempt.epoch,
            reference=reference, worker=None, next_at=None, resend=False, ended_at=now, detail=said(raw),
        ),
        New(thing=_posting(asked, reference, now=now, mint=mint)),
        *allocate(
            around.lines, source_kind=PostingKind.PAYMENT, source=payment.id, amount=attempt.amount,
            client=payment.client, now=now, mint=mint,
        ),
        payment_event(
            payment, CHARGED[payment.kind], now, by=by, amount=attempt.amount, reference=reference, key=attempt.key
        ),
        *resolve_item(around.item, by=by, now=now),
        *answer_payment(payment, around.item, "approved", now=now),
    )  # fmt: skip
    return steps + resume(around.plan, around.planned, method=asked.claim.method, now=now)


def decline(asked: Asked, no: Declined, around: Around, *, now: datetime, mint: Mint) -> Decision:
    """The answer is no: the debt stays, and a person gets an item (not for a one-off payment, B7)."""
    payment, attempt = asked.payment, asked.attempt
    method = asked.claim.method
    code = stricter(
        known(no.code), brand=method.brand if method is not None else "", network_code=no.network_code,
        advice=no.advice, day=now.date(),
    )  # fmt: skip
    reason = {"code": code, "class": class_of(code)}
    return (
        move(PAYMENT, payment, "decline", command=None),
        move(
            ATTEMPT, attempt, "decline", key=("key",), fence=attempt.epoch, reason=code,
            network_code=no.network_code, advice=no.advice, reference=no.reference, worker=None, next_at=None,
            resend=False, ended_at=now, detail=said(no.raw),
        ),
        payment_event(
            payment, FAILED[payment.kind], now, reason=code, network_code=no.network_code, amount=attempt.amount,
            key=attempt.key,
        ),
        *open_item(
            payment, around.item, code, no.network_code, organisation=asked.claim.organisation, now=now, mint=mint
        ),
        *lessons(asked.claim.method, code, around, now=now),
        *answer_payment(payment, around.item, "declined", now=now, reason=reason),
    )  # fmt: skip


def lose(asked: Asked, silence: NoAnswer | NotSent, *, now: datetime) -> Decision:
    """No usable answer: unknown is a state, never a failure. Looked up by our key before anything else.

    What surely was not sent is sent again under the same key without a look-up; it costs no rung.
    """
    payment, attempt = asked.payment, asked.attempt
    can = capability_of(asked.claim.account.processor)
    ladder, unsent = can.ladder, isinstance(silence, NotSent)
    # What was sent before this is sent again only as long as the processor knows its key.
    resend = unsent and (attempt.sends <= 1 or can.sends_again(attempt.promised_at, now=now))
    wait = ladder.waits[attempt.rung] if attempt.rung < len(ladder.waits) else ladder.flight
    steps: Decision = (
        move(
            ATTEMPT, attempt, "lose" if attempt.state is AttemptState.SUBMITTING else "wait",
            key=("key",), fence=attempt.epoch, worker=None, resend=resend, missed_at=None,
            next_at=now + (UNSENT_WAIT if unsent else wait),
            sends=attempt.sends - 1 if unsent else attempt.sends,
            detail={"why": silence.why, **(said(silence.raw) if isinstance(silence, NoAnswer) else {})},
        ),
    )  # fmt: skip
    if payment.state is not PaymentState.SUBMITTING:
        return steps
    return (
        *steps,
        move(PAYMENT, payment, "lose"),
        payment_event(payment, "attempt.lost", now, public=False, why=silence.why, key=attempt.key),
        *answer_payment(payment, asked.claim.item, "in_doubt", now=now, waits=True),
    )


def said(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of the processor's own words: a person may quote them."""
    return {"said": dict(raw)} if raw else {}


def touches_plan(asked: Asked, outcome: Outcome) -> bool:
    """Whether the decision will need the plan and the planned payments around it."""
    match outcome:
        case Approved():
            return asked.claim.plan is not None and asked.claim.plan.state is PlanState.STOPPED
        case Declined():
            return class_of(outcome.code) in STOPS_PLAN and asked.claim.plan is not None
        case _:
            return False


def describe(claim: Claim) -> Words:
    """The words of a payment's posting; rendered once, in the client's language (B4)."""
    last4 = claim.method.last4 if claim.method else ""
    if claim.plan is not None and claim.payment.number is not None:
        params = {"number": claim.payment.number, "count": claim.plan.count, "last4": last4}
        return Words(id="posting.instalment", params=params)
    renewal = claim.payment.subscription is not None
    return Words(id="posting.renewal" if renewal else "posting.card_payment", params={"last4": last4})


def _posting(asked: Asked, reference: str, *, now: datetime, mint: Mint) -> Posting:
    claim, attempt = asked.claim, asked.attempt
    return Posting(
        id=mint(""),
        organisation=attempt.organisation,
        client=asked.payment.client,
        kind=PostingKind.PAYMENT,
        subject=asked.payment.id,
        booked_on=local_date(now, claim.organisation.timezone),
        amount=attempt.amount,
        currency=attempt.currency,
        description=describe(claim),
        language=claim.language,
        method=claim.method.kind if claim.method else "card",
        reference=reference,
        at=now,
        entries=receipt_entries(attempt.amount, held_at=f"clearing:{claim.account.id}"),
    )


def lessons(method: PaymentMethod | None, code: str, around: Around, *, now: datetime) -> Decision:
    """What a decline teaches about its method and its plan (I5)."""
    steps: Decision = ()
    plan = around.plan
    if class_of(code) in KILLS_METHOD and method is not None:
        put = {"state": MethodState.DEAD, "dead_reason": code}
        key = {"organisation": method.organisation, "id": method.id}
        steps += (Change(thing=PaymentMethod, key=key, put=put),)
    if class_of(code) in STOPS_PLAN and plan is not None and plan.state is PlanState.ACTIVE:
        steps += (move(PLAN, plan, "stop"), plan_event(plan, "plan.stopped", now, reason=code))
        for payment in around.planned:
            if payment.plan == plan.id and PAYMENT.allows(payment.state, "hold"):
                told = payment_event(payment, "instalment.held", now, public=False)
                steps += (move(PAYMENT, payment, "hold"), told)
    return steps
