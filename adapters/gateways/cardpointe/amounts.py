"""Amounts as CardPointe writes them: decimal strings, and integers of cents in old funding reports."""

import re

_DECIMAL = re.compile(r"(-?)([0-9]{1,11})\.([0-9]{2})")
CURRENCIES = ("USD", "CAD")  # both have two decimals; another one would need its own rule


class UnreadableAmount(ValueError):
    """Not an amount without a guess: digits alone may be dollars or cents."""


def write_amount(minor: int) -> str:
    """4500 -> "45.00": never digits alone, which CardPointe would take for cents."""
    return f"{minor // 100}.{minor % 100:02}"


def read_amount(value: object) -> int:
    """Minor units. Raises UnreadableAmount."""
    if type(value) is str and (found := _DECIMAL.fullmatch(value)):
        minor = int(found[2]) * 100 + int(found[3])
        return -minor if found[1] else minor
    raise UnreadableAmount(repr(value)[:40])


def read_report_amount(value: object) -> int:
    """The same in a funding report, where an integer is cents."""
    return value if type(value) is int else read_amount(value)
