"""Answering: what a command that waits for a charge is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.action_item import ActionItem
from domain.command import answer
from domain.decision import Decision
from domain.payment import Payment

# fmt: off
ITEM_STATE = {  # what the state of the payment means for a retry
    "approved":  "resolved",
    "cancelled": "resolved",
    "declined":  "open",
    "in_doubt":  "in_doubt",
    "pending":   "retrying",   # an e-check: its verdict takes days
}
# fmt: on


def answer_payment(
    payment: Payment,
    item: ActionItem | None,
    state: str,
    *,
    now: datetime,
    reason: Mapping[str, Any] | None = None,
    waits: bool = False,
) -> Decision:
    """The result of the command behind this attempt, if there is one: of a retry when an item was retried."""
    if payment.command is None:
        return ()
    result: dict[str, Any] = {"payment": payment.id, "state": state}
    if item is not None:
        result = {"item": item.id, "payment": payment.id, "state": ITEM_STATE[state]}
    if reason is not None:
        result["reason"] = reason
    return (answer(payment.command, result, now=now, waits=waits),)
