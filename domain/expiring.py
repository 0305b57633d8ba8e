"""Expiring: which saved cards with planned payments end soon, one item for each until it is replaced (A1)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from domain.action_item import ACTION_ITEM, ActionItem, ItemKind, ItemState
from domain.days import month_step
from domain.decision import Decision, New, move
from domain.declines import class_of
from domain.event import SYSTEM
from domain.payment_method import PaymentMethod, Planned
from domain.telling import item_event

Mint = Callable[[str], str]
REASON = "expiring_card"


def last_month(day: date) -> str:
    """The month after a date's, as an expiry is written: cards that end in it or before end soon."""
    return month_step(day.replace(day=1), 1).isoformat()[:7]


def watch(
    cards: Iterable[PaymentMethod], planned: Mapping[str, Planned], items: Iterable[ActionItem], *, now: datetime,
    mint: Mint,
) -> Decision:  # fmt: skip
    """`cards` are those that end soon; `items` what is open or rejected about cards. Each card gets one item for the
    month in which it ends; those of cards that were replaced, or on which nothing is planned any more, close."""
    due = {(card.id, card.expiry): card for card in cards if card.id in planned}
    known = {(item.payment_method or "", item.about): item for item in items}
    steps: Decision = ()
    for key, card in sorted(due.items()):
        if key not in known:
            steps += _open(card, planned[card.id], now=now, mint=mint)
    for key, item in known.items():
        if key not in due and item.state is ItemState.OPEN:
            steps += close(item, by=SYSTEM, now=now)
    return steps


def close(item: ActionItem, *, by: str, now: datetime) -> Decision:
    """The card was replaced, or nothing is planned on it any more."""
    return (
        move(ACTION_ITEM, item, "resolve", by=by, changed_at=now),
        item_event(item, "action_item.resolved", now, by=by),
    )


def _open(card: PaymentMethod, planned: Planned, *, now: datetime, mint: Mint) -> Decision:
    item = ActionItem(
        organisation=card.organisation, id=mint("itm_"), kind=ItemKind.EXPIRING_CARD, of=ItemKind.EXPIRING_CARD.value,
        about=card.expiry, payment=planned.payment, client=card.client, merchant_account=card.merchant_account,
        payment_method=card.id, amount=planned.amount, reason=REASON, reason_class=class_of(REASON), failed_at=now,
        opened_at=now, changed_at=now,
    )  # fmt: skip
    told = item_event(
        replace(item, version=0), "action_item.opened", now, was=None, reason=REASON, expires=card.expiry,
        payment_method=card.id,
    )  # fmt: skip
    return (New(thing=item), told)
