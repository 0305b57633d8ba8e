"""Comparing decides what a difference between a processor's books and ours is, and what becomes of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.action_item import ACTION_ITEM, ActionItem, ItemKind, ItemState
from domain.attempt import ATTEMPT, Attempt, AttemptState
from domain.decision import Decision, New, move
from domain.declines import class_of
from domain.echeck import Echeck, EcheckState
from domain.event import SYSTEM, Event
from domain.itemising import new_item, resolve_item
from domain.outcome import About, Listed
from domain.payment import Payment, PaymentState
from domain.reconciliation import BREAK, Break, BreakKind, BreakState
from domain.repayment import REPAYMENT, Repayment
from domain.retrying import ReasonNeeded
from domain.telling import item_event

Mint = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """An e-check as a comparison sees it: what was asked of its processor under its key, and whether it was taken."""

    organisation: str
    merchant_account: str
    key: str
    reference: str
    payment: str
    amount: int
    currency: str
    state: AttemptState


Asked = Attempt | Repayment | HandedOver  # money asked for, by card or from a bank, or asked back
UNDER_WAY = ("due", "submitting", "unknown", "in_doubt")
APPROVED = "approved"
ABOUT = {Repayment: About.REFUND, HandedOver: About.DEBIT}
DISPUTED = tuple(kind.value for kind in BreakKind)  # reasons of items that are about a break


def differs(line: Listed, asked: Asked | None, payment: Payment | None) -> BreakKind | None:
    """What is wrong about a line of the processor's list; None when it agrees, or is still being asked about."""
    if asked is None:
        return None if line.cancelled else BreakKind.MISSING_HERE
    if is_under_way(asked):
        return None
    if asked.state.value != APPROVED:
        return None if line.cancelled else BreakKind.OTHER_STATE
    if (line.amount_minor, line.currency) != (asked.amount, asked.currency):
        return BreakKind.OTHER_AMOUNT
    still_paid = payment is not None and payment.state is PaymentState.PAID
    return BreakKind.OTHER_STATE if line.cancelled and still_paid and line.about is About.CHARGE else None


def handed_over(echeck: Echeck) -> HandedOver:
    """What came back was taken first; what was refused at once, called back or never sent was not."""
    taken = echeck.state in (EcheckState.SUBMITTED, EcheckState.SETTLED)
    came_back = echeck.state is EcheckState.RETURNED and echeck.submitted_on is not None
    under_way = echeck.state in (EcheckState.BATCHED, EcheckState.UNKNOWN)
    state = AttemptState.APPROVED if taken or came_back else AttemptState.DECLINED
    return HandedOver(
        organisation=echeck.organisation, merchant_account=echeck.merchant_account, key=echeck.id,
        reference=echeck.reference, payment=echeck.payment, amount=echeck.amount, currency=echeck.currency,
        state=AttemptState.UNKNOWN if under_way else state,
    )  # fmt: skip


def is_under_way(asked: Asked) -> bool:
    """Whether a verdict is still awaited."""
    return asked.state.value in UNDER_WAY


def ask_now(asked: Asked, *, now: datetime) -> Decision:
    """There is something to be heard about it: its own ladder asks at once, and adopts the answer."""
    if isinstance(asked, HandedOver) or asked.worker is not None or asked.state.value not in ("unknown", "in_doubt"):
        return ()  # an e-check is looked up again by its own ladder
    machine = ATTEMPT if isinstance(asked, Attempt) else REPAYMENT
    return (move(machine, asked, "wait", key=("key",), fence=asked.epoch, next_at=now),)


def break_of(
    kind: BreakKind, *, organisation: str, account: str, on: date, line: Listed | None, asked: Asked | None,
    now: datetime, mint: Mint,
) -> Break:  # fmt: skip
    """What was found, of the line, of what was asked, or of both."""
    key = line.key if line is not None and line.key else asked.key if asked is not None else ""
    reference = line.reference if line is not None else asked.reference if asked is not None else ""
    booked = asked is not None and asked.state.value == APPROVED
    back = ABOUT.get(type(asked), About.CHARGE)
    return Break(
        organisation=organisation, id=mint("brk_"), merchant_account=account, subject=key or reference, kind=kind,
        about=line.about if line is not None else back, on=on, key=key, reference=reference,
        payment=asked.payment if asked is not None else None,
        amount_here=asked.amount if asked is not None and booked else None,
        amount_there=line.amount_minor if line is not None else None,
        currency=line.currency if line is not None else asked.currency if asked is not None else "",
        opened_at=now, changed_at=now,
    )  # fmt: skip


def open_break(
    found: Break, known: Iterable[Break], payment: Payment | None, item: ActionItem | None, *, now: datetime, mint: Mint
) -> Decision:
    """Nothing when it is known: an open one is not opened twice, and one that a person has closed stays closed."""
    for one in known:
        if one.subject != found.subject or one.merchant_account != found.merchant_account:
            continue
        if one.state is BreakState.OPEN or (one.kind is found.kind and one.by != SYSTEM):
            return ()
    return (
        New(thing=found), _told(replace(found, version=0), "break.opened", now),
        *(_dispute(found, payment, item, now=now, mint=mint) if payment is not None else ()),
    )  # fmt: skip


def resolve(
    found: Break, payment: Payment | None, item: ActionItem | None, *, by: str, reason: str, now: datetime
) -> Decision:
    """By a person with a reason, or by itself because both books agree now; its item is no longer in doubt."""
    if not reason.strip():
        raise ReasonNeeded("reason")
    step = move(BREAK, found, "resolve", by=by, note=reason, changed_at=now)
    return (step, _told(found, "break.resolved", now, by=by, reason=reason), *_settle_item(payment, item, by, now))


def _dispute(found: Break, payment: Payment, item: ActionItem | None, *, now: datetime, mint: Mint) -> Decision:
    """The payment's item says so and allows no retry until the break is resolved: nothing is charged twice (A10)."""
    code = found.kind.value
    if item is None:
        return new_item(payment, ItemKind.IN_DOUBT, code, "", now=now, mint=mint)
    step = move(
        ACTION_ITEM, item, "fail" if item.state is ItemState.RETRYING else "update", kind=ItemKind.IN_DOUBT,
        reason=code, reason_class=class_of(code), network_code="", failed_at=now, changed_at=now,
    )  # fmt: skip
    return (step, item_event(item, "action_item.opened", now, was={"reason": item.reason}, reason=code))


def _settle_item(payment: Payment | None, item: ActionItem | None, by: str, now: datetime) -> Decision:
    """A debt that is still owed keeps its item, which can be retried again; else the item closes."""
    if payment is None or item is None or item.reason not in DISPUTED:
        return ()
    if payment.state is not PaymentState.FAILED:
        return resolve_item(item, by=by, now=now)
    kind = ItemKind(item.of) if item.of in set(ItemKind) else ItemKind.IN_DOUBT
    step = move(
        ACTION_ITEM, item, "update", kind=kind, reason="not_paid", reason_class=class_of("not_paid"), by=by,
        changed_at=now,
    )  # fmt: skip
    told = item_event(item, "action_item.settled", now, by=by, was={"reason": item.reason}, outcome="not_paid")
    return (step, told)


def _told(found: Break, type_: str, now: datetime, *, by: str = SYSTEM, **data: object) -> New:
    said = {"break": found.id, "kind": found.kind.value, "merchant_account": found.merchant_account}
    more = {"on": found.on.isoformat(), "payment": found.payment, "reference": found.reference}
    return New(
        thing=Event(
            organisation=found.organisation, type=type_, subject=f"break:{found.id}", sequence=found.version + 1,
            at=now, by=by, data={**said, **more, **data},
            before={"state": found.state.value} if found.version else {},
        )
    )  # fmt: skip
