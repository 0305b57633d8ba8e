"""Double entry in minor units of one currency: postings, their entries, and allocations between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

RECEIVABLE = "receivable"


class PostingKind(StrEnum):
    INVOICE = "invoice"
    CREDIT = "credit"
    PAYMENT = "payment"
    REFUND = "refund"
    PAYMENT_REVERSAL = "payment_reversal"
    REFUND_REVERSAL = "refund_reversal"


REVENUE_KINDS = (PostingKind.INVOICE, PostingKind.CREDIT)

# What a posting does to the client's balance (B1).
# fmt: off
SIGN = {
    PostingKind.INVOICE:          +1,
    PostingKind.CREDIT:           -1,
    PostingKind.PAYMENT:          -1,
    PostingKind.REFUND:           +1,
    PostingKind.PAYMENT_REVERSAL: +1,
    PostingKind.REFUND_REVERSAL:  -1,
}
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A message of the catalogue with its parameters: rendered once, in the client's language (B4)."""

    id: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One leg. A positive amount is a debit. `account` is a ledger account such as `receivable`,
    `revenue:<ledger code>`, `tax:GST`, `clearing:<merchant account>`, `offline:cash`."""

    account: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A transaction of the ledger: never edited, never deleted (B2). `amount` is positive; its sign in the
    balance follows from the kind. `subject` is the id of the invoice, credit, payment or refund."""

    id: str
    organisation: str
    client: str
    kind: PostingKind
    subject: str
    booked_on: date
    amount: int
    currency: str
    description: Words | str
    language: str
    method: str = ""
    reverses: str = ""
    reference: str = ""
    at: datetime
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        if sum(entry.amount for entry in self.entries) != 0:
            raise Unbalanced(f"{self.kind} {self.subject}: entries do not sum to zero")


class Unbalanced(Exception):
    """A bug: a posting whose entries do not sum to zero (B3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """A part of a payment or credit matched to an invoice line (B12)."""

    id: str
    organisation: str
    client: str
    source_kind: str
    source: str
    invoice: str
    line: str
    amount: int
    at: datetime


def receipt_entries(amount: int, *, held_at: str) -> tuple[Entry, ...]:
    """A payment: money arrives at `held_at`, the client owes less."""
    return (Entry(account=held_at, amount=amount), Entry(account=RECEIVABLE, amount=-amount))


def reversed_entries(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return tuple(Entry(account=entry.account, amount=-entry.amount) for entry in entries)
