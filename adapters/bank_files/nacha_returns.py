"""Reads what an American bank sends back: returns and notifications of change, lenient in structure.

Real files come without headers, without controls, with wrong counts, cut, with private codes, with spaces lost at
line ends. Whatever can be understood is; whatever can't is parked with its reason, and stops nothing.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from adapters.bank_files.fixed import BadFile, layout
from adapters.bank_files.nacha_layout import WIDTH
from domain.bank_return import DISPUTES, BankChange, BankReturn, FromBank, Unreadable

# fmt: off
RETURN = layout(WIDTH, [
    ("type",            1,  1, "=", "7"),
    ("addenda_type",    2,  3, "=", "99"),
    ("code",            4,  6, "a"),
    ("trace",           7, 21, "a"),
    ("died_on",        22, 27, "a"),
    ("rdfi",           28, 35, "a"),
    ("info",           36, 79, "a"),
    ("own_trace",      80, 94, "a"),
])
CHANGE = layout(WIDTH, [
    ("type",            1,  1, "=", "7"),
    ("addenda_type",    2,  3, "=", "98"),
    ("code",            4,  6, "a"),
    ("trace",           7, 21, "a"),
    ("rdfi",           28, 35, "a"),
    ("corrected",      36, 64, "a"),
    ("own_trace",      80, 94, "a"),
])
# Where corrected data sits, counted from 1 within positions 36-64 of the addenda.
CORRECTIONS: dict[str, tuple[tuple[str, int, int], ...]] = {
    "C01": (("account", 1, 17),),
    "C02": (("routing", 1, 9),),
    "C03": (("routing", 1, 9), ("account", 13, 29)),
    "C04": (("name", 1, 22),),
    "C05": (("code", 1, 2),),
    "C06": (("account", 1, 17), ("code", 21, 22)),
    "C07": (("routing", 1, 9), ("account", 10, 26), ("code", 27, 28)),
}
TYPES = {"2": "checking", "3": "savings"}  # by the first digit of a transaction code
RETURNED_CREDITS = (21, 31, 41, 51)
SKIPPED = "1589"  # headers, controls and padding: what they say is not believed and not needed
# fmt: on


def read_returns(lines: Iterable[str]) -> Iterator[FromBank]:
    """Every return, change and unreadable record, in the order of the file."""
    entry: dict[str, Any] | None = None
    entered = 0
    number = 0
    for number, line in enumerate(_records(lines), 1):
        kind = line[:1]
        if entry is not None and kind != "7":
            yield Unreadable(why="truncated", line=entered)
            entry = None
        if kind == "6":
            entry, entered = _entry(line), number
            if entry is None:
                yield Unreadable(why="bad_amount", line=number, record=line)
        elif kind == "7":
            yield _addenda(line, entry, number)
            entry = None
        elif line.strip() and kind not in SKIPPED:
            yield Unreadable(why="unknown_record", line=number, record=line)
    if entry is not None:
        yield Unreadable(why="truncated", line=number)


def _records(lines: Iterable[str]) -> Iterator[str]:
    """Records of 94, whether or not the bank ends its lines and keeps the spaces there."""
    for line in lines:
        bare = line.rstrip("\r\n\x1a")
        if len(bare) <= WIDTH:
            yield bare.ljust(WIDTH)
            continue
        for start in range(0, len(bare), WIDTH):
            yield bare[start : start + WIDTH].ljust(WIDTH)


def _entry(line: str) -> dict[str, Any] | None:
    code, amount = line[1:3], line[29:39]
    if not (code.isdigit() and amount.isdigit()):
        return None
    return {"code": int(code), "amount": int(amount), "individual_id": line[39:54].strip()}


def _addenda(line: str, entry: dict[str, Any] | None, number: int) -> FromBank:
    if line[1:3] not in ("98", "99"):
        return Unreadable(why="unknown_record", line=number, record=line)
    try:
        found = (RETURN if line[1:3] == "99" else CHANGE).read(_printable(line), number)
    except BadFile:
        return Unreadable(why="unknown_record", line=number, record=line)
    if found["code"] in DISPUTES:
        return Unreadable(why="dispute", line=number, record=line)
    if not (len(found["trace"]) == 15 and found["trace"].isdigit()):
        return Unreadable(why="bad_trace", line=number, record=line)
    if line[1:3] == "98":
        return _change(found, number, line)
    if not (found["code"][:1] == "R" and found["code"][1:].isdigit()):
        return Unreadable(why="bad_code", line=number, record=line)
    if entry is None:
        return Unreadable(why="truncated", line=number, record=line)
    return BankReturn(
        code=found["code"], amount=entry["amount"], credit=entry["code"] in RETURNED_CREDITS, trace=found["trace"],
        rdfi=found["rdfi"], key=entry["individual_id"], line=number,
    )  # fmt: skip


def _change(found: dict[str, Any], number: int, line: str) -> FromBank:
    data = found["corrected"].ljust(29)
    corrected = {}
    for name, first, last in CORRECTIONS.get(found["code"], ()):
        text = data[first - 1 : last].strip()
        if name == "code":
            name, text = "type", TYPES.get(text[:1], "")
        if text:
            corrected[name] = text
    if not corrected:
        return Unreadable(why="no_correction", line=number, record=line)
    return BankChange(
        code=found["code"], trace=found["trace"], rdfi=found["rdfi"], corrected=corrected, line=number
    )  # fmt: skip


def _printable(line: str) -> str:
    """The reserved positions of an addenda 98 hold whatever a bank likes."""
    return line if line[1:3] == "99" else line[:21] + " " * 6 + line[27:64] + " " * 15 + line[79:]
