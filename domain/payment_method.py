"""A card or bank account on file: a processor's token and what people may see of it."""

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
    """`token` is the processor's, never a card number. `expiry` is "YYYY-MM"."""

    organisation: str
    id: str
    client: str
    kind: str
    merchant_account: str
    token: str = field(repr=False)
    brand: str = ""
    last4: str = ""
    expiry: str = ""
    holder: str = ""
    mandate: Mapping[str, Any] = field(default_factory=dict)
    state: MethodState = MethodState.ACTIVE
    dead_reason: str = ""
    created_at: datetime


class MethodOrOffline(Refusal):
    """A payment names either a method on file or how the money was received offline, not both (B7)."""

    code = "method_or_offline"
