"""Return rates: how many of an originator's debits come back, and from where on the network looks into it (E5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.bank_return import Family, family

WINDOW = timedelta(days=60)  # what networks look back on
WHOLE = 10_000  # basis points


class Watched(StrEnum):
    UNAUTHORISED = "unauthorised"
    ADMINISTRATIVE = "administrative"
    ALL = "all"  # every debit that came back


# fmt: off
LIMITS: Mapping[Watched, int] = {  # in basis points of the debits of the window
    Watched.UNAUTHORISED:   50,    # 0.5 %: a rule; above it the bank has to act
    Watched.ADMINISTRATIVE: 300,   # 3 %: an inquiry
    Watched.ALL:            1_500,  # 15 %: an inquiry
}
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRate:
    """`returned` of `debits`; `basis_points` is the rate, `limit` what it must not exceed."""

    watched: Watched
    debits: int
    returned: int

    @property
    def limit(self) -> int:
        return LIMITS[self.watched]

    @property
    def basis_points(self) -> int:
        return self.returned * WHOLE // self.debits if self.debits else 0

    @property
    def over(self) -> bool:
        """In whole numbers: one of 150 is over half a percent, one of 200 is not."""
        return self.returned * WHOLE > self.limit * self.debits


def rates(debits: int, returned: Mapping[str, int]) -> tuple[ReturnRate, ...]:
    """The rates of a window: how many debits went out, and how many came back by their network code."""
    of = {Watched.UNAUTHORISED: Family.UNAUTHORISED, Watched.ADMINISTRATIVE: Family.ADMINISTRATIVE}
    return tuple(
        ReturnRate(
            watched=watched, debits=debits,
            returned=sum(
                count for code, count in returned.items() if watched not in of or family(code) is of[watched]
            ),
        )
        for watched in Watched
    )  # fmt: skip
