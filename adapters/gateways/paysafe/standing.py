"""What became of a charge, an e-check or a refund at Paysafe, where it stands, and what moved on a date."""

from collections.abc import Iterator
from datetime import date, timedelta

from adapters.gateways.paysafe import judging
from adapters.gateways.paysafe.asking import PAGE, Rail
from adapters.gateways.paysafe.desk import Desk
from adapters.gateways.paysafe.judging import GONE, UNDER_WAY, Thing, Things, agrees, on_of, verdict
from adapters.gateways.paysafe.reasons import reason
from adapters.gateways.paysafe.terms import CLEARING_DAYS
from domain.bank_return import meaning
from domain.outcome import (
    ALREADY_SETTLED,
    About,
    Approved,
    Cancelled,
    Declined,
    Finding,
    Listed,
    LookUp,
    NoAnswer,
    NotFound,
    NotSent,
    Pending,
    Returned,
    Settled,
    Standing,
)
from domain.ports import ListNotAvailable

SATURDAY = 5


def find(question: LookUp, things: Things) -> Finding:
    if isinstance(things, NoAnswer | NotSent):
        return things
    if not things:
        return NotFound()
    if question.about is About.CANCELLATION:
        return _find_cancelled(question, things[0])
    live = [one for one in things if one.status not in GONE] or list(things[-1:])
    if len(live) > 1:
        return NoAnswer(why="conflict")  # two under one key are nobody's to adopt
    if live[0].status == "CANCELLED":  # it was taken on, and called back since
        return _taken(question, live[0])
    if question.about is not About.CHARGE and live[0].status in GONE and judging.taken_back(live[0]):
        return _taken(question, live[0])  # what came back from the bank was taken on first
    return verdict(question, live[0], card=question.about is About.CHARGE)


def _taken(question: LookUp, thing: Thing) -> Approved | NoAnswer:
    if not agrees(question, thing):
        return NoAnswer(why="mismatch")
    return Approved(reference=thing.id, amount_minor=question.amount_minor, currency=question.currency, raw=thing.raw)


def _find_cancelled(question: LookUp, thing: Thing) -> Finding:
    """A cancellation is found on what was cancelled."""
    if thing.id != question.of_reference or thing.amount != question.amount_minor:
        return NoAnswer(why="mismatch")
    if thing.status == "CANCELLED":
        return Approved(
            reference=thing.id, amount_minor=question.amount_minor, currency=question.currency, raw=thing.raw
        )
    return NotFound() if thing.status in ("RECEIVED", "PENDING") else Declined(code=ALREADY_SETTLED)


def settlement_of(desk: Desk, question: LookUp, things: Things) -> str:
    """The id of the settlement that says where a charge stands; empty where the charge says it itself."""
    rail = desk.debits if question.about is About.DEBIT else desk.cards
    if isinstance(things, NoAnswer | NotSent) or not things or rail is None or not rail.settles:
        return ""
    live = [one for one in things if one.status not in GONE]
    return live[0].id if len(live) == 1 and question.about in (About.CHARGE, About.DEBIT) else ""


def stand(question: LookUp, things: Things, settlement: Things, today: date) -> Standing:
    if isinstance(things, NoAnswer | NotSent):
        return things
    if not things:
        return NotFound()
    live = [one for one in things if one.status not in GONE] or list(things[-1:])
    if len(live) > 1:
        return NoAnswer(why="conflict")
    if not agrees(question, live[0]):
        return NoAnswer(why="mismatch")
    if isinstance(settlement, NoAnswer | NotSent):
        return settlement
    thing = settlement[0] if settlement else live[0]
    if thing.amount != question.amount_minor:
        return NoAnswer(why="mismatch")
    unlinked = question.about is About.DEBIT and not settlement
    return _stand(thing, today, clears_on=_cleared_on(thing, today) if unlinked else None)


def _stand(thing: Thing, today: date, *, clears_on: date | None) -> Standing:
    """A completed Direct Debit has only been sent to the bank: it counts as settled once it had time to come back."""
    match thing.status:
        case "CANCELLED":
            return Cancelled()
        case "COMPLETED" if clears_on is not None:
            return Settled(on=clears_on) if clears_on <= today else Pending()
        case "COMPLETED":
            return Settled(on=on_of(thing, today))
        case status if status in UNDER_WAY or status == "HELD":
            return Pending()
        case status if status in GONE:
            code = meaning(thing.code) if judging.taken_back(thing) else reason(thing.code)
            return Returned(code=code, network_code=thing.code[:16], on=on_of(thing, today))
        case _:
            return NoAnswer(why="malformed")


def _cleared_on(thing: Thing, today: date) -> date:
    """Six banking days after it was taken on; holidays make it later and never wrong by more than a day or two,
    while returns are watched for weeks."""
    day = thing.sent_on or on_of(thing, today)
    for _ in range(CLEARING_DAYS):
        day += timedelta(days=1)
        while day.weekday() >= SATURDAY:
            day += timedelta(days=1)
    return day


def page(desk: Desk, rail: Rail, things: str, on: date, number: int) -> list[Thing]:
    """Raises ListNotAvailable."""
    found = desk.ask(
        [number],
        lambda one: desk.asker.page(rail, things, on, one * PAGE),
        lambda _, head, body: judging.read_list(things, head, body),
    )[0]
    if isinstance(found, NoAnswer | NotSent):
        raise ListNotAvailable(found.why)
    return list(found)


def listed(desk: Desk, rail: Rail, things: list[Thing], about: About) -> Iterator[Listed]:
    """What moved; of a charge, its settlement says whether it was cancelled since."""
    moved = [one for one in things if one.status not in ("FAILED", "ERRORED", "EXPIRED") or judging.taken_back(one)]
    settles = rail.settles and about is not About.REFUND
    settlements = desk.named([one.id for one in moved]) if settles else [[one] for one in moved]
    for thing, settlement in zip(moved, settlements, strict=True):
        if isinstance(settlement, NoAnswer | NotSent):
            raise ListNotAvailable(settlement.why)
        yield Listed(
            key=thing.key,
            reference=thing.id,
            about=About.DEBIT if thing.bank and about is About.CHARGE else about,
            amount_minor=thing.amount or 0,
            currency=thing.currency,
            cancelled=any(one.status == "CANCELLED" for one in [thing, *settlement]),
        )
