"""Giving back decides what an answer means for money that is to go back: a refund, a cancelled charge (R6, B9)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, assert_never

from domain.attempt import MAX_SENDS
from domain.capabilities import capability_for
from domain.command import answer
from domain.concluding import said as words
from domain.days import local_date
from domain.decision import Change, Decision, move
from domain.declines import class_of, known
from domain.event import SYSTEM
from domain.itemising import doubt_refund, fail_refund, resolve_item
from domain.outcome import (
    ALREADY_SETTLED,
    NOT_SETTLED,
    NOTHING,
    About,
    Approved,
    Declined,
    Finding,
    NoAnswer,
    NotFound,
    NotSent,
    Outcome,
)
from domain.payment import Payment
from domain.refund import REFUND
from domain.refunding import undo
from domain.repaying import wait
from domain.repayment import REPAYMENT, Back, Outgoing, RepaymentState
from domain.reversing import reverse_payment
from domain.telling import item_event, payment_event, refund_event

Mint = Callable[[str], str]

UNSENT_WAIT = timedelta(seconds=10)  # what surely was not sent goes again, calmly, after this long
NOT_YET = {About.REFUND: (NOT_SETTLED,), About.CANCELLATION: (ALREADY_SETTLED, "already_refunded")}


def conclude(out: Outgoing, said: Outcome, back: Back, *, now: datetime, mint: Mint) -> Decision:
    """Everything that follows from the answer to a refund or a cancellation."""
    match said:
        case Approved():
            if (said.amount_minor, said.currency) != (out.asked.amount, out.asked.currency):
                return lose(out, NoAnswer(why="mismatch"), now=now)
            return approve(out, said.reference, back, now=now, mint=mint, raw=said.raw)
        case Declined():
            return decline(out, said, back, now=now, mint=mint)
        case NoAnswer() | NotSent():
            return lose(out, said, now=now)
        case _:
            assert_never(said)


def approve(
    out: Outgoing, reference: str, back: Back, *, now: datetime, mint: Mint, by: str = SYSTEM,
    raw: Mapping[str, Any] = NOTHING,
) -> Decision:  # fmt: skip
    """The processor took it on; whether the money arrives it says later. A cancelled payment is reversed."""
    asked, today = out.asked, local_date(now, out.organisation.timezone)
    ended = move(
        REPAYMENT, asked, "approve", key=("key",), fence=asked.epoch, reference=reference, worker=None, next_at=None,
        resend=False, ended_at=now, detail=words(raw),
    )  # fmt: skip
    if out.refund is None:
        return (
            ended,
            *reverse_payment(
                out.payment, back.allocations, organisation=out.organisation, client=out.client,
                by=asked.by or by, booked_on=today, now=now, mint=mint, method=out.method.kind,
            ),
            _room(out, -asked.amount),
            *resolve_item(back.item, by=by, now=now),
            *_answer(out, "reversed", now=now),
        )  # fmt: skip
    return (
        ended,
        move(
            REFUND, out.refund, "submit", reference=reference, submitted_at=now, command=None,
            follow_on=today + timedelta(days=1),
        ),
        refund_event(
            out.refund, "refund.submitted", now, by=by, reference=reference, key=asked.key, how=asked.about.value
        ),
        *resolve_item(back.item, by=by, now=now),
        *_answer(out, "resolved", now=now),
    )  # fmt: skip


def decline(out: Outgoing, no: Declined, back: Back, *, now: datetime, mint: Mint) -> Decision:
    """The answer is no, or only not yet: then it goes another night, another way."""
    asked = out.asked
    early = no.code in NOT_YET[asked.about]
    code = no.code if early else known(no.code)
    ended = move(
        REPAYMENT, asked, "decline", key=("key",), fence=asked.epoch, reason=code, network_code=no.network_code,
        reference=no.reference, worker=None, next_at=None, resend=False, ended_at=now, detail=words(no.raw),
    )  # fmt: skip
    if out.refund is None:
        return (ended, *_kept(out, code, back, now=now))
    if early and back.item is None:
        return (ended, *wait(out.refund, today=local_date(now, out.organisation.timezone), now=now, why=code))
    return (ended, *fail(out, code, no.network_code, back, now=now, mint=mint))


def fail(
    out: Outgoing, code: str, network_code: str, back: Back, *, now: datetime, mint: Mint, by: str = SYSTEM
) -> Decision:
    """The money did not go back: the posting is reversed, it stays owed to the client, a person gets an item."""
    if out.refund is None:
        raise LookupError(f"{out.payment.id}: nothing was to be refunded")  # a bug
    refund = out.refund
    return (
        move(REFUND, refund, "fail", reason=code, network_code=network_code, follow_on=None, command=None),
        *undo(
            refund, out.payment, back.consumed, words="posting.refund.failed", method=out.method,
            organisation=out.organisation, client=out.client, booked_on=local_date(now, out.organisation.timezone),
            now=now, mint=mint,
        ),
        refund_event(refund, "refund.failed", now, by=by, reason=code, network_code=network_code),
        *fail_refund(refund, out.payment, back.item, code, network_code, now=now, mint=mint),
        *_answer(out, "open", now=now, reason={"code": code, "class": class_of(code)}),
    )  # fmt: skip


def lose(out: Outgoing, silence: NoAnswer | NotSent, *, now: datetime) -> Decision:
    """No usable answer: unknown, and looked up by our key before anything else (see `concluding.lose`)."""
    asked = out.asked
    can = capability_for(out.account)
    ladder, unsent = can.ladder, isinstance(silence, NotSent)
    resend = unsent and (asked.sends <= 1 or can.sends_again(asked.promised_at, now=now))
    pause = ladder.waits[asked.rung] if asked.rung < len(ladder.waits) else ladder.flight
    steps: Decision = (
        move(
            REPAYMENT, asked, "lose" if asked.state is RepaymentState.SUBMITTING else "wait",
            key=("key",), fence=asked.epoch, worker=None, resend=resend, missed_at=None,
            next_at=now + (UNSENT_WAIT if unsent else pause),
            sends=asked.sends - 1 if unsent else asked.sends,
            detail={"why": silence.why, **(words(silence.raw) if isinstance(silence, NoAnswer) else {})},
        ),
    )  # fmt: skip
    if asked.state is not RepaymentState.SUBMITTING:
        return steps
    if out.refund is None:
        told = payment_event(out.payment, "cancellation.lost", now, public=False, why=silence.why, key=asked.key)
        return (*steps, told, *_answer(out, "in_doubt", now=now, waits=True))
    return (
        *steps,
        move(REFUND, out.refund, "lose"),
        refund_event(out.refund, "refund.lost", now, public=False, why=silence.why, key=asked.key),
        *_answer(out, "in_doubt", now=now, waits=True),
    )


def settle_finding(out: Outgoing, finding: Finding, back: Back, *, now: datetime, mint: Mint) -> Decision:
    """What follows from a look-up: the real outcome is adopted, or the ladder goes on."""
    asked = out.asked
    match finding:
        case Approved():
            if (finding.amount_minor, finding.currency) != (asked.amount, asked.currency):
                return _next_rung(out, back, now=now, mint=mint, why="mismatch", missed_at=None)
            return approve(out, finding.reference, back, now=now, mint=mint, raw=finding.raw)
        case Declined():
            return decline(out, finding, back, now=now, mint=mint)
        case NotFound():
            return _not_found(out, back, now=now, mint=mint)
        case NoAnswer() | NotSent():
            return _next_rung(out, back, now=now, mint=mint, why=finding.why, missed_at=asked.missed_at)
        case _:
            assert_never(finding)


def _not_found(out: Outgoing, back: Back, *, now: datetime, mint: Mint) -> Decision:
    """Believed only twice, spaced beyond the longest flight. Then the same key or a person: money that is given
    back is never sent with another key while the first may still live, whatever the table says of charges."""
    asked, can = out.asked, capability_for(out.account)
    if asked.missed_at is None or now - asked.missed_at < can.ladder.flight:
        return _next_rung(out, back, now=now, mint=mint, why="not_found", missed_at=asked.missed_at or now)
    same_key = can.sends_again(asked.promised_at, now=now)
    if asked.state is RepaymentState.UNKNOWN and same_key and out.unchanged and asked.sends < MAX_SENDS:
        put = {"worker": None, "resend": True, "next_at": now, "rung": asked.rung + 1, "missed_at": None}
        return (move(REPAYMENT, asked, "wait", key=("key",), fence=asked.epoch, **put),)
    return _doubt(out, back, now=now, mint=mint, why="not_found")


def _next_rung(
    out: Outgoing, back: Back, *, now: datetime, mint: Mint, why: str, missed_at: datetime | None
) -> Decision:
    asked = out.asked
    waits = capability_for(out.account).ladder.waits
    rung = asked.rung + 1
    if asked.state is RepaymentState.IN_DOUBT or rung >= len(waits):
        return _doubt(out, back, now=now, mint=mint, why=why)
    put = {
        "worker": None, "next_at": now + waits[rung], "rung": rung, "missed_at": missed_at,
        "detail": {**asked.detail, "why": why},
    }  # fmt: skip
    return (move(REPAYMENT, asked, "wait", key=("key",), fence=asked.epoch, **put),)


def _doubt(out: Outgoing, back: Back, *, now: datetime, mint: Mint, why: str) -> Decision:
    """The ladder has ended, or a person asked again and there is still no verdict."""
    asked = out.asked
    put = {"worker": None, "next_at": None, "detail": {**asked.detail, "why": why}}
    if asked.state is RepaymentState.IN_DOUBT:
        steps: Decision = (move(REPAYMENT, asked, "wait", key=("key",), fence=asked.epoch, **put),)
        if back.item is not None:
            steps += (item_event(back.item, "action_item.still_in_doubt", now, why=why),)
        return steps + _answer(out, "in_doubt", now=now)
    return (
        move(REPAYMENT, asked, "doubt", key=("key",), fence=asked.epoch, **put),
        *doubt_refund(asked, out.payment, back.item, now=now, mint=mint),
        *_answer(out, "in_doubt", now=now),
    )


def close(out: Outgoing, back: Back, *, by: str, now: datetime, mint: Mint) -> Decision:
    """*It was not paid*: a person found that nothing was given back (A10)."""
    asked = out.asked
    put = {
        "worker": None, "next_at": None, "resend": False, "ended_at": now, "reason": "not_paid",
        "epoch": asked.epoch + 1,
    }  # fmt: skip
    ended = move(REPAYMENT, asked, "close", key=("key",), fence=asked.epoch, **put)
    if out.refund is None:
        return (ended, *_kept(out, "not_paid", back, now=now, by=by))
    return (ended, *fail(out, "not_paid", "", back, now=now, mint=mint, by=by))


def reap(out: Outgoing, *, now: datetime) -> Decision:
    """The worker that held it is gone: its outcome is unknown, and a late write of its meets a new epoch."""
    asked = out.asked
    step = "lose" if asked.state is RepaymentState.SUBMITTING else "wait"
    freed: Decision = (
        move(REPAYMENT, asked, step, key=("key",), fence=asked.epoch, epoch=asked.epoch + 1, worker=None, next_at=now),
    )
    if asked.state is RepaymentState.SUBMITTING and out.refund is not None:
        told = refund_event(out.refund, "refund.lost", now, public=False, why="worker_lost", key=asked.key)
        freed += (move(REFUND, out.refund, "lose"), told)
    return freed


def _kept(out: Outgoing, code: str, back: Back, *, now: datetime, by: str = SYSTEM) -> Decision:
    """The payment could not be cancelled and stands: whoever asked is told, and can refund it."""
    told = payment_event(out.payment, "cancellation.declined", now, public=False, reason=code, key=out.asked.key, by=by)
    reason = {"code": code, "class": class_of(code)}
    return (
        _room(out, -out.asked.amount),
        told,
        *resolve_item(back.item, by=by, now=now),
        *_answer(out, "paid", now=now, reason=reason),
    )


def _room(out: Outgoing, change: int) -> Change:
    """What a cancellation holds of the payment, so that nobody refunds it meanwhile."""
    key = {"organisation": out.payment.organisation, "id": out.payment.id}
    return Change(thing=Payment, key=key, put={"refunded": out.payment.refunded + change})


def _answer(
    out: Outgoing, state: str, *, now: datetime, reason: dict[str, Any] | None = None, waits: bool = False
) -> Decision:
    """The result of the command behind it: of a retry, or of who cancelled the payment."""
    command = out.refund.command if out.refund is not None else out.asked.command
    if command is None:
        return ()
    result: dict[str, Any] = {"payment": out.payment.id, "state": state}
    if out.refund is not None:
        result["refund"] = out.refund.id
    if reason is not None:
        result["reason"] = reason
    return (answer(command, result, now=now, waits=waits),)
