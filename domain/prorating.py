"""Pro-rated price of a late registration (B14): what is left of a session, never under the minimum fee."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from domain.money import half_even
from domain.refusal import OutOfRange


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    CLASS = "class"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """Taken off for each unit that has passed: an amount in minor units, or a percentage of the price."""

    per: Unit
    amount: int | None = None
    percent: str | None = None


def prorated_price(
    price: int, *, start: date, end: date, on: date, deduction: Deduction, minimum: int = 0, classes_passed: int = 0
) -> int:
    """The price of registering `on` a day of a session that lasts from `start` to `end`, both included.

    A unit counts once it has wholly passed; before the session, nothing has. Raises OutOfRange.
    """
    if end < start or (deduction.amount is None) == (deduction.percent is None):
        raise OutOfRange("deduction")
    passed = min(units_passed(start, min(on, end), deduction.per, classes_passed), MAX_UNITS)
    each = (
        Fraction(deduction.amount)
        if deduction.amount is not None
        else price * Fraction(Decimal(deduction.percent or "0")) / 100
    )
    return max(half_even(price - passed * each), min(minimum, price), 0)


MAX_UNITS = 10_000


def units_passed(start: date, on: date, per: Unit, classes_passed: int) -> int:
    """Whole units between the first day and `on`."""
    if on <= start and per is not Unit.CLASS:
        return 0
    match per:
        case Unit.DAY:
            return (on - start).days
        case Unit.WEEK:
            return (on - start).days // 7
        case Unit.MONTH:
            return (on.year - start.year) * 12 + on.month - start.month - (on.day < start.day)
        case Unit.CLASS:
            return classes_passed
