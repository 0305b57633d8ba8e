"""Retrying decides what a person's act on an action item does: retry, reject, reopen, ask again, settle."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from domain.action_item import ACTION_ITEM, ActionItem, ItemKind, ItemState
from domain.attempt import ATTEMPT, Attempt, AttemptState
from domain.claim import Around, Asked
from domain.concluding import approve
from domain.decision import Decision, move
from domain.declines import class_of
from domain.instalment import Plan
from domain.payment import PAYMENT, Payment, PaymentKind, PaymentState
from domain.payment_method import MethodState, PaymentMethod
from domain.refusal import Refusal
from domain.resuming import resume
from domain.retry_rules import Tried, must_be_within
from domain.telling import item_event, payment_event

Mint = Callable[[str], str]
MAX_NOTE = 1_000


class AlreadyRetrying(Refusal):
    """Somebody pressed Retry first; who and when stand in the parameters."""

    code = "already_retrying"


class ItemClosed(Refusal):
    """The item was resolved or rejected meanwhile; who and when stand in the parameters."""

    code = "item_closed"


class ItemNotRejected(Refusal):
    """Only a rejected item can be reopened."""

    code = "item_not_rejected"


class InDoubt(Refusal):
    """The outcome of the last attempt is unknown: settle it before anything else (A10)."""

    code = "in_doubt"


class NotInDoubt(Refusal):
    """The outcome is known: there is nothing to ask again or to settle."""

    code = "not_in_doubt"


class NewMethodNeeded(Refusal):
    """The method is dead or its authorisation was revoked: a retry must name another one (A8, I5)."""

    code = "new_method_needed"


class NothingToRetry(Refusal):
    """The item is about a card that ends soon: nothing has failed."""

    code = "nothing_to_retry"


class PaymentTakenBack(Refusal):
    """The money came and was taken back: what is owed again is paid by a new payment, this one is over."""

    code = "payment_taken_back"


class MethodNotUsable(Refusal):
    """The payment method is another client's, dead, or not one that can be charged."""

    code = "method_not_usable"


class ReasonNeeded(Refusal):
    """This act is kept with its reason, and none was given."""

    code = "reason_needed"


class ReferenceNeeded(Refusal):
    """*It was paid* needs the processor's reference (A10)."""

    code = "reference_needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the card networks count against a retry: the tries so far of the instrument that would be charged, through
    the account whose settings these are."""

    tried: Sequence[Tried] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    by_schedule: bool = False

    def allow(self, method: PaymentMethod, amount: int, *, now: datetime) -> None:
        """Raises NetworkLimit or RetryTooEarly."""
        must_be_within(
            self.tried, brand=method.brand, amount=amount, settings=self.settings, now=now,
            by_schedule=self.by_schedule,
        )  # fmt: skip


def retry(
    item: ActionItem,
    payment: Payment,
    method: PaymentMethod | None,
    *,
    replacement: PaymentMethod | None,
    by: str,
    hold: timedelta,
    command: int | None,
    now: datetime,
    limits: Limits | None = None,
) -> Decision:
    """The item turns retrying at once; the charge goes through the queue (A3), not before `hold` is over."""
    must_be_open(item)
    if item.kind is ItemKind.EXPIRING_CARD:
        raise NothingToRetry("item", item=item.id)
    doubtful = (PaymentState.UNKNOWN, PaymentState.IN_DOUBT, PaymentState.SUBMITTING)
    if payment.state in doubtful or item.kind is ItemKind.IN_DOUBT:  # also where the processor's books say otherwise
        raise InDoubt("item", item=item.id)
    if payment.state is PaymentState.REVERSED:
        raise PaymentTakenBack("item", item=item.id, payment=payment.id)
    chosen = replacement or method
    if chosen is None or chosen.state is MethodState.DEAD or chosen.client != payment.client:
        if replacement is not None:
            raise MethodNotUsable("payment_method", payment_method=replacement.id)
        raise NewMethodNeeded("payment_method", item=item.id)
    put: dict[str, Any] = {}
    if limits is not None:
        limits.allow(chosen, payment.amount, now=now)
        if limits.by_schedule:  # the schedule goes on; a person's retry never moves it (A8)
            put = {"retry_on": None}
    return (
        move(ACTION_ITEM, item, "retry", by=by, changed_at=now, payment_method=chosen.id, **put),
        move(
            PAYMENT, payment, "retry", due_at=now + hold, command=command,
            payment_method=chosen.id, merchant_account=chosen.merchant_account, offline=None,
        ),
        item_event(
            item, "action_item.retrying", now, by=by, was={"payment_method": payment.payment_method},
            payment_method=chosen.id,
            replaced=None if chosen.id == payment.payment_method else payment.payment_method,
        ),
    )  # fmt: skip


def why_not(
    item: ActionItem, payment: Payment, method: PaymentMethod | None, limits: Limits | None = None,
    now: datetime | None = None,
) -> Refusal | None:  # fmt: skip
    """Why Retry without another method would be refused; None where it would be taken."""
    try:
        retry(
            item, payment, method, replacement=None, by="", hold=timedelta(0), command=None,
            now=now or item.changed_at, limits=limits,
        )  # fmt: skip
    except Refusal as refusal:
        return refusal
    return None


def reject(
    item: ActionItem, payment: Payment, *, reason: str, by: str, now: datetime,
    plan: Plan | None = None, held: Iterable[Payment] = (),
) -> Decision:  # fmt: skip
    """Closes the item with who, when and why; the debt stays in the balance (A4). What a stopped plan holds is
    released: it fails on its own date, with its own item, unless its method is replaced before."""
    must_be_open(item)
    about_card = item.kind is ItemKind.EXPIRING_CARD
    if payment.state in (PaymentState.UNKNOWN, PaymentState.IN_DOUBT) and not about_card:
        raise InDoubt("item", item=item.id)
    if not reason.strip():
        raise ReasonNeeded("reason")
    return (
        move(ACTION_ITEM, item, "reject", by=by, note=reason, changed_at=now),
        item_event(item, "action_item.rejected", now, by=by, reason=reason),
        *(() if about_card else resume(plan, held, method=None, by=by, now=now)),
    )


def reopen(item: ActionItem, payment: Payment, *, by: str, now: datetime) -> Decision:
    """Undoes a rejection (A4), as long as the payment is still owed."""
    owed = payment.state in (PaymentState.FAILED, PaymentState.REVERSED) or item.kind is ItemKind.EXPIRING_CARD
    if item.state is not ItemState.REJECTED or not owed:
        raise ItemNotRejected("item", item=item.id, state=item.state)
    return (
        move(ACTION_ITEM, item, "reopen", by=by, note="", changed_at=now),
        item_event(
            item,
            "action_item.opened",
            now,
            by=by,
            was={"by": item.by, "note": item.note},
            reason=item.reason,
            reopened=True,
        ),
    )


def ask_again(
    item: ActionItem,
    payment: Payment,
    attempt: Attempt | None,
    *,
    by: str,
    command: int | None,
    now: datetime,
) -> Decision:
    """Looks the payment up now (A10)."""
    attempt = _in_doubt(item, attempt)
    steps: Decision = (
        move(ATTEMPT, attempt, "wait", key=("key",), fence=attempt.epoch, next_at=now),
        item_event(item, "action_item.asked_again", now, by=by),
        move(ACTION_ITEM, item, "update", by=by, changed_at=now),
    )
    if command is not None:
        steps += (move(PAYMENT, payment, "wait", command=command),)
    return steps


def settle_paid(
    asked: Asked, item: ActionItem, around: Around, *, reference: str, by: str, now: datetime, mint: Mint
) -> Decision:
    """*It was paid*: booked with the processor's reference, once, like any approval (A10)."""
    _in_doubt(item, asked.attempt)
    if not reference.strip():
        raise ReferenceNeeded("reference")
    return approve(asked, reference.strip(), around, now=now, mint=mint, by=by)


def settle_not_paid(asked: Asked, item: ActionItem, *, reason: str, by: str, now: datetime) -> Decision:
    """*It was not paid*: the attempt is closed by a person and a retry is allowed again (A10)."""
    attempt = _in_doubt(item, asked.attempt)
    payment = asked.payment
    kind = item.kind if item.of == PaymentKind.ONE_OFF else ItemKind(item.of)
    return (
        move(
            ATTEMPT, attempt, "close", key=("key",), fence=attempt.epoch, epoch=attempt.epoch + 1,
            worker=None, next_at=None, ended_at=now, reason="not_paid",
        ),
        move(PAYMENT, payment, "decline", command=None),
        move(
            ACTION_ITEM, item, "update", kind=kind, reason="not_paid", reason_class=class_of("not_paid"),
            by=by, note=reason, changed_at=now,
        ),
        item_event(
            item, "action_item.settled", now, by=by, was={"reason": item.reason}, outcome="not_paid", reason=reason
        ),
        payment_event(payment, "attempt.closed", now, by=by, public=False, key=attempt.key, reason=reason),
    )  # fmt: skip


def told_settled(
    item: ActionItem, *, reason: str, reference: str, by: str, now: datetime, outcome: str = "paid"
) -> Decision:  # fmt: skip
    """The act itself in the history of the item, beside what it caused."""
    told = item_event(
        replace(item, version=item.version - 1), "action_item.settled", now, by=by, outcome=outcome,
        reason=reason, reference=reference,
    )  # fmt: skip
    return (told,)


def must_be_open(item: ActionItem) -> None:
    told = {"item": item.id, "by": item.by, "at": item.changed_at.isoformat()}
    if item.state is ItemState.RETRYING:
        raise AlreadyRetrying("item", **told)
    if item.state is not ItemState.OPEN:
        raise ItemClosed("item", state=item.state.value, **told)


def _in_doubt(item: ActionItem, attempt: Attempt | None) -> Attempt:
    if item.state is not ItemState.OPEN:
        raise ItemClosed("item", item=item.id, state=item.state.value, by=item.by, at=item.changed_at.isoformat())
    if attempt is None or attempt.state is not AttemptState.IN_DOUBT:
        raise NotInDoubt("item", item=item.id)
    return attempt
