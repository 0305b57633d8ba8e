"""Reads what a Canadian bank sends back in CPA-005: returned items (I, J) and corrections (E, F), leniently.

No public sample of such a file exists: that J is a returned debit and carries the 900-code as its transaction type
is the custom of the trade. Whatever does not look like it is parked for a person.
"""

from collections.abc import Iterable, Iterator

from adapters.bank_files.cpa005_layout import PREFIX, RETURNED, SEGMENT, SEGMENTS
from domain.bank_return import BankReturn, FromBank, Unreadable

SKIPPED = "AZ"
CODE, AMOUNT, INSTITUTION, REFERENCE = slice(0, 3), slice(3, 13), slice(19, 28), slice(150, 169)


def read_canadian_returns(lines: Iterable[str]) -> Iterator[FromBank]:
    """Every returned item, in the order of the file; several to a record, as banks write them."""
    for number, line in enumerate((line.rstrip("\r\n\x1a") for line in lines), 1):
        kind = line[:1]
        if not line.strip() or kind in SKIPPED:
            continue
        if kind not in RETURNED:
            yield Unreadable(why="unknown_record", line=number, record=line.rstrip())
            continue
        for place in range(SEGMENTS):
            start = PREFIX + place * SEGMENT
            segment = line[start : start + SEGMENT]
            if segment.strip():
                yield _item(segment, number, credit=RETURNED[kind] == "credit")


def _item(segment: str, number: int, *, credit: bool) -> FromBank:
    if len(segment) < REFERENCE.stop and not segment[REFERENCE].strip():
        return Unreadable(why="truncated", line=number, record=segment)
    code, amount = segment[CODE], segment[AMOUNT]
    if not amount.isdigit():
        return Unreadable(why="bad_amount", line=number, record=segment)
    if not (code.isdigit() and code.startswith("9")):
        return Unreadable(why="bad_code", line=number, record=segment)
    key = segment[REFERENCE].strip()
    if not key:
        return Unreadable(why="bad_trace", line=number, record=segment)
    return BankReturn(
        code=code, amount=int(amount), credit=credit, rdfi=segment[INSTITUTION].strip(), key=key, line=number
    )
