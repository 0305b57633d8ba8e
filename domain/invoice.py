"""An invoice and its lines: what a client owes, with taxes per line (B6) and what is matched to each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.money import half_even

MAX_LINES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRate:
    """`rate` in percent as a decimal string; a compound tax is taken on the price plus the taxes before."""

    code: str
    rate: str
    compound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """A tax as it was computed: its rate stays with it, so that what is credited later follows it."""

    code: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLine:
    """A line as it is asked for: `amount` of the whole line before taxes, negative for a rebate."""

    line: str
    description: str
    amount: int
    quantity: int = 1
    taxes: tuple[TaxRate, ...] = ()
    ledger_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    organisation: str
    id: str
    client: str
    total: int
    booked_on: date
    origin: str = "purchase"
    note: str = ""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """`payable` is amount with taxes, less the rebates of the invoice that fall on it; `allocated` is what
    payments and credits cover of it. Everything but `allocated` is posted and never changes."""

    organisation: str
    invoice: str
    line: str
    position: int
    description: str
    quantity: int
    amount: int
    taxes: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)
    tax: int
    ledger_code: str
    payable: int
    allocated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLine:
    """A line as an allocation sees it: `open` is what it still owes."""

    organisation: str
    invoice: str
    line: str
    open: int


def taxes_on(amount: int, rates: tuple[TaxRate, ...]) -> tuple[Tax, ...]:
    """Each tax of a line, rounded half-even to the cent (B6)."""
    taxes: list[Tax] = []
    for rate in rates:
        base = amount + (sum(tax.amount for tax in taxes) if rate.compound else 0)
        taxes.append(Tax(code=rate.code, amount=half_even(Fraction(base) * Fraction(Decimal(rate.rate)) / 100)))
    return tuple(taxes)


def spread_rebates(totals: list[int]) -> list[int]:
    """What is payable on each line once negative lines are taken off: each from the lines before it,
    nearest first, then from those after it. The sum is kept; an invoice's total is never negative."""
    payable = [max(total, 0) for total in totals]
    for position, total in enumerate(totals):
        rebate = max(-total, 0)
        for target in [*range(position - 1, -1, -1), *range(position + 1, len(totals))]:
            part = min(rebate, payable[target])
            payable[target] -= part
            rebate -= part
    return payable
