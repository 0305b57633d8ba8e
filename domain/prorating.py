"""Pro-rated price of a late registration (B14): what is left of a session, never under the minimum fee."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction

from domain.days import month_step
from domain.money import half_even
from domain.refusal import OutOfRange

MAX_UNITS = 10_000


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

    A unit counts once it has wholly passed: nothing has before the session, all of it has after. The minimum fee
    never raises the price, and a deduction never lowers it below nothing. Rounded once, half-even. Raises OutOfRange.
    """
    if end < start:
        raise OutOfRange("end")
    for field, value in (("price", price), ("minimum", minimum), ("classes_passed", classes_passed)):
        if value < 0:
            raise OutOfRange(field, minimum=0)
    until = on if on <= end else end + timedelta(days=1)
    passed = min(units_passed(start, until, deduction.per, classes_passed), MAX_UNITS)
    return max(half_even(price - passed * _each(price, deduction)), min(minimum, price), 0)


def units_passed(start: date, on: date, per: Unit, classes_passed: int) -> int:
    """Whole units between the first day and `on`; months keep their anchor: from 31 Jan, one has passed on 28 Feb.
    Classes are counted by who asks, who knows when they were."""
    if on < start:
        return 0
    match per:
        case Unit.DAY:
            return (on - start).days
        case Unit.WEEK:
            return (on - start).days // 7
        case Unit.MONTH:
            months = (on.year - start.year) * 12 + on.month - start.month
            return months if month_step(start, months) <= on else months - 1
        case Unit.CLASS:
            return classes_passed


def _each(price: int, deduction: Deduction) -> Fraction:
    """What each unit takes off, exactly."""
    if (deduction.amount is None) == (deduction.percent is None):
        raise OutOfRange("deduction")
    if deduction.amount is not None:
        if deduction.amount < 0:
            raise OutOfRange("amount", minimum=0)
        return Fraction(deduction.amount)
    try:
        percent = Decimal(deduction.percent or "")
    except InvalidOperation:
        raise OutOfRange("percent", value=deduction.percent) from None
    if not (percent.is_finite() and 0 <= percent <= 100):
        raise OutOfRange("percent", maximum=100)
    return price * Fraction(percent) / 100
