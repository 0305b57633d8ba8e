"""Pens: what a bank file is made of, whatever its format; each format is a pen that turns entries into bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO, Protocol

from domain.bank_account import BankAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An entry to be written: a debit, or a credit (a refund). `again` is a debit that is presented once more."""

    key: str
    amount: int
    credit: bool = False
    bank: BankAccount = field(repr=False)
    name: str = field(repr=False)
    mandate: Mapping[str, Any] = field(default_factory=dict, repr=False)
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a file is told by: its creation number, its place in its day, the wall clock at which it was written, the
    banking day that it asks for, and the trace of its first entry."""

    number: int
    of_day: int
    written_at: datetime
    effective_on: date
    first_trace: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a bank will call an entry when it sends it back."""

    key: str
    trace: str
    rdfi: str = field(repr=False)


class Pen(Protocol):
    """A format as one merchant account uses it. `consecutive`: a bank takes its files in the order of their numbers
    only, so that one that is held back holds the later ones too."""

    @property
    def currencies(self) -> tuple[str, ...]: ...

    @property
    def consecutive(self) -> bool: ...

    @property
    def most_numbers(self) -> int:
        """After this number they begin again at 1."""

    @property
    def most_of_day(self) -> int:
        """How many files a day may have."""

    @property
    def most_traces(self) -> int: ...

    def refuses(self, wanted: Wanted) -> bool:
        """Whether this entry can't stand in such a file; the others can."""

    def name(self, account: str, head: Head) -> str: ...

    def write(self, out: BinaryIO, wanted: Sequence[Wanted], head: Head) -> list[Written]:
        """The same entries and head make the same bytes."""
