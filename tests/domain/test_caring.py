"""Caring: what may be asked now, and what the answers say, as values."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.care import Care, CareState, Door, Limits, limits_of
from domain.caring import LONGEST_WAIT, THRESHOLD, Tally, enter, judge, room, tally, turn_away
from domain.decision import Change, Move
from domain.organisation import MerchantAccount
from domain.outcome import Approved, Declined, NoAnswer, NotFound, NotSent

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
YES = Approved(reference="r", amount_minor=1, currency="CAD")
NO = Declined(code="lost_card")
LOST, UNSENT = NoAnswer(why="timeout"), NotSent(why="refused")


def account(processor: str = "simulator", **settings: object) -> MerchantAccount:
    return MerchantAccount(organisation="o", id="main", processor=processor, kinds=("card",), settings=settings)


def door(state: CareState = CareState.CLOSED, *, limits: Limits | None = None, **more: object) -> Door:
    seen = {name: more.pop(name) for name in ("in_flight", "look_ups_due") if name in more}
    care = Care(organisation="o", id="main", state=state, version=1, **more)  # type: ignore[arg-type]
    wide = Limits(concurrency=None, rate_per_s=None)
    return Door(account=account(), limits=limits or wide, care=care, **seen)  # type: ignore[arg-type]


def one(decision: Any) -> Any:
    (step,) = decision
    return step


def after(door: Door, *answers: object, charges: bool = True, nothing_due: bool = False) -> Any:
    return judge(door, tally(answers, charges=charges), nothing_due=nothing_due, now=NOW)  # type: ignore[arg-type]


def test_settings_decide_and_nonsense_counts_as_not_given():
    assert limits_of(account()) == Limits(concurrency=None, rate_per_s=None)
    assert limits_of(account("paysafe")) == Limits()
    given = limits_of(account(concurrency=7, rate_per_s=3, breaker=False))
    assert given == Limits(concurrency=7, rate_per_s=3, breaker=False)
    for nonsense in ("7", -1, 0, True, None, 1.5):
        assert limits_of(account("paysafe", concurrency=nonsense, rate_per_s=nonsense, breaker="yes")) == Limits()


@pytest.mark.parametrize("miss", [LOST, UNSENT])
def test_twenty_in_a_row_open_it_and_nineteen_do_not(miss):
    (kept,) = after(door(), *[miss] * (THRESHOLD - 1))
    assert isinstance(kept, Change)
    assert kept.put == {"misses": THRESHOLD - 1}
    step, told = after(door(misses=THRESHOLD - 1), miss)
    assert isinstance(step, Move)
    assert (step.after, step.put["since"]) == (CareState.OPEN, NOW)
    assert told.thing.type == "breaker.opened"


@pytest.mark.parametrize("usable", [YES, NO, NotFound()])
def test_approvals_declines_and_answered_look_ups_reset_it(usable):
    (kept,) = after(door(misses=19), LOST, usable, charges=not isinstance(usable, NotFound))
    assert kept.put == {"misses": 0}
    assert after(door(), usable) == ()


def test_what_was_in_flight_when_it_opened_may_say_that_all_is_well():
    opened = door(CareState.OPEN, since=NOW, not_before=NOW + timedelta(seconds=30))
    (kept,) = after(opened, YES)
    assert kept.put == {"not_before": NOW}
    assert after(opened, LOST) == ()


def test_an_incident_goes_on_under_its_first_event_with_longer_waits():
    waits = []
    for rounds in range(12):
        (step,) = after(door(CareState.HALF_OPEN, rounds=rounds, since=NOW), LOST)
        waits.append(step.put["not_before"] - NOW)
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT


def test_look_ups_probe_before_charges_and_charges_after_all_when_look_ups_stay_silent():
    opened = door(CareState.OPEN, not_before=NOW, look_ups_due=True)
    assert (room(opened, charges=True, now=NOW), room(opened, charges=False, now=NOW)) == (0, 3)
    stubborn = door(CareState.OPEN, not_before=NOW, look_ups_due=True, rounds=3)
    assert room(stubborn, charges=True, now=NOW) == 3


def test_each_usable_answer_lets_one_more_through_until_it_is_closed():
    half = door(CareState.HALF_OPEN, proven=6, answered=6, in_flight=2, since=NOW)
    assert room(half, charges=True, now=NOW) == 7
    (kept,) = after(half, YES, YES, NO)
    assert kept.put == {"answered": 9, "proven": 9, "misses": 0}
    (kept,) = after(half, YES, NotFound(), charges=False)
    assert (kept.put["answered"], kept.put["proven"]) == (8, 6)
    step, told = after(half, YES, nothing_due=True)
    assert (step.after, told.thing.type) == (CareState.CLOSED, "breaker.closed")


def test_a_cap_counts_what_is_in_flight_and_a_rate_what_flowed_in():
    capped = Limits(concurrency=20, rate_per_s=None)
    assert room(door(limits=capped, in_flight=15), charges=True, now=NOW) == 5
    assert room(door(limits=capped, in_flight=25), charges=True, now=NOW) == 0
    rated = Limits(concurrency=None, rate_per_s=10)
    empty = door(limits=rated, tokens=0, counted_at=NOW - timedelta(milliseconds=450))
    assert room(empty, charges=True, now=NOW) == 4
    kept = one(enter(empty, 4, now=NOW))
    assert kept.put == {"tokens": 500, "counted_at": NOW}
    kept = one(turn_away(door(limits=rated, tokens=0, counted_at=NOW), now=NOW))
    assert kept.put == {"not_before": NOW + timedelta(milliseconds=250)}


def test_a_breaker_that_is_switched_off_lets_go_of_its_incident():
    off = Limits(concurrency=None, rate_per_s=None, breaker=False)
    step, _ = after(door(CareState.OPEN, since=NOW, limits=off), LOST)
    assert step.after is CareState.CLOSED


def test_what_is_sent_again_after_an_answered_look_up_says_nothing_by_its_silence():
    assert tally([LOST] * 200, charges=True, again=True) == Tally(usable=0, missed=0, charges=True)
    assert tally([YES, *[LOST] * 200], charges=True, again=True) == Tally(usable=1, missed=0, charges=True)
