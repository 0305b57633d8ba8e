"""A card or bank account on file: a processor's token, or a sealed account, and what people may see of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.refusal import Refusal


class MethodState(StrEnum):
    ACTIVE = "active"
    DEAD = "dead"  # lost card, closed account (I5): nothing is sent to it until it is replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod:
    """`token` is the processor's, never a card number; in its stead `bank` is a bank account, sealed. `expiry` is
    "YYYY-MM"."""

    organisation: str
    id: str
    client: str
    kind: str
    merchant_account: str
    token: str = field(default="", repr=False)
    bank: str = field(default="", repr=False)
    brand: str = ""
    last4: str = ""
    expiry: str = ""
    holder: str = ""
    mandate: Mapping[str, Any] = field(default_factory=dict)
    state: MethodState = MethodState.ACTIVE
    dead_reason: str = ""
    created_at: datetime

    @property
    def about(self) -> tuple[str, ...]:
        """What its bank account is sealed for: this very row."""
        return about_bank(self.organisation, self.id)


def about_bank(organisation: str, id: str) -> tuple[str, ...]:
    return (organisation, "payment_method", id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What is planned on a card: its next payment, or the newest of its subscriptions, and how much in all."""

    payment: str
    amount: int


def instrument_of(method: PaymentMethod) -> str:
    """The card or account behind a method, as tries of it are counted: the same token is the same instrument."""
    return hashlib.sha256(f"{method.merchant_account}\x1f{method.token}".encode()).hexdigest()[:16]


class MethodOrOffline(Refusal):
    """A payment names either a method on file or how the money was received offline, not both (B7)."""

    code = "method_or_offline"
