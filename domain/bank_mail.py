"""What banks lay down for us: a letter is a file of theirs, a record is one thing that it says, kept once."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.bank_return import BankChange, BankReturn, FromBank, Unreadable
from domain.machine import Machine

MOST_UNREADABLE = 100  # of one letter; one record tells of the others: a letter may be no file of returns at all


class RecordKind(StrEnum):
    RETURN = "return"
    CHANGE = "change"  # a notification of change: the account on file is corrected
    UNREADABLE = "unreadable"


class RecordState(StrEnum):
    APPLIED = "applied"
    REPEATED = "repeated"  # the same was said before: nothing is done twice
    PARKED = "parked"  # a person has to look: `why` says it
    DISMISSED = "dismissed"  # a person has looked, and there was nothing to do here


# fmt: off
RECORD: Machine[RecordState] = Machine(
    name="bank_record",
    starts=(RecordState.APPLIED, RecordState.REPEATED, RecordState.PARKED),
    table={
        (RecordState.PARKED, "dismiss"): RecordState.DISMISSED,
    },
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLetter:
    """A file of the bank's, read to its end; the same name, size and time are not read again. `digest` is that of
    its bytes: the same under another name says nothing new."""

    organisation: str
    merchant_account: str
    name: str
    size: int
    modified: int
    digest: str
    records: int
    parked: int
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRecord:
    """`mark` is the same for the same thing said again. `key` is the entry that it is about, where one was found;
    `record` the text of what could not be read, sealed."""

    organisation: str
    merchant_account: str
    mark: str
    kind: RecordKind
    letter: str
    line: int
    code: str
    key: str
    state: RecordState
    why: str = ""
    record: str = field(default="", repr=False)
    at: datetime
    by: str = ""
    note: str = ""


def mark_of(said: FromBank, *more: str) -> str:
    """No account number stands in it, whatever the bank wrote."""
    return hashlib.sha256("\x1f".join((said.mark, *more)).encode()).hexdigest()[:32]


def kind_of(said: FromBank) -> RecordKind:
    match said:
        case BankReturn():
            return RecordKind.RETURN
        case BankChange():
            return RecordKind.CHANGE
        case Unreadable():
            return RecordKind.UNREADABLE


def about_record(organisation: str, mark: str) -> tuple[str, ...]:
    """What the text of a record is sealed for."""
    return (organisation, "bank_record", mark)


def about_part(organisation: str, file: str, part: int) -> tuple[str, ...]:
    """What a part of the bytes of a bank file is sealed for."""
    return (organisation, "bank_file", file, str(part))
