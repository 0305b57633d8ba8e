"""A file for a bank: its entries, each under our key, and the bytes that are kept, so that the same are sent again."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from domain.machine import Machine


class FileState(StrEnum):
    WRITTEN = "written"  # its bytes are kept and never change; the bank may or may not have them
    DELIVERED = "delivered"  # read back where the bank collects it


# fmt: off
BANK_FILE: Machine[FileState] = Machine(
    name="bank_file",
    starts=(FileState.WRITTEN,),
    table={
        (FileState.WRITTEN, "miss"):    FileState.WRITTEN,    # not delivered this time: the same bytes again
        (FileState.WRITTEN, "deliver"): FileState.DELIVERED,
    },
)
# fmt: on

WITHDRAWN = "withdrawn"  # somebody has decided about one of its entries: it is not delivered any more by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFile:
    """`batch` is that of its debits; a file of credits (refunds) has none. `number` is its creation number, `day` and
    `of_day` its date and its place in it, `count` and `total` what it holds, `hash` and `size` those of its bytes."""

    organisation: str
    id: str
    merchant_account: str
    batch: str | None = None
    name: str
    number: int
    day: date
    of_day: int
    effective_on: date
    count: int
    total: int
    currency: str
    hash: str
    size: int
    state: FileState = FileState.WRITTEN
    version: int = 1
    tries: int = 0
    why: str = ""
    written_at: datetime
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEntry:
    """One entry of a file. `key` is the e-check's or the refund's, `trace` and `rdfi` are what a bank repeats when it
    sends it back, with `code`."""

    organisation: str
    key: str
    merchant_account: str
    file: str
    credit: bool
    trace: str
    rdfi: str = field(repr=False)
    amount: int
    code: str = ""
    returned_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankDesk:
    """What a merchant account counts for its bank, for ever: `trace` and `number` are the last that were given,
    `day` and `of_day` how many files that day had. `next_at` is when the bank's files are looked for next,
    `collected_at` when that last worked."""

    organisation: str
    id: str
    trace: int = 0
    number: int = 0
    day: date | None = None
    of_day: int = 0
    next_at: datetime | None = None
    collected_at: datetime | None = None
