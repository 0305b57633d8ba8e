"""Reads a NACHA file of ours strictly: every record, order, total and hash is checked, as an operator would."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from adapters.bank_files.fixed import BadFile
from adapters.bank_files.nacha_layout import (
    BATCH_CONTROL,
    BATCH_HEADER,
    BLOCK,
    CODES,
    CREDITS,
    ENTRY,
    FILE_CONTROL,
    FILE_HEADER,
    HASH_DIGITS,
    PADDING,
    PRENOTES,
    SEC_CODES,
    routing_is_valid,
)  # fmt: skip
from adapters.bank_files.nacha_writer import NachaEntry, Totals

ORDER = {"": "1", "1": "5", "5": "6", "6": "68", "8": "59"}  # what may follow which record


@dataclass(slots=True)
class ReadBatch:
    header: dict[str, Any]
    entries: list[NachaEntry] = field(default_factory=list)


@dataclass(slots=True)
class ReadFile:
    header: dict[str, Any]
    batches: list[ReadBatch]
    control: dict[str, Any]


def read_nacha(lines: Iterable[str]) -> ReadFile:
    """Raises BadFile, naming the line and the broken rule."""
    reader = _Reader()
    for number, line in enumerate(_records(lines), 1):
        reader.take(line, number)
    return reader.end()


def _records(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line.rstrip("\r\n")


class _Reader:
    def __init__(self) -> None:
        self.before = ""
        self.lines = 0
        self.records = 0
        self.header: dict[str, Any] = {}
        self.control: dict[str, Any] = {}
        self.batches: list[ReadBatch] = []
        self.file = Totals()
        self.totals = Totals()

    def take(self, line: str, number: int) -> None:
        self.lines = number
        if not line.isascii() or not line.isprintable():
            raise BadFile("characters", number)
        if self.before == "9":
            if line != PADDING:
                raise BadFile("after_the_end", number)
            return
        kind = line[:1]
        if kind not in ORDER.get(self.before, ""):
            raise BadFile("order", number, f"{kind} after {self.before or 'nothing'}")
        self.records = number
        {"1": self._file_header, "5": self._batch_header, "6": self._entry, "8": self._batch_control,
         "9": self._file_control}[kind](line, number)  # fmt: skip
        self.before = kind

    def end(self) -> ReadFile:
        if self.before != "9":
            raise BadFile("no_end", self.lines)
        if self.lines % BLOCK or self.control["blocks"] != self.lines // BLOCK:
            raise BadFile("blocks", self.lines)
        return ReadFile(self.header, self.batches, self.control)

    def _file_header(self, line: str, number: int) -> None:
        self.header = FILE_HEADER.read(line, number)

    def _batch_header(self, line: str, number: int) -> None:
        header = BATCH_HEADER.read(line, number)
        if header["sec"] not in SEC_CODES:
            raise BadFile("sec", number, header["sec"])
        if header["number"] != len(self.batches) + 1:
            raise BadFile("batch_number", number)
        self.batches.append(ReadBatch(header))
        self.totals = Totals()

    def _entry(self, line: str, number: int) -> None:
        entry = ENTRY.read(line, number)
        batch = self.batches[-1]
        routing = f"{entry['rdfi']:08d}{entry['check_digit']}"
        self._check_entry(entry, routing, batch, number)
        batch.entries.append(
            NachaEntry(
                code=entry["code"], routing=routing, account=entry["account"], amount=entry["amount"],
                individual_id=entry["individual_id"], name=entry["name"], payment_type=entry["payment_type"],
                sequence=entry["sequence"],
            )
        )  # fmt: skip
        self.totals.entries += 1
        self.totals.hash += entry["rdfi"]
        if entry["code"] in CREDITS:
            self.totals.credit += entry["amount"]
        else:
            self.totals.debit += entry["amount"]

    def _check_entry(self, entry: dict[str, Any], routing: str, batch: ReadBatch, number: int) -> None:
        if not routing_is_valid(routing):
            raise BadFile("routing", number, routing)
        if entry["code"] not in CODES.values():
            raise BadFile("transaction_code", number, str(entry["code"]))
        if entry["odfi"] != batch.header["odfi"]:
            raise BadFile("trace_of_another", number)
        if batch.entries and entry["sequence"] <= batch.entries[-1].sequence:
            raise BadFile("traces_not_ascending", number)
        if (entry["amount"] == 0) != (entry["code"] in PRENOTES):
            raise BadFile("amount", number)
        if not entry["account"] or not entry["name"] or entry["addenda"]:
            raise BadFile("entry", number)

    def _batch_control(self, line: str, number: int) -> None:
        control, header = BATCH_CONTROL.read(line, number), self.batches[-1].header
        self.totals.hash %= HASH_DIGITS
        for name in ("service_class", "company_id", "odfi", "number"):
            if control[name] != header[name]:
                raise BadFile("control", number, name)
        self._check_totals(control, self.totals, number)
        self.file.add(self.totals)

    def _file_control(self, line: str, number: int) -> None:
        self.control = FILE_CONTROL.read(line, number)
        if self.control["batches"] != len(self.batches):
            raise BadFile("control", number, "batches")
        self._check_totals(self.control, self.file, number)

    @staticmethod
    def _check_totals(control: dict[str, Any], totals: Totals, number: int) -> None:
        for name in ("entries", "hash", "debit", "credit"):
            if control[name] != getattr(totals, name):
                raise BadFile("control", number, name)
