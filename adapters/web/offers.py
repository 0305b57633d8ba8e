"""What a person is offered on an item: the recommended step first, and why the others are not there."""

from dataclasses import dataclass
from enum import StrEnum

from adapters.database.action_centre import Row
from domain.action_item import ActionItem, ItemKind, ItemState
from domain.comparing import DISPUTED
from domain.declines import ReasonClass
from domain.payment import PaymentState
from domain.refund import RefundState
from domain.refusal import Refusal
from domain.retrying import InDoubt
from domain.retrying_refunds import is_about_repayment, why_not
from domain.withdrawing import held


class Step(StrEnum):
    RETRY = "retry"  # the same method, now
    REPLACE = "replace"  # another method of the client, then retry
    SETTLE = "settle"  # in doubt: ask again, it was paid, it was not paid
    WAIT = "wait"  # a retry is under way
    REOPEN = "reopen"  # undo a rejection
    NOTHING = "nothing"


C = ReasonClass

# fmt: off
RECOMMENDED: dict[ReasonClass, Step] = {
    C.LATER:           Step.RETRY,
    C.TECHNICAL:       Step.RETRY,
    C.CUSTOMER_ACTION: Step.NOTHING,  # the client and their bank first
    C.FIX_DATA:        Step.REPLACE,
    C.NEVER:           Step.REPLACE,
    C.STOP_PLAN:       Step.REPLACE,
    C.DUPLICATE:       Step.NOTHING,  # look before anything else
    C.CONFIG:          Step.NOTHING,  # our side first
    C.UNKNOWN:         Step.SETTLE,
    C.BANK_RETURN_SOFT: Step.RETRY,
    C.BANK_RETURN_HARD: Step.REPLACE,
}
# fmt: on
OWED = (PaymentState.FAILED, PaymentState.REVERSED)  # a bank took back what had been paid: it is owed again
# A retry of these is refused until the method was replaced; then it is the thing to do.
REPLACED = (C.NEVER, C.STOP_PLAN, C.BANK_RETURN_HARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`first` is the recommended step. `retry` says whether Retry with the method on file would be taken, and
    `why_not` is the refusal if not."""

    first: Step
    retry: bool
    why_not: Refusal | None
    may_replace: bool
    may_reject: bool
    may_settle: bool
    may_reopen: bool
    may_withdraw: bool = False


def offer(row: Row) -> Offer:
    """What can be done with an item as it stands; who may do it is another question."""
    item, payment = row.item, row.payment
    if is_about_repayment(item):
        return _offer_refund(row)
    if item.kind is ItemKind.EXPIRING_CARD:
        return _about_card(item)
    allowed, refusal = False, None
    if _retriable(row):
        refusal = why_not(item, None, payment, row.method, row.limits, row.seen_at)
        allowed = refusal is None
    doubt = item.state is ItemState.OPEN and payment.state is PaymentState.IN_DOUBT
    disputed = item.state is ItemState.OPEN and item.reason in DISPUTED
    return Offer(
        first=_first(row, allowed, doubt),
        retry=allowed,
        why_not=refusal or (InDoubt("item") if doubt else None),
        may_replace=item.state is ItemState.OPEN and payment.state is PaymentState.FAILED and not disputed,
        may_reject=disputed or (item.state is ItemState.OPEN and payment.state in OWED),
        may_settle=doubt,
        may_reopen=item.state is ItemState.REJECTED and payment.state in OWED,
        may_withdraw=row.seen_at is not None and held(item, payment, row.seen_at),
    )


def _offer_refund(row: Row) -> Offer:
    """Money that goes back goes to the method that paid: no other is offered (A5)."""
    item, refund = row.item, row.refund
    opened = item.state is ItemState.OPEN
    refusal = why_not(item, refund, row.payment, row.method, None, None) if opened else None
    allowed = opened and refusal is None
    doubt = opened and item.kind is ItemKind.IN_DOUBT
    failed = refund is not None and refund.state is RefundState.FAILED
    steps = {ItemState.RETRYING: Step.WAIT, ItemState.REJECTED: Step.REOPEN, ItemState.RESOLVED: Step.NOTHING}
    advised = Step.SETTLE if doubt else Step.RETRY if allowed else Step.NOTHING
    return Offer(
        first=steps.get(item.state, advised),
        retry=allowed,
        why_not=refusal,
        may_replace=opened and failed and allowed,
        may_reject=opened and not doubt,
        may_settle=doubt,
        may_reopen=item.state is ItemState.REJECTED and failed,
    )


def _about_card(item: ActionItem) -> Offer:
    """A card that ends soon: it is replaced at the client's, or the item is rejected."""
    rejected = item.state is ItemState.REJECTED
    return Offer(
        first=Step.REOPEN if rejected else Step.NOTHING, retry=False, why_not=None, may_replace=False,
        may_reject=item.state is ItemState.OPEN, may_settle=False, may_reopen=rejected,
    )  # fmt: skip


def _retriable(row: Row) -> bool:
    return row.item.state is ItemState.OPEN and row.payment.state is PaymentState.FAILED


def _first(row: Row, allowed: bool, doubt: bool) -> Step:
    match row.item.state:
        case ItemState.RETRYING:
            return Step.WAIT
        case ItemState.REJECTED:
            return Step.REOPEN
        case ItemState.RESOLVED:
            return Step.NOTHING
        case ItemState.OPEN if doubt:
            return Step.SETTLE
        case ItemState.OPEN if row.payment.state is PaymentState.REVERSED:
            return Step.NOTHING
        case ItemState.OPEN:
            reason = ReasonClass(row.item.reason_class)
            if reason in REPLACED and allowed:
                return Step.RETRY
            advised = RECOMMENDED[reason]
            return Step.REPLACE if advised is Step.RETRY and not allowed else advised
