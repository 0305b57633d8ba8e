"""Retrying refunds decides what a person's act on the item of a refund does: again, to the method that paid (A5)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from domain import retrying
from domain.action_item import ACTION_ITEM, ActionItem, ItemKind, ItemState
from domain.capabilities import Capability
from domain.credit import Source
from domain.decision import Decision, move
from domain.declines import KILLS_METHOD, class_of
from domain.organisation import Organisation
from domain.outcome import About
from domain.payment import Payment, PaymentState
from domain.payment_method import MethodState, PaymentMethod
from domain.people import Client
from domain.refund import Refund, RefundState
from domain.refunding import request
from domain.refusal import Refusal
from domain.repayment import REPAYMENT, Outgoing, RepaymentState
from domain.retrying import InDoubt, ItemNotRejected, NotInDoubt, PaymentTakenBack, must_be_open
from domain.telling import item_event

Mint = Callable[[str], str]
ABOUT = (ItemKind.REFUND.value, About.CANCELLATION.value)  # `of` of the items that are about money that goes back


class RefundCardDead(Refusal):
    """The card or account is dead: reject the item and record an offline refund (A9)."""

    code = "refund_card_dead"


class RefundSameMethod(Refusal):
    """A refund always goes back to the method that paid (A5)."""

    code = "refund_same_method"


class RefundNotFailed(Refusal):
    """The refund is under way: there is nothing to retry."""

    code = "refund_not_failed"


def must_be_retryable(item: ActionItem, refund: Refund, payment: Payment, method: PaymentMethod | None) -> None:
    """Raises why a retry would be refused, whatever credit the account has."""
    must_be_open(item)
    if refund.state is RefundState.UNKNOWN:
        raise InDoubt("item", item=item.id)
    if refund.state is not RefundState.FAILED:
        raise RefundNotFailed("item", item=item.id, state=refund.state.value)
    if payment.state is not PaymentState.PAID:
        raise PaymentTakenBack("item", item=item.id, payment=payment.id)
    if method is None or method.state is MethodState.DEAD or class_of(item.reason) in KILLS_METHOD:
        raise RefundCardDead("item", item=item.id)


def is_about_repayment(item: ActionItem) -> bool:
    """Whether an item is about money that goes back, and not about a payment."""
    return item.of in ABOUT


def why_not(
    item: ActionItem, refund: Refund | None, payment: Payment, method: PaymentMethod | None,
    limits: retrying.Limits | None, now: datetime | None,
) -> Refusal | None:  # fmt: skip
    """Why Retry without another method would be refused; None where it would be taken."""
    if not is_about_repayment(item):
        return retrying.why_not(item, payment, method, limits, now)
    if refund is None:  # a cancellation of the payment itself: settled, never retried
        return InDoubt("item", item=item.id)
    try:
        must_be_retryable(item, refund, payment, method)
    except Refusal as refusal:
        return refusal
    return None


def next_step(item: ActionItem, method: PaymentMethod | None, code: str) -> str:
    """The message that says what to do next; of a refund whose card is dead: make an offline one (A9)."""
    if not is_about_repayment(item):
        return f"reason.{code}.next"
    if item.kind is ItemKind.IN_DOUBT:
        return "refund_next.in_doubt"
    if class_of(code) in KILLS_METHOD or method is None or method.state is MethodState.DEAD:
        return "refund_next.offline"
    return "refund_next.no_verdict" if code == "no_verdict" else "refund_next.retry"


def retry(
    item: ActionItem, failed: Refund, payment: Payment, method: PaymentMethod | None, can: Capability | None, *,
    id: str, ref: str, owed: int, sources: Sequence[Source], organisation: Organisation, client: Client, by: str,
    hold: timedelta, command: int | None, asked_on: date, now: datetime, mint: Mint,
) -> Decision:  # fmt: skip
    """A new refund in the place of the failed one, sent through the queue, not before `hold` is over (A3)."""
    must_be_retryable(item, failed, payment, method)
    return (
        *request(
            payment, method, can, id=id, ref=ref, amount=failed.amount, seen=None, owed=owed, sources=sources,
            organisation=organisation, client=client, by=by, asked_on=asked_on, now=now, mint=mint,
            retry_of=failed.id, due_at=now + hold, command=command,
        ),
        move(ACTION_ITEM, item, "retry", by=by, changed_at=now, refund=id),
        item_event(item, "action_item.retrying", now, by=by, was={"refund": failed.id}, refund=id),
    )  # fmt: skip


def reject(item: ActionItem, refund: Refund | None, *, reason: str, by: str, now: datetime) -> Decision:
    """Closes the item with who, when and why; the money stays owed to the client, as credit (A4)."""
    must_be_open(item)
    if refund is None or refund.state is RefundState.UNKNOWN:
        raise InDoubt("item", item=item.id)
    return (
        move(ACTION_ITEM, item, "reject", by=by, note=reason, changed_at=now),
        item_event(item, "action_item.rejected", now, by=by, reason=reason),
    )


def reopen(item: ActionItem, refund: Refund | None, *, by: str, now: datetime) -> Decision:
    """Undoes a rejection (A4), as long as the money is still owed."""
    owed = refund is not None and refund.state is RefundState.FAILED
    if item.state is not ItemState.REJECTED or not owed:
        raise ItemNotRejected("item", item=item.id, state=item.state)
    was = {"by": item.by, "note": item.note}
    return (
        move(ACTION_ITEM, item, "reopen", by=by, note="", changed_at=now),
        item_event(item, "action_item.opened", now, by=by, was=was, reason=item.reason, reopened=True),
    )


def told_settled(item: ActionItem, *, outcome: str, reason: str, reference: str, by: str, now: datetime) -> Decision:
    """The act itself in the history of the item, beside what it causes."""
    told = item_event(
        replace(item, version=item.version - 1), "action_item.settled", now, by=by, outcome=outcome, reason=reason,
        reference=reference,
    )  # fmt: skip
    return (told,)


def ask_again(item: ActionItem, out: Outgoing | None, *, by: str, now: datetime) -> Decision:
    """Looks it up now (A10)."""
    asked = in_doubt(item, out).asked
    return (
        move(REPAYMENT, asked, "wait", key=("key",), fence=asked.epoch, next_at=now),
        item_event(item, "action_item.asked_again", now, by=by),
        move(ACTION_ITEM, item, "update", by=by, changed_at=now),
    )


def in_doubt(item: ActionItem, out: Outgoing | None) -> Outgoing:
    """What is in doubt; raises when it is not, or no longer."""
    must_be_open(item)
    if out is None or out.asked.state is not RepaymentState.IN_DOUBT:
        raise NotInDoubt("item", item=item.id)
    return out
