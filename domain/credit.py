"""A credit note: it lowers what a client owes and returns no money (B5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class TaxMode(StrEnum):
    INCLUDED = "included"  # the credit is exactly the typed amount, taxes inside it
    ADDED = "added"  # taxes on top
    WAIVED = "waived"  # none


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """`amount` is the whole credit; `net` what it takes off the price. `origin` is manual, purchase (a
    cancellation) or replacement; then `invoice` names the invoice, and `lines` what was credited of each of its
    lines before a penalty: {line, total, taxes: [{code, amount}]}."""

    organisation: str
    id: str
    client: str
    amount: int
    net: int
    taxes: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)
    origin: str = "manual"
    invoice: str | None = None
    lines: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)
    note: str = ""
    booked_on: date
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A payment or credit of an account with what of it is matched to nothing yet: available credit."""

    organisation: str
    kind: str
    id: str
    left: int
    booked_on: date
    at: datetime
