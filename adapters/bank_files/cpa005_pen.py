"""CPA-005 as a merchant account writes it: one payment to a record, numbers that follow each other strictly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from adapters.bank_files.cpa005_layout import MAX_CREATION_NUMBER, MAX_ENTRY, institution
from adapters.bank_files.cpa005_writer import CanadianEntry, CanadianOriginator, write_cpa005
from adapters.bank_files.fixed import plain
from adapters.bank_files.pens import Head, Wanted, Written

KEY_WIDTH = 19
NAME_WIDTH = 30
ACCOUNT_WIDTH = 12
NO_LIMIT = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CanadianPen:
    """See `Pen`."""

    originator: CanadianOriginator
    currencies: tuple[str, ...] = ("CAD",)
    consecutive: bool = True
    most_numbers: int = MAX_CREATION_NUMBER
    most_of_day: int = NO_LIMIT
    most_traces: int = NO_LIMIT

    def refuses(self, wanted: Wanted) -> bool:
        bank = wanted.bank
        fits = (
            len(bank.institution) == 3 and len(bank.transit) == 5 and (bank.institution + bank.transit).isdigit()
            and bank.account.isdigit() and len(bank.account) <= ACCOUNT_WIDTH
            and 0 < wanted.amount <= MAX_ENTRY and len(wanted.key) <= KEY_WIDTH
        )  # fmt: skip
        return not fits

    def name(self, account: str, head: Head) -> str:
        return f"{account}-{head.written_at:%Y%m%d}-{head.number:04d}.cpa005"

    def write(self, out: BinaryIO, wanted: Sequence[Wanted], head: Head) -> list[Written]:
        entries = [
            CanadianEntry(
                credit=one.credit, institution=institution(one.bank.institution, one.bank.transit),
                account=one.bank.account, amount=one.amount, due_on=head.effective_on,
                name=plain(one.name, NAME_WIDTH) or one.key, cross_reference=one.key,
            )
            for one in wanted
        ]  # fmt: skip
        write_cpa005(out, self.originator, entries, created_on=head.written_at.date(), number=head.number)
        return [
            Written(key=one.key, trace=f"{head.number:04d}/{place}", rdfi=f"{entry.institution:09d}")
            for place, (one, entry) in enumerate(zip(wanted, entries, strict=True), 1)
        ]
