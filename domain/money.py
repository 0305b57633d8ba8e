"""Money is an integer of minor units; what must be divided or rounded is done here, exactly."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

MAX_AMOUNT_MINOR = 99_999_999_99  # a limit on everything: no club bills a hundred million at once

# fmt: off
MINOR_DIGITS = {"CAD": 2, "USD": 2}  # the currencies that organisations may have
# fmt: on


def half_even(value: Fraction) -> int:
    """Rounds to the nearest minor unit, ties to even (B6): 112.5 -> 112, 127.5 -> 128."""
    return round(value)


def fraction_of(amount_minor: int, percent: str) -> int:
    """`percent` (a decimal string such as "9.975") of an amount, half-even (B6)."""
    return half_even(Fraction(amount_minor) * Fraction(Decimal(percent)) / 100)


def split_evenly(total_minor: int, count: int) -> list[int]:
    """Divides so that the parts sum exactly; the first parts take a cent more each (I2)."""
    base, rest = divmod(total_minor, count)
    return [base + 1 if position < rest else base for position in range(count)]


def fill(amount_minor: int, rooms: Sequence[int]) -> list[int]:
    """Pours an amount into rooms from first to last, each up to its size; what does not fit is dropped."""
    poured = []
    for room in rooms:
        part = min(amount_minor, max(room, 0))
        poured.append(part)
        amount_minor -= part
    return poured


def decimal_text(amount_minor: int, currency: str) -> str:
    """Plain digits for logs and files: 4500 CAD -> "45.00"."""
    digits = MINOR_DIGITS.get(currency, 2)
    return str(Decimal(amount_minor).scaleb(-digits).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN))
