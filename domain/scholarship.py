"""A scholarship fund: outside money that is awarded to clients, never more than there is (B15)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fund:
    """`balance` is what can still be awarded, in minor units; the database refuses less than zero."""

    organisation: str
    id: str
    opened_with: int
    balance: int
    created_at: datetime
