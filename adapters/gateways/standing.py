"""Where what the simulator took on stands: its scripted course, day by day, and its list of a date."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from adapters.gateways.tokens import Answer, Effect, Script

SATURDAY = 5


class Turn(NamedTuple):
    """What is so from a day on: `days` after it was asked, of the bank or of the calendar."""

    days: int
    of_the_bank: bool
    answer: Answer
    code: str = ""
    network_codes: Mapping[str, str] = {}  # by currency


class Verdict(NamedTuple):
    answer: Answer
    on: str = ""
    code: str = ""
    network_code: str = ""


NSF = {"USD": "R01", "CAD": "901"}
NOT_AUTHORISED = {"USD": "R10", "CAD": "917"}
CREDIT_REFUSED = {"USD": "R23", "CAD": "922"}

# fmt: off
COURSES: Mapping[str, tuple[Turn, ...]] = {
    # course               from day  of the bank  it is
    "":                  (Turn(2,    False,       Answer.SETTLED),),  # a card: never on its own day, in any zone
    "settle":            (Turn(3,    True,        Answer.SETTLED),),
    "nsf":               (Turn(2,    True,        Answer.RETURNED, "insufficient_funds", NSF),),
    "unauthorised_late": (Turn(3,    True,        Answer.SETTLED),
                          Turn(45,   False,       Answer.RETURNED, "revoked", NOT_AUTHORISED)),
    "refund_returned":   (Turn(3,    False,       Answer.RETURNED, "closed_account", CREDIT_REFUSED),),
}
# fmt: on


def stand(course: str, asked: date, today: date, currency: str) -> Verdict:
    """The last turn that has come; pending before the first."""
    verdict = Verdict(Answer.PENDING)
    for turn in COURSES[course]:
        on = banking_day(asked, turn.days) if turn.of_the_bank else asked + timedelta(days=turn.days)
        if on <= today:
            verdict = Verdict(turn.answer, on.isoformat(), turn.code, turn.network_codes.get(currency, ""))
    return verdict


def banking_day(after: date, days: int) -> date:
    """The simulator's bank works from Monday to Friday and knows no holidays."""
    day = after
    for _ in range(days):
        day += timedelta(days=1)
        while day.weekday() >= SATURDAY:
            day += timedelta(days=1)
    return day


ABOUT: Mapping[Effect, str] = {Effect.CAPTURED: "charge", Effect.DEBITED: "debit", Effect.REFUNDED: "refund"}


class Line(NamedTuple):
    """What moved, as the processor's own list says."""

    key: str
    reference: str
    about: str
    amount: int
    currency: str
    cancelled: bool


class Moved(Protocol):
    """What the simulator remembers of a key, as far as a list shows it."""

    script: Script
    at: str
    reference: str
    amount: int
    currency: str
    voided: bool


def lines_of(book: Mapping[str, Moved], on: str, start: int, limit: int) -> Iterator[Line]:
    """Up to `limit` lines of a date, from number `start` on."""
    number = 0
    for key, known in book.items():
        if not known.at.startswith(on) or known.script.effect not in ABOUT:
            continue
        number += 1
        if number > start + limit:
            return
        if number > start:
            about = ABOUT[known.script.effect]
            yield Line(key, known.reference, about, known.amount, known.currency, known.voided)
