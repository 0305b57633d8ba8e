"""Watches the cards on file: those that end soon with payments planned on them are told of, once (A1, N5)."""

from domain.action_item import ActionItem, ItemKind, ItemState
from domain.days import last_night
from domain.decision import New
from domain.expiring import last_month, watch
from domain.organisation import Organisation
from domain.ports import Transaction
from domain.run import EXPIRING_CARDS, Run

MAX_CARDS = 10_000  # of one organisation that end within two months


def watch_cards(tx: Transaction, *, organisation: str) -> int:
    """Once for each night; answers how many items it opened or closed, and 1 at least for the run that it wrote."""
    owner = tx.lock(Organisation, id=organisation)
    night = last_night(owner, tx.now)
    if tx.find(Run, organisation=organisation, kind=EXPIRING_CARDS, business_date=night) is not None:
        return 0
    cards, planned = tx.expiring_cards(organisation, last_month(night), MAX_CARDS)
    items = tx.lock_all(
        ActionItem, order_by="id", organisation=organisation, kind=ItemKind.EXPIRING_CARD,
        state=[ItemState.OPEN, ItemState.REJECTED],
    )  # fmt: skip
    decision = watch(cards, planned, items, now=tx.now, mint=tx.mint)
    run = Run(
        organisation=organisation, kind=EXPIRING_CARDS, business_date=night, started_at=tx.now, finished_at=tx.now
    )
    tx.write([decision, (New(thing=run),)])
    return 1 + len(decision) // 2
