"""Following decides what a refund that was sent has become: settled, failed after all, or still under way (R6)."""

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.days import local_date
from domain.decision import Change, Decision, move
from domain.event import SYSTEM
from domain.giving_back import fail
from domain.itemising import fail_refund, resolve_item
from domain.outcome import (
    About,
    Cancelled,
    LookUp,
    NoAnswer,
    NotFound,
    NotSent,
    Pending,
    Returned,
    Settled,
    Standing,
)
from domain.refund import REFUND, Refund
from domain.repayment import Back, Outgoing
from domain.telling import refund_event

Mint = Callable[[str], str]

PATIENCE = timedelta(days=15)  # ten business days and what lies between: without a verdict a person has to look
ONE_DAY, ONE_WEEK = timedelta(days=1), timedelta(days=7)


def stands(out: Outgoing) -> LookUp:
    """The question what became of what was sent."""
    asked = out.asked
    return LookUp(
        key=asked.key, amount_minor=asked.amount, currency=asked.currency, about=asked.about,
        reference=asked.reference, of_key=asked.of_key, of_reference=asked.of_reference,
    )  # fmt: skip


def follow(out: Outgoing, standing: Standing, back: Back, *, now: datetime, mint: Mint) -> Decision:
    """What the processor says of a refund that it took on, today or long after it had settled."""
    refund = _refund(out)
    match standing:
        case Settled():
            return settle(refund, standing, back, now=now)
        case Cancelled() if out.asked.about is About.CANCELLATION:
            on = local_date(now, out.organisation.timezone)
            return settle(refund, Settled(on=on), back, now=now)
        case Cancelled():
            return fail(out, "refund_cancelled", "", back, now=now, mint=mint)
        case Returned():
            return fail(out, standing.code, standing.network_code, back, now=now, mint=mint)
        case Pending() | NotFound() | NoAnswer() | NotSent():
            return _later(out, refund, back, now=now, mint=mint)


def settle(refund: Refund, verdict: Settled, back: Back, *, now: datetime) -> Decision:
    """The money is back with the client."""
    if not REFUND.allows(refund.state, "settle"):
        return ()
    return (
        move(REFUND, refund, "settle", settled_on=verdict.on, follow_on=None),
        refund_event(refund, "refund.settled", now, on=verdict.on.isoformat()),
        *resolve_item(back.item, by=SYSTEM, now=now),
    )


def _later(out: Outgoing, refund: Refund, back: Back, *, now: datetime, mint: Mint) -> Decision:
    """Asked again tomorrow; after PATIENCE a person is told, and it is asked for weekly."""
    today = local_date(now, out.organisation.timezone)
    overdue = refund.submitted_at is not None and now - refund.submitted_at > PATIENCE
    key = {"organisation": refund.organisation, "id": refund.id}
    step = Change(thing=Refund, key=key, put={"follow_on": today + (ONE_WEEK if overdue else ONE_DAY)})
    if not overdue or back.item is not None:
        return (step,)
    return (step, *fail_refund(refund, out.payment, None, "no_verdict", "", now=now, mint=mint))


def _refund(out: Outgoing) -> Refund:
    if out.refund is None:
        raise LookupError(f"{out.payment.id}: nothing was refunded")  # a bug
    return out.refund
