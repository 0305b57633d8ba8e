"""Repaying decides what is asked of a gateway to give money back, when, and by which of its ways (R4, R7)."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain.capabilities import BeforeSettlement, SameDay, capability_for
from domain.decision import Change, Decision, New, move
from domain.outcome import (
    About,
    Cancellation,
    Cancelled,
    LookUp,
    NoAnswer,
    NotFound,
    NotSent,
    Pending,
    RefundOrder,
    Returned,
    Settled,
    Standing,
)
from domain.payment import Payment
from domain.refund import REFUND, Refund
from domain.repayment import REPAYMENT, Outgoing, Repayment, RepaymentState, hash_of
from domain.telling import payment_event, refund_event

SILENCE_WAIT = timedelta(minutes=10)  # the processor could not be asked whether the payment has settled
ONE_DAY = timedelta(days=1)


class Way(StrEnum):
    """How the money of a refund goes back tonight, if it does."""

    REFUND = "refund"
    CANCELLATION = "cancellation"
    LATER = "later"  # its payment has not settled: another night
    ASK_AGAIN = "ask_again"  # where it stands could not be learnt


def asks_first(out: Outgoing) -> bool:
    """Whether it must be known where the charge stands before its refund may be sent (R7)."""
    if out.refund is None or out.method.kind != "card":
        return False
    return capability_for(out.account).refund_before_settlement is not BeforeSettlement.YES


def stands(out: Outgoing) -> LookUp:
    """The question where the charge stands."""
    return LookUp(
        key=out.paid.key, reference=out.paid.reference, amount_minor=out.paid.amount,
        currency=out.organisation.currency,
    )  # fmt: skip


def way(out: Outgoing, standing: Standing | None) -> Way:
    """In full and before it settles the charge is cancelled, in part its settlement is waited for (section 9)."""
    if out.refund is None:
        return Way.CANCELLATION
    if not asks_first(out):
        return Way.REFUND
    match standing:
        case Settled():
            return Way.REFUND
        case Pending():
            row = capability_for(out.account).refund_before_settlement
            in_full = out.refund.amount == out.paid.amount == out.payment.refunded
            return Way.LATER if row is BeforeSettlement.WAIT or not in_full else Way.CANCELLATION
        case Cancelled() | Returned():
            return Way.LATER  # the money went back another way: until somebody books that, nothing more goes
        case NotFound() | NoAnswer() | NotSent() | None:
            return Way.ASK_AGAIN


def promise(out: Outgoing, chosen: Way, *, worker: str, today: date, now: datetime) -> tuple[Decision, Outgoing | None]:
    """The intent, before anything is asked: a repayment with its own key, or until when it waits."""
    match chosen:
        case Way.LATER if out.refund is not None:
            return wait(out.refund, today=today, now=now, why="not_settled"), None
        case Way.ASK_AGAIN if out.refund is not None:
            step = move(REFUND, out.refund, "wait", due_at=now + SILENCE_WAIT)
            return (step, refund_event(out.refund, "refund.waits", now, public=False, why="no_answer")), None
    if out.refund is None:
        due = out.asked
        taken = replace(due, state=RepaymentState.SUBMITTING, worker=worker, epoch=due.epoch + 1)
        step = move(REPAYMENT, due, "claim", key=("key",), worker=worker, epoch=taken.epoch, promised_at=now)
        return (step,), replace(out, repayment=taken)
    number = out.refund.attempts + 1
    asked = repayment_of(
        out, key=f"{out.refund.ref}r{number}", number=number, amount=out.refund.amount, about=About(chosen.value),
        state=RepaymentState.SUBMITTING, worker=worker, now=now,
    )  # fmt: skip
    claimed = replace(
        out.refund, state=REFUND.step(out.refund.state, "claim"), attempts=number, version=out.refund.version + 1
    )
    step = move(REFUND, out.refund, "claim", attempts=number)
    return (step, New(thing=asked)), replace(out, refund=claimed, repayment=asked)


def repayment_of(
    out: Outgoing, *, key: str, number: int, amount: int, about: About, state: RepaymentState, now: datetime,
    worker: str | None = None, command: int | None = None, by: str = "",
) -> Repayment:  # fmt: skip
    currency = out.organisation.currency
    return Repayment(
        key=key, organisation=out.organisation.id, client=out.client.id, payment=out.payment.id,
        refund=out.refund.id if out.refund is not None else None, number=number, about=about,
        merchant_account=out.account.id, payment_method=out.method.id, amount=amount, currency=currency,
        of_key=out.paid.key, of_reference=out.paid.reference, state=state, worker=worker, command=command, by=by,
        parameters_hash=hash_of(out.account.id, out.method, out.paid, amount, currency), promised_at=now,
    )  # fmt: skip


def wait(refund: Refund, *, today: date, now: datetime, why: str) -> Decision:
    """Another night: nothing was given back, and until then it can be called back."""
    step = move(REFUND, refund, "wait", send_on=today + ONE_DAY, due_at=None)
    return (step, refund_event(refund, "refund.waits", now, public=False, why=why))


def order(out: Outgoing) -> RefundOrder:
    """What is sent to give money back as a refund."""
    asked = out.asked
    return RefundOrder(
        key=asked.key, of_key=asked.of_key, of_reference=asked.of_reference, amount_minor=asked.amount,
        currency=asked.currency, charged_minor=out.paid.amount, token=out.method.token, kind=out.method.kind,
    )  # fmt: skip


def cancellation(out: Outgoing) -> Cancellation:
    """What is sent to cancel the charge."""
    asked = out.asked
    return Cancellation(
        key=asked.key, of_key=asked.of_key, of_reference=asked.of_reference, amount_minor=asked.amount,
        currency=asked.currency,
    )  # fmt: skip


def look_up(out: Outgoing) -> LookUp:
    asked = out.asked
    return LookUp(
        key=asked.key, amount_minor=asked.amount, currency=asked.currency, about=asked.about,
        reference=asked.reference, of_key=asked.of_key, of_reference=asked.of_reference,
    )  # fmt: skip


def take_up(out: Outgoing, *, worker: str) -> tuple[Decision, Outgoing]:
    """The lease on an unknown repayment: a new epoch, and one send more when it is to be sent again."""
    asked = out.asked
    again = asked.resend and out.unchanged
    taken = replace(
        asked, worker=worker, epoch=asked.epoch + 1, next_at=None, sends=asked.sends + 1 if again else asked.sends,
        resend=False,
    )  # fmt: skip
    step = move(
        REPAYMENT, asked, "wait", key=("key",), fence=asked.epoch,
        epoch=taken.epoch, worker=worker, next_at=None, sends=taken.sends, resend=False,
    )  # fmt: skip
    return (step,), replace(out, repayment=taken)


def may_cancel(out: Outgoing, *, charged_on: date, today: date) -> bool:
    """An online card payment only on the same day and where its processor can still void it (B9)."""
    able = capability_for(out.account).void_same_day is not SameDay.NO
    return out.method.kind == "card" and able and charged_on == today and out.paid.amount == out.payment.amount


def ask_cancellation(out: Outgoing, *, number: int, command: int | None, by: str, now: datetime) -> Decision:
    """The charge is to be cancelled at once; until its processor has answered nobody refunds it."""
    payment = out.payment
    asked = repayment_of(
        out, key=f"{payment.ref}v{number}", number=number, amount=out.paid.amount, about=About.CANCELLATION,
        state=RepaymentState.DUE, now=now, command=command, by=by,
    )  # fmt: skip
    key = {"organisation": payment.organisation, "id": payment.id}
    return (
        New(thing=asked),
        Change(thing=Payment, key=key, put={"refunded": payment.amount}),
        payment_event(payment, "cancellation.asked", now, by=by, public=False, key=asked.key),
    )
