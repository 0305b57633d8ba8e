"""The desk: what the database does for the rail of bank files, as a port that the gateway is given."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from adapters.bank_files.pens import Pen
from domain.bank_file import BankEntry, BankFile
from domain.organisation import MerchantAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A file that is to be delivered. `withdrawn`: somebody has decided about one of its entries meanwhile."""

    file: BankFile
    withdrawn: bool
    stale: bool  # for longer than a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An entry with the file that it stands in. `over`: the time within which it comes back has passed, and what
    the bank sent back until then has been read."""

    entry: BankEntry
    file: BankFile
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """Keys that can't stand in a file, each with its reason in our words."""

    refused: Mapping[str, str] = field(default_factory=dict)


class Desk(Protocol):
    def enter(self, account: MerchantAccount, keys: Sequence[str], pen: Pen) -> Entered:
        """Whatever of these keys stands in no file yet is written, a file for each batch: one transaction."""

    def known(self, account: MerchantAccount, keys: Sequence[str]) -> dict[str, Known]: ...

    def waiting(self, account: MerchantAccount) -> list[Waiting]:
        """In the order of their numbers."""

    def content(self, file: BankFile) -> Iterator[bytes]: ...

    def delivered(self, file: BankFile) -> None: ...

    def missed(self, file: BankFile, why: str) -> None: ...
