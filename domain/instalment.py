"""An instalment plan and its arithmetic: dates that keep their anchor, amounts that sum exactly."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.days import month_step, week_step
from domain.machine import Machine
from domain.money import split_evenly
from domain.refusal import Refusal

MAX_INSTALMENTS = 120


class PlanState(StrEnum):
    ACTIVE = "active"
    STOPPED = "stopped"  # the authorisation was revoked (I5)


# fmt: off
PLAN: Machine[PlanState] = Machine(
    name="plan",
    starts=(PlanState.ACTIVE,),
    table={
        (PlanState.ACTIVE,  "stop"):   PlanState.STOPPED,
        (PlanState.STOPPED, "resume"): PlanState.ACTIVE,
    },
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`lines` are the invoice's lines that the plan covers, in order; `count` is its number of payments."""

    organisation: str
    id: str
    client: str
    invoice: str
    lines: tuple[str, ...]
    payment_method: str | None
    offline: str | None = None
    total: int
    count: int
    state: PlanState = PlanState.ACTIVE
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Initial:
    """The optional first payment: an amount, or a percentage of the total (decimal string)."""

    amount: int | None = None
    percent: str | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Either every week or month from a date, or listed dates with their own amounts if wanted."""

    every: str | None = None
    count: int | None = None
    start: date | None = None
    dates: tuple[date, ...] = ()
    amounts: tuple[int, ...] | None = None


class PlanDoesNotSum(Refusal):
    """The plan's payments do not add up to what is open on its lines (I2, I3)."""

    code = "plan_does_not_sum"


class InvalidSchedule(Refusal):
    """Neither a rhythm nor a list of dates, or more of either than a plan may have."""

    code = "invalid_schedule"


def schedule_dates(schedule: Schedule) -> list[date]:
    """The dates of the scheduled payments; month steps from the original anchor (I1)."""
    if schedule.dates:
        if len(schedule.dates) > MAX_INSTALMENTS:
            raise InvalidSchedule("schedule.dates", maximum=MAX_INSTALMENTS)
        return list(schedule.dates)
    if schedule.start is None or not schedule.count or schedule.every not in ("week", "month"):
        raise InvalidSchedule("schedule", maximum=MAX_INSTALMENTS)
    if not 1 <= schedule.count <= MAX_INSTALMENTS:
        raise InvalidSchedule("schedule.count", maximum=MAX_INSTALMENTS)
    step = month_step if schedule.every == "month" else week_step
    return [step(schedule.start, position) for position in range(schedule.count)]


def schedule_amounts(total: int, schedule: Schedule, count: int) -> list[int]:
    """Amounts that sum exactly to `total`; the first ones take the remainder, a cent each (I2)."""
    if schedule.amounts is None:
        if total < count:
            raise PlanDoesNotSum("total", total=total, planned=count)
        return split_evenly(total, count)
    if len(schedule.amounts) != count or sum(schedule.amounts) != total or min(schedule.amounts) <= 0:
        raise PlanDoesNotSum("schedule.amounts", total=total, planned=sum(schedule.amounts))
    return list(schedule.amounts)
