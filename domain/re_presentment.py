"""Re-presentment: what a rail's rules allow after a return, as a dated table; a retry asks it first (E6)."""

from dataclasses import dataclass
from datetime import date, timedelta

from domain.bank_return import Family, family
from domain.refusal import Refusal

NETWORK_OF_CURRENCY = {"USD": "ach", "CAD": "eft"}  # e-checks in dollars of the one are debited in its country


class NeverPresentedAgain(Refusal):
    """It was returned as unauthorised: the rules of the network never allow it to be presented again."""

    code = "never_presented_again"


class PresentmentNotAllowed(Refusal):
    """The network allows a second presentment for want of funds only; this return had another reason."""

    code = "presentment_not_allowed"


class PresentedTooOften(Refusal):
    """It was presented as often as the rules of the network allow."""

    code = "presented_too_often"


class PresentedTooLate(Refusal):
    """The time within which the rules of the network allow it is over."""

    code = "presented_too_late"


class AmountDiffers(Refusal):
    """A re-presentment is of the same amount as the entry that was returned."""

    code = "amount_differs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """From `since` on, entries returned with one of `codes` may be presented `times` more, each within
    `within_days` of the first settlement."""

    network: str
    since: date
    codes: frozenset[str]
    times: int
    within_days: int


# fmt: off
RULES = (
    Rule(network="ach", since=date(1999, 1, 1), codes=frozenset({"R01", "R09"}), times=2, within_days=180),
    Rule(network="eft", since=date(1999, 1, 1), codes=frozenset({"901", "908"}), times=1, within_days=30),
)
# fmt: on


def rule_on(network: str, day: date) -> Rule:
    """The rule of a network in force on a day: the youngest of those that have begun."""
    return max((rule for rule in RULES if rule.network == network and rule.since <= day), key=lambda rule: rule.since)


def must_be_allowed(
    *, network: str, code: str, presented: int, first_on: date, today: date, amount: int, first_amount: int
) -> None:
    """Raises the refusal that names the rule. `presented` counts the presentments so far, the first included;
    `first_on` is the date on which the first settled, or was to settle."""
    rule = rule_on(network, today)
    told = {"code": code, "times": rule.times, "days": rule.within_days}
    if family(code) is Family.UNAUTHORISED:
        raise NeverPresentedAgain("item", **told)
    if code not in rule.codes:
        raise PresentmentNotAllowed("item", **told)
    if presented > rule.times:
        raise PresentedTooOften("item", **told)
    if today > first_on + timedelta(days=rule.within_days):
        raise PresentedTooLate("item", **told)
    if amount != first_amount:
        raise AmountDiffers("item", **told)
