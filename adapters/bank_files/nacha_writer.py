"""Writes a NACHA file as a stream, from values that are frozen before: the same values make the same bytes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import BinaryIO

from adapters.bank_files.fixed import BadFile, plain
from adapters.bank_files.nacha_layout import (
    BATCH_CONTROL,
    BATCH_HEADER,
    BLOCK,
    CREDITS,
    CREDITS_ONLY,
    DEBITS_ONLY,
    ENTRY,
    FILE_CONTROL,
    FILE_HEADER,
    HASH_DIGITS,
    MAX_FILE_TOTAL,
    MIXED,
    PADDING,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Originator:
    """Who sends, as agreed with the bank. `odfi` is the bank's routing number less its check digit. Banks differ in
    the ten characters of the immediate origin and in line ends."""

    destination: str
    origin: str
    destination_name: str
    origin_name: str
    company_name: str
    company_id: str
    odfi: int
    line_end: str = "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class NachaEntry:
    """`sequence` is the last seven digits of the trace, from a durable sequence; `individual_id` our key."""

    code: int
    routing: str
    account: str = field(repr=False)
    amount: int
    individual_id: str
    name: str
    payment_type: str = ""
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NachaBatch:
    """Entries with one SEC code, one description and one date; ascending traces."""

    sec: str
    description: str
    effective_on: date
    entries: Iterable[NachaEntry]


@dataclass(slots=True)
class Totals:
    entries: int = 0
    hash: int = 0
    debit: int = 0
    credit: int = 0
    batches: int = 0
    lines: int = 0

    def add(self, other: "Totals") -> None:
        self.entries += other.entries
        self.hash = (self.hash + other.hash) % HASH_DIGITS
        self.debit += other.debit
        self.credit += other.credit

    @property
    def service_class(self) -> int:
        if self.debit and self.credit:
            return MIXED
        return CREDITS_ONLY if self.credit else DEBITS_ONLY


def write_nacha(
    out: BinaryIO, originator: Originator, batches: Iterable[NachaBatch], *, created_at: datetime, modifier: str
) -> Totals:
    """Answers the totals of the file's control record. `created_at` is a wall-clock time of the originator."""
    pen = _Pen(out, originator)
    pen.line(
        FILE_HEADER.write({
            "destination": f" {originator.destination}", "origin": originator.origin.rjust(10),
            "created_on": f"{created_at:%y%m%d}", "created_at": f"{created_at:%H%M}", "modifier": modifier,
            "destination_name": plain(originator.destination_name, 23),
            "origin_name": plain(originator.origin_name, 23), "reference": "",
        })
    )  # fmt: skip
    file = Totals()
    for number, batch in enumerate(batches, 1):
        file.add(pen.batch(batch, number))
        file.batches = number
    if max(file.debit, file.credit) > MAX_FILE_TOTAL:
        raise BadFile("total_too_large")
    blocks = -(-(pen.lines + 1) // BLOCK)
    pen.line(
        FILE_CONTROL.write({
            "batches": file.batches, "blocks": blocks, "entries": file.entries, "hash": file.hash,
            "debit": file.debit, "credit": file.credit,
        })
    )  # fmt: skip
    file.lines = pen.lines
    for _ in range(blocks * BLOCK - pen.lines):
        pen.line(PADDING)
    return file


class _Pen:
    def __init__(self, out: BinaryIO, originator: Originator) -> None:
        self.out = out
        self.originator = originator
        self.lines = 0
        self._end = originator.line_end

    def line(self, record: str) -> None:
        self.out.write((record + self._end).encode("ascii"))
        self.lines += 1

    def batch(self, batch: NachaBatch, number: int) -> Totals:
        """The header tells the service class before the entries are seen: a batch is of debits or of credits."""
        totals, last, service_class = Totals(), 0, 0
        for entry in batch.entries:
            credit = entry.code in CREDITS
            if not totals.entries:
                service_class = CREDITS_ONLY if credit else DEBITS_ONLY
                self.line(self._header(batch, number, service_class))
            if credit != (service_class == CREDITS_ONLY):
                raise BadFile("mixed_batch", detail=entry.individual_id)
            if entry.sequence <= last:
                raise BadFile("traces_not_ascending", detail=str(entry.sequence))
            last = entry.sequence
            self.line(self._entry(entry))
            totals.entries += 1
            totals.hash += int(entry.routing[:8])
            if credit:
                totals.credit += entry.amount
            else:
                totals.debit += entry.amount
        if not totals.entries:
            raise BadFile("empty_batch")
        totals.hash %= HASH_DIGITS
        self.line(self._control(totals, number, service_class))
        return totals

    def _entry(self, entry: NachaEntry) -> str:
        return ENTRY.write({
            "code": entry.code, "rdfi": int(entry.routing[:8]), "check_digit": int(entry.routing[8]),
            "account": entry.account, "amount": entry.amount, "individual_id": entry.individual_id,
            "name": plain(entry.name, 22), "payment_type": entry.payment_type, "addenda": 0,
            "odfi": self.originator.odfi, "sequence": entry.sequence,
        })  # fmt: skip

    def _header(self, batch: NachaBatch, number: int, service_class: int) -> str:
        return BATCH_HEADER.write({
            "service_class": service_class, "company_name": plain(self.originator.company_name, 16),
            "discretionary": "", "company_id": self.originator.company_id, "sec": batch.sec,
            "description": plain(batch.description, 10), "descriptive_date": "",
            "effective_on": f"{batch.effective_on:%y%m%d}", "settlement": "", "originator_status": "1",
            "odfi": self.originator.odfi, "number": number,
        })  # fmt: skip

    def _control(self, totals: Totals, number: int, service_class: int) -> str:
        return BATCH_CONTROL.write({
            "service_class": service_class, "entries": totals.entries, "hash": totals.hash, "debit": totals.debit,
            "credit": totals.credit, "company_id": self.originator.company_id, "odfi": self.originator.odfi,
            "number": number,
        })  # fmt: skip
