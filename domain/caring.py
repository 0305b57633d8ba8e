"""Caring decides how much may be asked of a processor now, and what its answers say about how it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from domain.capabilities import capability_of
from domain.care import CARE, Care, CareState, Door, Limits
from domain.decision import Change, Decision, New, move
from domain.event import Event
from domain.outcome import Finding, NoAnswer, NotSent, Standing
from domain.refusal import Refusal

THRESHOLD = 20  # answers in a row without a usable one: it is not these cards, it is the processor
PROBES = 3  # asked first when it may be well again: one lost answer does not prolong an incident
LONGEST_WAIT = timedelta(minutes=5)  # between probes: after hours of silence nobody waits longer than that
CHARGE_TURN = 4  # every so many rounds a charge probes although look-ups wait: they may be broken alone
FULL = 500  # charges at once without a cap of its own: a batch
THOUSAND = 1_000
QUARTER = 4  # of a second's tokens is waited for: less is not worth a transaction


class ProcessorNotAnswering(Refusal):
    """The processor does not answer; nothing is asked of it before the incident is over."""

    code = "processor_not_answering"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a batch heard: usable answers, and how many in a row at its end were not. `charges`: not look-ups."""

    usable: int
    missed: int
    charges: bool


def room(door: Door, *, charges: bool, now: datetime) -> int:
    """How many may be asked now, of all that is due; FULL at most."""
    free = FULL
    if door.limits.concurrency is not None:
        free = min(free, door.limits.concurrency - door.in_flight)
    if door.limits.breaker:
        free = min(free, _through_breaker(door, charges=charges, now=now))
    if door.limits.rate_per_s is not None:
        free = min(free, _tokens(door.care, door.limits.rate_per_s, now) // THOUSAND)
    return max(free, 0)


def is_left_in_peace(care: Care, *, now: datetime) -> bool:
    """Whether nothing is asked of the processor now, not even how something stands."""
    return care.state is CareState.OPEN and care.not_before is not None and care.not_before > now


def _through_breaker(door: Door, *, charges: bool, now: datetime) -> int:
    care = door.care
    if care.state is CareState.CLOSED:
        return FULL
    if care.state is CareState.OPEN and care.not_before is not None and care.not_before > now:
        return 0
    if charges and care.answered == 0 and door.look_ups_due and care.rounds % CHARGE_TURN != CHARGE_TURN - 1:
        return 0  # a look-up moves no money, and what is sent again was sent before: they probe first
    heard = care.proven if charges else care.answered
    return PROBES + (heard if care.state is CareState.HALF_OPEN else 0) - door.in_flight


def enter(door: Door, taken: int, *, now: datetime) -> Decision:
    """What is kept when `taken` are about to be asked: a probe has begun, tokens are spent."""
    care = door.care
    put: dict[str, Any] = {}
    if door.limits.rate_per_s is not None:
        put = {"tokens": _tokens(care, door.limits.rate_per_s, now) - taken * THOUSAND, "counted_at": now}
    if door.limits.breaker and care.state is CareState.OPEN:
        return (move(CARE, care, "probe", not_before=None, answered=0, proven=0, misses=0, **put),)
    return _keep(care, **put) if put else ()


def turn_away(door: Door, *, now: datetime) -> Decision:
    """Nothing may be asked for lack of tokens: when there will be enough for it to be worth while."""
    rate, care = door.limits.rate_per_s, door.care
    if rate is None or care.state is CareState.OPEN or _tokens(care, rate, now) >= THOUSAND:
        return ()
    wanted = max(rate * THOUSAND // QUARTER, THOUSAND) - _tokens(care, rate, now)
    not_before = now + timedelta(milliseconds=-(-wanted // rate))
    return _keep(care, not_before=not_before) if care.not_before is None or care.not_before <= now else ()


def tally(answers: Sequence[Finding | Standing], *, charges: bool, again: bool = False) -> Tally:
    """What is sent `again` was looked up a moment ago, each one alone, and that was answered: between any two
    silences on them lies a usable answer, so they never are twenty in a row. What was not sent was not looked up."""
    missed = 0
    for answer in reversed([one for one in answers if not (again and isinstance(one, NoAnswer))]):
        if not isinstance(answer, NoAnswer | NotSent):
            break
        missed += 1
    usable = sum(not isinstance(answer, NoAnswer | NotSent) for answer in answers)
    return Tally(usable=usable, missed=missed, charges=charges)


def says_nothing_new(care: Care, heard: Tally) -> bool:
    """The usual case, which costs nothing: all is well and was."""
    return care.state is CareState.CLOSED and care.misses == 0 and heard.missed == 0


def judge(door: Door, heard: Tally, *, nothing_due: bool, now: datetime) -> Decision:
    """What the answers of a batch say; `nothing_due`: no charge waits for the incident to end."""
    care = door.care
    misses = heard.missed if heard.usable else care.misses + heard.missed
    if not door.limits.breaker:
        return _mend(door, now=now) if care.state is not CareState.CLOSED else ()
    match care.state:
        case CareState.CLOSED if misses >= THRESHOLD:
            return _trip(door, misses, now=now)
        case CareState.CLOSED:
            return _keep(care, misses=misses) if misses != care.misses else ()
        case CareState.OPEN:  # what was in flight when it opened is still coming in
            return _keep(care, not_before=now) if heard.usable else ()
        case CareState.HALF_OPEN if not heard.usable or misses >= THRESHOLD:
            return _trip(door, misses, now=now)
        case _:
            return _recover(door, heard, misses, nothing_due=nothing_due, now=now)


def _recover(door: Door, heard: Tally, misses: int, *, nothing_due: bool, now: datetime) -> Decision:
    care = door.care
    proven = care.proven + (heard.usable if heard.charges else 0)
    if nothing_due or PROBES + proven >= min(door.limits.concurrency or FULL, FULL):
        return _mend(door, now=now)
    return _keep(care, answered=care.answered + heard.usable, proven=proven, misses=misses)


def _trip(door: Door, misses: int, *, now: datetime) -> Decision:
    """Opens; an incident that goes on is told once."""
    care = door.care
    rounds = care.rounds + 1 if care.state is CareState.HALF_OPEN else 0
    next_at = now + _wait(door, rounds)
    step = move(
        CARE, care, "trip", misses=misses, rounds=rounds, answered=0, proven=0, not_before=next_at,
        since=care.since or now,
    )  # fmt: skip
    if care.since is not None:
        return (step,)
    return (step, _told(door, "breaker.opened", now, misses=misses, next_at=next_at.isoformat()))


def _mend(door: Door, *, now: datetime) -> Decision:
    since = door.care.since or now
    step = move(CARE, door.care, "mend", misses=0, rounds=0, answered=0, proven=0, not_before=None, since=None)
    return (step, _told(door, "breaker.closed", now, lasted_s=(now - since) // timedelta(seconds=1)))


def _wait(door: Door, rounds: int) -> timedelta:
    """The waits of the processor's own ladder, then twice as long each time, up to the longest."""
    waits = capability_of(door.account.processor).ladder.waits
    beyond = min(max(rounds - len(waits) + 1, 0), 10)
    usual: timedelta = waits[min(rounds, len(waits) - 1)]
    return min(usual * (1 << beyond), LONGEST_WAIT)


def must_answer(care: Care, limits: Limits, *, now: datetime) -> None:
    """Somebody waits for this charge: refused at once rather than sent hours later (ADR 0010)."""
    if not limits.breaker or care.state is not CareState.OPEN:
        return
    if care.not_before is not None and care.not_before > now and care.since is not None:
        told = {"since": care.since.isoformat(), "next_at": care.not_before.isoformat()}
        raise ProcessorNotAnswering("payment_method", merchant_account=care.id, **told)


def _tokens(care: Care, rate: int, now: datetime) -> int:
    """What is in the bucket now, in thousandths; it holds what flows in during a second."""
    if care.counted_at is None:
        return rate * THOUSAND
    elapsed_ms = max((now - care.counted_at) // timedelta(milliseconds=1), 0)
    return min(rate * THOUSAND, care.tokens + elapsed_ms * rate)


def _keep(care: Care, **put: object) -> Decision:
    if care.version == 0:
        raise LookupError(f"the care of {care.id} is not kept yet")  # a bug: the step keeps it first
    return (Change(thing=Care, key={"organisation": care.organisation, "id": care.id}, put=put),)


def first_kept(care: Care) -> tuple[Care, Decision]:
    """A care is kept from the first time that there is something to keep."""
    if care.version:
        return care, ()
    kept = replace(care, version=1)
    return kept, (New(thing=kept),)


def _told(door: Door, type_: str, now: datetime, **data: object) -> New:
    care = door.care
    return New(
        thing=Event(
            organisation=care.organisation, type=type_, subject=f"merchant_account:{care.id}",
            sequence=care.version + 1, at=now,
            data={"merchant_account": care.id, "processor": door.account.processor, **data},
            before={"state": care.state.value},
        )
    )  # fmt: skip
