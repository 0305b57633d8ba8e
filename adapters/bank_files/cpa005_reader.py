"""Reads CPA-005: a file of ours strictly, as a bank would; a bank's file of returns leniently."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from adapters.bank_files.cpa005_layout import (
    CREDIT,
    DEBIT,
    HEADER,
    MAX_CREATION_NUMBER,
    PAYMENT,
    PREFIX,
    SEGMENT,
    START,
    TRAILER,
    WIDTH,
)  # fmt: skip
from adapters.bank_files.cpa005_writer import CanadianEntry, CanadianTotals
from adapters.bank_files.fixed import BadFile

PLAIN = frozenset(" 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'&-.,/#()!+:;=@*%$?\"_<>[]{}|~^`\\")
LOWER = frozenset("abcdefghijklmnopqrstuvwxyz")  # in our key only


@dataclass(slots=True)
class CanadianFile:
    header: dict[str, Any]
    entries: list[CanadianEntry]
    trailer: dict[str, Any]


def read_cpa005(lines: Iterable[str]) -> CanadianFile:
    """Raises BadFile, naming the line and the broken rule."""
    header: dict[str, Any] = {}
    trailer: dict[str, Any] = {}
    entries: list[CanadianEntry] = []
    totals = CanadianTotals()
    for number, line in enumerate((line.rstrip("\r\n") for line in lines), 1):
        _check_record(line, number, ended=bool(trailer))
        kind = line[0]
        if number == 1:
            header = HEADER.read(line, number)
            _check_header(header)
        elif kind in (DEBIT, CREDIT):
            entries.append(_payment(line, number, header))
            _count(totals, entries[-1])
        else:
            trailer = TRAILER.read(line, number)
            _check_trailer(trailer, header, totals, number)
    if not trailer:
        raise BadFile("no_end")
    return CanadianFile(header, entries, trailer)


def _check_record(line: str, number: int, *, ended: bool) -> None:
    if ended:
        raise BadFile("after_the_end", number)
    if len(line) != WIDTH:
        raise BadFile("width", number, str(len(line)))
    if not (PLAIN | LOWER).issuperset(line):
        raise BadFile("characters", number)
    if line[0] not in ("A" if number == 1 else "DCZ"):
        raise BadFile("order", number, line[0])
    if line[1:10] != f"{number:09d}":
        raise BadFile("count", number, line[1:10])


def _check_header(header: dict[str, Any]) -> None:
    if not 1 <= header["creation_number"] <= MAX_CREATION_NUMBER:
        raise BadFile("creation_number", 1)
    if header["currency"] not in ("CAD", "USD", ""):
        raise BadFile("currency", 1)
    day_of(header["created_on"], 1)


def _payment(line: str, number: int, header: dict[str, Any]) -> CanadianEntry:
    start = START.read(line[:PREFIX], number)
    if any(start[name] != header[name] for name in ("originator", "creation_number")):
        raise BadFile("another_file", number)
    if line[PREFIX + SEGMENT :].strip(" "):
        raise BadFile("one_payment_to_a_record", number)
    found = PAYMENT.read(line[PREFIX : PREFIX + SEGMENT], number)
    text = "".join(str(found[name]) for name in ("short_name", "name", "long_name", "sundry"))
    if LOWER.intersection(text):
        raise BadFile("not_upper_case", number)
    if not found["amount"] or not found["account"].isdigit() or not found["name"] or not found["cross_reference"]:
        raise BadFile("entry", number)
    if found["institution"] >= 10**8:
        raise BadFile("institution", number)
    return CanadianEntry(
        credit=start["type"] == CREDIT, institution=found["institution"], account=found["account"],
        amount=found["amount"], due_on=day_of(found["due_on"], number), name=found["name"],
        cross_reference=found["cross_reference"],
    )  # fmt: skip


def _count(totals: CanadianTotals, entry: CanadianEntry) -> None:
    if entry.credit:
        totals.credit, totals.credits = totals.credit + entry.amount, totals.credits + 1
    else:
        totals.debit, totals.debits = totals.debit + entry.amount, totals.debits + 1


def _check_trailer(
    trailer: dict[str, Any], header: dict[str, Any], totals: CanadianTotals, number: int
) -> None:  # fmt: skip
    for name in ("originator", "creation_number"):
        if trailer[name] != header[name]:
            raise BadFile("another_file", number)
    for name in ("debit", "debits", "credit", "credits"):
        if trailer[name] != getattr(totals, name):
            raise BadFile("control", number, name)


def day_of(text: str, line: int) -> date:
    """0YYDDD as a date."""
    try:
        if len(text) != 6 or text[0] != "0":
            raise ValueError(text)
        return datetime.strptime(text[1:], "%y%j").date()  # noqa: DTZ007 - a date of the bank's, without a zone
    except ValueError:
        raise BadFile("date", line, text) from None
