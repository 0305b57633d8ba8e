"""Writes a CPA-005 file as a stream: one payment to a record, so that nobody can count records for payments."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

from adapters.bank_files.cpa005_layout import (
    CREDIT,
    DEBIT,
    FEES_AND_DUES,
    HEADER,
    MAX_CREATION_NUMBER,
    PAYMENT,
    START,
    TRAILER,
    WIDTH,
)  # fmt: skip
from adapters.bank_files.fixed import BadFile, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class CanadianOriginator:
    """Who sends, as agreed with the bank. Returns come back to `return_to` (nine digits) and `return_account`."""

    originator: str
    data_centre: int
    currency: str
    short_name: str
    long_name: str
    return_to: int
    return_account: str
    transaction_type: int = FEES_AND_DUES
    line_end: str = "\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class CanadianEntry:
    """A debit, or a credit (a refund). `cross_reference` is our key."""

    credit: bool = False
    institution: int
    account: str = field(repr=False)
    amount: int
    due_on: date
    name: str
    cross_reference: str


@dataclass(slots=True)
class CanadianTotals:
    debit: int = 0
    debits: int = 0
    credit: int = 0
    credits: int = 0
    records: int = 0


def write_cpa005(
    out: BinaryIO, originator: CanadianOriginator, entries: Iterable[CanadianEntry], *, created_on: date, number: int
) -> CanadianTotals:
    """`number` is the file creation number: strictly consecutive per originator."""
    if not 1 <= number <= MAX_CREATION_NUMBER:
        raise BadFile("creation_number", detail=str(number))
    same = {"originator": originator.originator, "creation_number": number}
    constant = {
        "short_name": _upper(originator.short_name, 15), "long_name": _upper(originator.long_name, 30),
        "originator": originator.originator, "return_to": originator.return_to, "item_trace": 0, "stored_type": 0,
        "return_account": originator.return_account, "sundry": "", "settlement": "", "invalid": 0,
        "transaction_type": originator.transaction_type,
    }  # fmt: skip
    totals = CanadianTotals(records=1)

    def line(record: str) -> None:
        out.write((record + originator.line_end).encode("ascii"))

    line(
        HEADER.write(
            same
            | {
                "count": 1,
                "created_on": julian(created_on),
                "data_centre": originator.data_centre,
                "currency": originator.currency,
            }
        )
    )
    for entry in entries:
        totals.records += 1
        start = START.write(same | {"type": CREDIT if entry.credit else DEBIT, "count": totals.records})
        segment = PAYMENT.write(
            constant
            | {
                "amount": entry.amount, "due_on": julian(entry.due_on), "institution": entry.institution,
                "account": entry.account, "name": _upper(entry.name, 30), "cross_reference": entry.cross_reference,
            }
        )  # fmt: skip
        line((start + segment).ljust(WIDTH))
        if entry.credit:
            totals.credit, totals.credits = totals.credit + entry.amount, totals.credits + 1
        else:
            totals.debit, totals.debits = totals.debit + entry.amount, totals.debits + 1
    totals.records += 1
    none = dict.fromkeys(("corrected_debit", "corrected_debits", "corrected_credit", "corrected_credits"), 0)
    counted = {name: getattr(totals, name) for name in ("debit", "debits", "credit", "credits")}
    line(TRAILER.write(same | none | counted | {"count": totals.records}))
    return totals


def julian(day: date) -> str:
    """0YYDDD."""
    return f"0{day:%y%j}"


def _upper(text: str, width: int) -> str:
    return plain(text, width).upper()
