"""Records of a fixed width: a layout is a table of fields with their positions, from which both ways are made."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DIGITS = frozenset("0123456789")


class BadFile(Exception):
    """A file that breaks its format: `line` is the line's number, `rule` a word for what is broken."""

    def __init__(self, rule: str, line: int = 0, detail: str = "") -> None:
        super().__init__(f"line {line}: {rule} {detail}".strip())
        self.rule = rule
        self.line = line
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Field:
    """Positions as standards print them: from 1, both included. `kind`: `n` a number, right-justified with zeros;
    `a` text, left-justified with spaces; `=` a constant."""

    name: str
    first: int
    last: int
    kind: str
    constant: str = ""

    @property
    def width(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of record. Positions that no field names are blank."""

    width: int
    fields: tuple[Field, ...]
    template: str = field(init=False)

    def __post_init__(self) -> None:
        parts, at = [], 1
        for one in self.fields:
            if one.first < at or one.last > self.width:
                raise ValueError(f"{one.name} overlaps what is before it, or the end")
            parts.append(" " * (one.first - at))
            parts.append(one.constant if one.kind == "=" else "%(" + one.name + ")" + _conversion(one))
            at = one.last + 1
        parts.append(" " * (self.width - at + 1))
        object.__setattr__(self, "template", "".join(parts))

    def write(self, values: Mapping[str, Any]) -> str:
        """The record; raises BadFile when a value is too wide: nothing is ever cut silently here."""
        record = self.template % values
        if len(record) != self.width:
            wide = [one.name for one in self.fields if one.kind != "=" and len(str(values[one.name])) > one.width]
            raise BadFile("too_wide", detail=", ".join(wide))
        return record

    def read(self, record: str, line: int = 0) -> dict[str, Any]:
        """Strictly: every number of digits, every constant in its place, blank where nothing is."""
        if len(record) != self.width:
            raise BadFile("width", line, str(len(record)))
        found: dict[str, Any] = {}
        at = 0
        for one in self.fields:
            self._blank(record[at : one.first - 1], line)
            at = one.last
            text = record[one.first - 1 : one.last]
            if one.kind == "=" and text != one.constant:
                raise BadFile("constant", line, one.name)
            if one.kind == "n":
                if not DIGITS.issuperset(text):
                    raise BadFile("not_a_number", line, one.name)
                found[one.name] = int(text)
            elif one.kind == "a":
                found[one.name] = text.rstrip()
        self._blank(record[at:], line)
        return found

    @staticmethod
    def _blank(text: str, line: int) -> None:
        if text.strip(" "):
            raise BadFile("not_blank", line)


def _conversion(one: Field) -> str:
    return f"0{one.width}d" if one.kind == "n" else f"-{one.width}s"


def layout(width: int, fields: Sequence[tuple[Any, ...]]) -> Layout:
    return Layout(width, tuple(Field(*one) for one in fields))


def plain(text: str, width: int) -> str:
    """Text as a bank takes it: accents gone (Québec is Quebec), no control characters, ASCII, cut to its width."""
    without_marks = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE").replace("’", "'"))
    printable = "".join(character for character in without_marks if " " <= character <= "~")
    return " ".join(printable.split())[:width]
