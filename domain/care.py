"""Care for a processor: how much may be asked of it at once and in a second, and whether it is asked at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from domain.machine import Machine
from domain.organisation import MerchantAccount

MANY = 1_000_000  # more than that is no limit but a slip of the pen


class CareState(StrEnum):
    CLOSED = "closed"  # as of a circuit breaker: the current flows, charges go out
    OPEN = "open"  # the processor does not answer: nothing is asked before `not_before`
    HALF_OPEN = "half_open"  # a few are asked, more with every answer


S = CareState

# fmt: off
CARE: Machine[CareState] = Machine(
    name="care",
    starts=(S.CLOSED,),
    table={
        (S.CLOSED,    "trip"):  S.OPEN,
        (S.OPEN,      "probe"): S.HALF_OPEN,
        (S.HALF_OPEN, "trip"):  S.OPEN,
        (S.OPEN,      "mend"):  S.CLOSED,   # its breaker was switched off
        (S.HALF_OPEN, "mend"):  S.CLOSED,
    },
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`concurrency` counts what is at the processor at one instant, of all hosts together; None is no limit."""

    concurrency: int | None = 20
    rate_per_s: int | None = 10
    breaker: bool = True


# What a merchant account is given where its settings say nothing; processors that are not named get the first line.
CAREFUL = Limits()
# fmt: off
LIMITS: Mapping[str, Limits] = MappingProxyType({
    "cardpointe": CAREFUL,
    "paysafe":    CAREFUL,
    "stripe":     Limits(concurrency=50, rate_per_s=50),
    "nacha":      Limits(concurrency=None, rate_per_s=None),  # a file takes them all
    "cpa005":     Limits(concurrency=None, rate_per_s=None),
    "simulator":  Limits(concurrency=None, rate_per_s=None),
})
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """Of one merchant account, `id`. An incident lasts from `since` until the state is closed again.

    `misses` counts answers in a row without a usable one; `rounds` the probes of this incident in vain; `answered`
    and `proven` the usable answers since it is half open, `proven` those to charges. `tokens` (thousandths) were
    in the bucket at `counted_at`. `version` is 0 until the care is kept.
    """

    organisation: str
    id: str
    state: CareState = CareState.CLOSED
    version: int = 0
    misses: int = 0
    rounds: int = 0
    answered: int = 0
    proven: int = 0
    since: datetime | None = None
    not_before: datetime | None = None
    tokens: int = 0
    counted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A merchant account whose row is locked: whoever holds it decides alone what is asked next (ADR 0005).
    `in_flight` is counted only where it limits something; `look_ups_due`, that something asked
    before waits for its answer, is known only during an incident."""

    account: MerchantAccount
    limits: Limits
    care: Care
    in_flight: int = 0
    look_ups_due: bool = False


def limits_of(account: MerchantAccount) -> Limits:
    """From the settings `concurrency`, `rate_per_s` and `breaker`; what makes no sense counts as not given."""
    usual = LIMITS.get(account.processor, CAREFUL)
    given = account.settings
    concurrency = _positive(given.get("concurrency"))
    rate = _positive(given.get("rate_per_s"))
    breaker = given.get("breaker")
    return Limits(
        concurrency=concurrency if concurrency is not None else usual.concurrency,
        rate_per_s=rate if rate is not None else usual.rate_per_s,
        breaker=breaker if isinstance(breaker, bool) else usual.breaker,
    )


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < MANY else None
