"""Itemising: which action item a failure opens, opens again or closes (A1, A2)."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from domain.action_item import ACTION_ITEM, ActionItem, ItemKind, ItemState
from domain.decision import Decision, New, move
from domain.declines import ReasonClass, class_of
from domain.event import SYSTEM
from domain.organisation import Organisation
from domain.payment import PAYMENT, Payment, PaymentKind
from domain.refund import Refund
from domain.repayment import Repayment
from domain.retry_rules import scheduled_retry
from domain.telling import item_event, payment_event

Mint = Callable[[str], str]


def open_item(
    payment: Payment, item: ActionItem | None, code: str, network_code: str, *, now: datetime, mint: Mint,
    organisation: Organisation | None = None,
) -> Decision:  # fmt: skip
    """One open item per failed payment (A2): the one under retry opens again, else a new one.

    A one-off payment that is declined is told to whoever asked and makes no item (B7). With the organisation it is
    given its next automatic retry, if there is one (A8).
    """
    retry_on = None
    if organisation is not None:
        first, planned = (item.opened_at, item.retry_on) if item is not None else (now, None)
        retry_on = scheduled_retry(class_of(code), organisation, failed_at=first, planned=planned, now=now)
    if item is not None:
        kind = item.kind if item.of == PaymentKind.ONE_OFF else ItemKind(item.of)
        step = move(
            ACTION_ITEM,
            item,
            "fail" if item.state is ItemState.RETRYING else "update",
            kind=kind,
            attempts=payment.attempts,
            amount=payment.amount,
            merchant_account=payment.merchant_account,
            payment_method=payment.payment_method,
            reason=code,
            reason_class=class_of(code),
            network_code=network_code,
            failed_at=now,
            changed_at=now,
            retry_on=retry_on,
        )
        return (step, item_event(item, "action_item.opened", now, was={"reason": item.reason}, reason=code))
    if payment.kind is PaymentKind.ONE_OFF:
        return ()
    kind = ItemKind(payment.kind.value)
    return new_item(payment, kind, code, network_code, now=now, mint=mint, retry_on=retry_on)


def doubt_item(payment: Payment, item: ActionItem | None, *, now: datetime, mint: Mint) -> Decision:
    """The ladder ended without a verdict: an item in doubt, whatever the payment was for (A1, A10)."""
    if item is None:
        return new_item(payment, ItemKind.IN_DOUBT, "in_doubt", "", now=now, mint=mint)
    step = move(
        ACTION_ITEM,
        item,
        "fail" if item.state is ItemState.RETRYING else "update",
        kind=ItemKind.IN_DOUBT,
        attempts=payment.attempts,
        amount=payment.amount,
        merchant_account=payment.merchant_account,
        payment_method=payment.payment_method,
        reason="in_doubt",
        reason_class=class_of("in_doubt"),
        network_code="",
        failed_at=now,
        changed_at=now,
    )
    return (step, item_event(item, "action_item.opened", now, was={"reason": item.reason}, reason="in_doubt"))


def fail_refund(
    refund: Refund,
    payment: Payment,
    item: ActionItem | None,
    code: str,
    network_code: str,
    *,
    now: datetime,
    mint: Mint,
) -> Decision:
    """A refund that failed makes an item, the money stays owed (R6); the one under retry, or in doubt, goes on."""
    if item is not None:
        return _again(
            item, now=now, kind=ItemKind.REFUND, attempts=item.attempts + 1, amount=refund.amount, refund=refund.id,
            reason=code, network_code=network_code,
        )  # fmt: skip
    return new_item(
        payment, ItemKind.REFUND, code, network_code, now=now, mint=mint, of=ItemKind.REFUND.value, refund=refund.id,
        amount=refund.amount, attempts=refund.attempts,
    )  # fmt: skip


def doubt_refund(asked: Repayment, payment: Payment, item: ActionItem | None, *, now: datetime, mint: Mint) -> Decision:
    """Whether money was given back, or a charge cancelled, can't be learnt: a person settles it (A10)."""
    if item is not None:
        return _again(
            item, now=now, kind=ItemKind.IN_DOUBT, attempts=item.attempts + 1, amount=asked.amount,
            refund=asked.refund or "", reason="in_doubt", network_code="",
        )  # fmt: skip
    of = asked.about.value if asked.refund is None else ItemKind.REFUND.value
    return new_item(
        payment, ItemKind.IN_DOUBT, "in_doubt", "", now=now, mint=mint, of=of, refund=asked.refund or "",
        amount=asked.amount, attempts=asked.number,
    )  # fmt: skip


def _again(item: ActionItem, *, now: datetime, reason: str, **put: Any) -> Decision:
    step = move(
        ACTION_ITEM, item, "fail" if item.state is ItemState.RETRYING else "update", reason=reason,
        reason_class=class_of(reason), failed_at=now, changed_at=now, **put,
    )  # fmt: skip
    return (step, item_event(item, "action_item.opened", now, was={"reason": item.reason}, reason=reason))


def new_item(
    payment: Payment, kind: ItemKind, code: str, network_code: str, *, now: datetime, mint: Mint, of: str = "",
    refund: str = "", amount: int | None = None, attempts: int | None = None, retry_on: date | None = None,
    reason_class: ReasonClass | None = None,
) -> Decision:  # fmt: skip
    item = ActionItem(
        organisation=payment.organisation,
        id=mint("itm_"),
        kind=kind,
        of=of or payment.kind.value,
        refund=refund,
        payment=payment.id,
        client=payment.client,
        merchant_account=payment.merchant_account,
        payment_method=payment.payment_method,
        amount=payment.amount if amount is None else amount,
        reason=code,
        reason_class=reason_class or class_of(code),
        network_code=network_code,
        attempts=payment.attempts if attempts is None else attempts,
        failed_at=now,
        opened_at=now,
        changed_at=now,
        retry_on=retry_on,
    )
    return (New(thing=item), item_event(replace(item, version=0), "action_item.opened", now, was=None, reason=code))


def resolve_item(item: ActionItem | None, *, by: str, now: datetime) -> Decision:
    """The debt is settled: its item closes, whoever settled it."""
    if item is None or not ACTION_ITEM.allows(item.state, "resolve"):
        return ()
    return (
        move(ACTION_ITEM, item, "resolve", changed_at=now, by=by),
        item_event(item, "action_item.resolved", now, by=by),
    )


def settle_failed(failed: Iterable[tuple[Payment, ActionItem | None]], room: int, *, now: datetime) -> Decision:
    """Failed payments after the debt was paid another way (A9): `room` is what is still owed for them, the
    oldest first. What is not owed is cancelled and its item resolved; the rest asks for less."""
    steps: Decision = ()
    for payment, item in sorted(failed, key=lambda one: (one[0].due_on, one[0].number or 0)):
        owed = min(room, payment.amount)
        room -= owed
        if item is None or item.state is not ItemState.OPEN or owed == payment.amount:
            continue
        if owed:
            steps += (
                move(PAYMENT, payment, "change", amount=owed),
                payment_event(
                    payment, "instalment.lowered", now, public=False, amount=owed, was={"amount": payment.amount}
                ),
                move(ACTION_ITEM, item, "update", amount=owed, changed_at=now),
                item_event(item, "action_item.lowered", now, amount=owed, was={"amount": payment.amount}),
            )
        else:
            told = payment_event(payment, "instalment.cancelled", now, public=False, why="paid_otherwise")
            steps += (move(PAYMENT, payment, "cancel"), told, *resolve_item(item, by=SYSTEM, now=now))
    return steps
