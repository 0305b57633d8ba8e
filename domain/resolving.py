"""Resolving decides about unknown outcomes: up the ladder, send again, or give it to a person (A10)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from domain.answering import answer_payment
from domain.attempt import ATTEMPT, MAX_SENDS, Attempt, AttemptState
from domain.capabilities import WhenNotFound, capability_of
from domain.claim import Around, Asked
from domain.concluding import approve, decline
from domain.decision import Decision, move
from domain.itemising import doubt_item
from domain.outcome import (
    ALREADY_SETTLED,
    Approved,
    Cancellation,
    Declined,
    Finding,
    LookUp,
    NoAnswer,
    NotFound,
    NotSent,
    Outcome,
)
from domain.payment import PAYMENT, Payment, PaymentState
from domain.telling import item_event, payment_event

Mint = Callable[[str], str]


def take_up(asked: Asked, *, worker: str) -> tuple[Decision, Asked]:
    """The lease on an unknown attempt: a new epoch, and one send more when it is to be sent again.

    A key is never sent with other parameters (F-14): where the card was replaced, it is only looked up.
    """
    attempt = asked.attempt
    again = attempt.resend and asked.unchanged
    taken = replace(
        attempt, worker=worker, epoch=attempt.epoch + 1, next_at=None,
        sends=attempt.sends + 1 if again else attempt.sends, resend=False,
    )  # fmt: skip
    step = move(
        ATTEMPT, attempt, "wait", key=("key",), fence=attempt.epoch,
        epoch=taken.epoch, worker=worker, next_at=None, sends=taken.sends, resend=False,
    )  # fmt: skip
    return (step,), replace(asked, attempt=taken)


def look_up(asked: Asked) -> LookUp:
    attempt = asked.attempt
    method = asked.claim.method if asked.unchanged else None  # one that was replaced since may be somebody else's
    return LookUp(
        key=attempt.key, amount_minor=attempt.amount, currency=attempt.currency, token=method.token if method else "",
        since=attempt.promised_at,
    )  # fmt: skip


def settle_finding(
    asked: Asked, finding: Finding, around: Around, *, now: datetime, mint: Mint, incident: bool = False,
    undone: Outcome | None = None,
) -> Decision:  # fmt: skip
    """What follows from a look-up: the real outcome is adopted, or the ladder goes on. While the processor is known
    not to answer (`incident`), its silence costs no rung: an outage makes no items in doubt. `undone` is what it
    said when the charge was cancelled by its key (see `must_undo`)."""
    attempt = asked.attempt
    match finding:
        case Approved():
            if (finding.amount_minor, finding.currency) != (attempt.amount, attempt.currency):
                return _next_rung(asked, around, now=now, mint=mint, why="mismatch", missed_at=None)
            return approve(asked, finding.reference, around, now=now, mint=mint, raw=finding.raw)
        case Declined():
            return decline(asked, finding, around, now=now, mint=mint)
        case NotFound():
            return _not_found(asked, around, undone, now=now, mint=mint)
        case NoAnswer() | NotSent() if incident and attempt.state is AttemptState.UNKNOWN:
            return _same_rung(asked, now=now, why=finding.why)
        case NoAnswer() | NotSent():
            return _next_rung(asked, around, now=now, mint=mint, why=finding.why, missed_at=attempt.missed_at)
        case _:
            assert_never(finding)


def must_undo(asked: Asked, finding: Finding, *, now: datetime) -> bool:
    """Whether a charge that is surely not found is now cancelled by its key, since another attempt will follow."""
    another = capability_of(asked.claim.account.processor).when_not_found is WhenNotFound.NEW_ATTEMPT
    unknown = asked.attempt.state is AttemptState.UNKNOWN
    return isinstance(finding, NotFound) and another and unknown and _believed(asked.attempt, asked, now=now)


def undo(asked: Asked) -> Cancellation:
    """Whatever the processor may still make of a key, it is to be nothing."""
    attempt = asked.attempt
    return Cancellation(
        key=f"{attempt.key}v", of_key=attempt.key, of_reference="", amount_minor=attempt.amount,
        currency=attempt.currency,
    )  # fmt: skip


def _believed(attempt: Attempt, asked: Asked, *, now: datetime) -> bool:
    """Not found counts only twice, spaced beyond the longest flight."""
    flight = capability_of(asked.claim.account.processor).ladder.flight
    return attempt.missed_at is not None and now - attempt.missed_at >= flight


def _not_found(asked: Asked, around: Around, undone: Outcome | None, *, now: datetime, mint: Mint) -> Decision:
    """Once it is believed, what the capability table says."""
    attempt = asked.attempt
    capability = capability_of(asked.claim.account.processor)
    if not _believed(attempt, asked, now=now):
        missed_at = attempt.missed_at or now
        return _next_rung(asked, around, now=now, mint=mint, why="not_found", missed_at=missed_at)
    if undone is not None:
        return _another(asked, around, undone, now=now, mint=mint)
    same_key = capability.sends_again(attempt.promised_at, now=now) and asked.unchanged
    if attempt.state is AttemptState.UNKNOWN and same_key and attempt.sends < MAX_SENDS:
        put = {"worker": None, "resend": True, "next_at": now, "rung": attempt.rung + 1, "missed_at": None}
        return (move(ATTEMPT, attempt, "wait", key=("key",), fence=attempt.epoch, **put),)
    return _doubt(asked, around, now=now, mint=mint, why="not_found")


def _same_rung(asked: Asked, *, now: datetime, why: str) -> Decision:
    attempt = asked.attempt
    waits = capability_of(asked.claim.account.processor).ladder.waits
    put = {"worker": None, "next_at": now + waits[min(attempt.rung, len(waits) - 1)], "detail": {"why": why}}
    return (move(ATTEMPT, attempt, "wait", key=("key",), fence=attempt.epoch, **put),)


def _another(asked: Asked, around: Around, undone: Outcome, *, now: datetime, mint: Mint) -> Decision:
    """Cancelled by its key, or nothing was there to cancel: it is closed, and another attempt has its own key. After
    as many attempts as a key may be sent, the processor has a problem that another one would not cure."""
    payment, attempt = asked.payment, asked.attempt
    came_after_all = isinstance(undone, Declined) and undone.code == ALREADY_SETTLED
    if came_after_all or isinstance(undone, NoAnswer | NotSent):
        return _next_rung(asked, around, now=now, mint=mint, why="not_undone", missed_at=attempt.missed_at)
    if attempt.number >= MAX_SENDS:
        return decline(asked, Declined(code="processing_error"), around, now=now, mint=mint)
    return (
        move(
            ATTEMPT, attempt, "close", key=("key",), fence=attempt.epoch, reason="not_found", worker=None,
            next_at=None, resend=False, ended_at=now,
        ),
        move(PAYMENT, payment, "again", due_at=now),
        payment_event(payment, "attempt.undone", now, public=False, key=attempt.key),
    )  # fmt: skip


def _next_rung(
    asked: Asked, around: Around, *, now: datetime, mint: Mint, why: str, missed_at: datetime | None
) -> Decision:
    attempt = asked.attempt
    waits = capability_of(asked.claim.account.processor).ladder.waits
    rung = attempt.rung + 1
    if attempt.state is AttemptState.IN_DOUBT or rung >= len(waits):
        return _doubt(asked, around, now=now, mint=mint, why=why)
    put = {
        "worker": None, "next_at": now + waits[rung], "rung": rung, "missed_at": missed_at,
        "detail": {**attempt.detail, "why": why},
    }  # fmt: skip
    return (move(ATTEMPT, attempt, "wait", key=("key",), fence=attempt.epoch, **put),)


def _doubt(asked: Asked, around: Around, *, now: datetime, mint: Mint, why: str) -> Decision:
    """The ladder has ended, or a person asked again and there is still no verdict."""
    payment, attempt = asked.payment, asked.attempt
    put = {"worker": None, "next_at": None, "detail": {**attempt.detail, "why": why}}
    if attempt.state is AttemptState.IN_DOUBT:
        steps: Decision = (move(ATTEMPT, attempt, "wait", key=("key",), fence=attempt.epoch, **put),)
        if around.item is not None:
            steps += (item_event(around.item, "action_item.still_in_doubt", now, why=why),)
        return steps + answer_payment(payment, around.item, "in_doubt", now=now)
    return (
        move(ATTEMPT, attempt, "doubt", key=("key",), fence=attempt.epoch, **put),
        move(PAYMENT, payment, "doubt"),
        *doubt_item(payment, around.item, now=now, mint=mint),
        payment_event(payment, "payment.in_doubt", now, amount=attempt.amount, why=why, key=attempt.key),
        *answer_payment(payment, around.item, "in_doubt", now=now),
    )


def reap(attempt: Attempt, payment: Payment, *, now: datetime) -> Decision:
    """The worker that held it is gone: its outcome is unknown, and a late write of its meets a new epoch."""
    told = payment_event(payment, "attempt.lost", now, public=False, why="worker_lost", key=attempt.key)
    step = "lose" if attempt.state is AttemptState.SUBMITTING else "wait"
    freed: Decision = (
        move(
            ATTEMPT, attempt, step, key=("key",), fence=attempt.epoch,
            epoch=attempt.epoch + 1, worker=None, next_at=now,
        ),
    )  # fmt: skip
    if payment.state is PaymentState.SUBMITTING:
        freed += (move(PAYMENT, payment, "lose"), told)
    return freed
