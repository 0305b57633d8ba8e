"""Resolving: up the ladder, adopt what is found, send again, or give it to a person (A10)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.action_item import ActionItem, ItemKind, ItemState
from domain.attempt import MAX_SENDS, REAL_LADDER, SIMULATOR_LADDER, Attempt, AttemptState, Ladder
from domain.capabilities import CAPABILITIES, WhenNotFound
from domain.claim import Asked
from domain.concluding import conclude
from domain.decision import Decision
from domain.ledger import Posting
from domain.outcome import Approved, Declined, Finding, NoAnswer, NotFound, NotSent, Outcome
from domain.payment import Payment, PaymentState
from domain.resolving import look_up, reap, settle_finding, take_up
from tests.domain.builders import (
    NOW,
    account,
    around,
    asked,
    attempt_after,
    instalment,
    item,
    made,
    method,
    mint,
    moved,
    one_off,
    told,
)  # fmt: skip

APPROVED = Approved(reference="sim_1", amount_minor=10_000, currency="CAD")
SILENCE = NoAnswer(why="timeout")
FLIGHT = SIMULATOR_LADDER.flight
unknown = asked(state=AttemptState.UNKNOWN)
doubtful = asked(state=AttemptState.IN_DOUBT)

# Each finding, and the state that it leaves an attempt in: unknown on its first rung, and in doubt.
# fmt: off
FINDINGS: dict[type, tuple[Finding, str, str]] = {
    Approved: (APPROVED,                           "approved", "approved"),
    Declined: (Declined(code="do_not_honour"),     "declined", "declined"),
    NotFound: (NotFound(),                         "unknown",  "in_doubt"),
    NoAnswer: (SILENCE,                            "unknown",  "in_doubt"),
    NotSent:  (NotSent(why="refused"),             "unknown",  "in_doubt"),
}
# fmt: on


def decide(one: Asked, finding: Finding, *, now: datetime = NOW, waiting: ActionItem | None = None) -> Decision:
    return settle_finding(one, finding, around(item=waiting), now=now, mint=mint)


@pytest.mark.parametrize("found", FINDINGS, ids=lambda found: found.__name__)
def test_A10_each_finding_ends_an_attempt_or_leaves_it_without_a_verdict(found: type) -> None:
    finding, from_unknown, from_doubt = FINDINGS[found]
    assert moved(decide(unknown, finding), Attempt).after == from_unknown
    assert moved(decide(doubtful, finding, waiting=item(ItemState.OPEN)), Attempt).after == from_doubt


def test_F17_every_finding_of_a_look_up_is_decided_on_in_these_tests() -> None:
    missing = set(get_args(Finding)) - set(FINDINGS)
    assert not missing, (
        f"{missing} may be found now. Is it a verdict? Then adopt it as Approved or Declined is, checking the amount. "
        "Does it prove that nothing was charged? Only NotFound may lead to another send. Else it costs a rung."
    )


@pytest.mark.parametrize("kind", ["instalment", "payment"])
def test_I6_a_charge_that_is_found_is_booked_like_any_approval(kind: str) -> None:
    one = asked(instalment() if kind == "instalment" else one_off(), AttemptState.UNKNOWN)
    event = "instalment.charged" if kind == "instalment" else "payment.approved"
    assert told(decide(one, APPROVED)) == [
        "Attempt unknown -> approved", "Payment unknown -> paid", "allocate l1 10000", "new Allocation",
        "new Posting", f"tell {event}",
    ]  # fmt: skip


def test_A10_an_item_in_doubt_is_resolved_by_a_charge_that_is_found_and_reopened_by_a_decline() -> None:
    waiting = item(ItemState.OPEN, kind=ItemKind.IN_DOUBT)
    assert "ActionItem open -> resolved" in told(decide(doubtful, APPROVED, waiting=waiting))
    step = moved(decide(doubtful, Declined(code="lost_card"), waiting=waiting), ActionItem)
    assert (step.after, step.put["kind"], step.put["reason"]) == (ItemState.OPEN, ItemKind.INSTALMENT, "lost_card")


@pytest.mark.parametrize("one", [unknown, doubtful], ids=["unknown", "in_doubt"])
@pytest.mark.parametrize(
    "wrong",
    [replace(APPROVED, amount_minor=1_000_000), replace(APPROVED, amount_minor=1), replace(APPROVED, currency="USD")],
)
def test_F28_somebody_elses_amount_or_currency_is_never_adopted(one: Asked, wrong: Approved) -> None:
    decision = decide(one, wrong, waiting=item(ItemState.OPEN))
    assert made(decision, Posting) == []
    assert moved(decision, Attempt).after == one.attempt.state
    assert moved(decision, Attempt).put["detail"] == {"why": "mismatch"}


# -- the ladder in time --------------------------------------------------------------------------


def climb(one: Asked, findings: Iterator[Finding]) -> tuple[list[timedelta], Asked]:
    """Asks at each rung until the ladder ends; answers when it asked since the charge, and how it ended."""
    start = NOW
    one = attempt_after(one, conclude(one, SILENCE, around(), now=start, mint=mint))
    asked_at = []
    while (now := one.attempt.next_at) is not None:
        _, one = take_up(one, worker="host-1/2")
        asked_at.append(now - start)
        one = attempt_after(one, decide(one, next(findings), now=now))
    return asked_at, one


def always(finding: Finding) -> Iterator[Finding]:
    while True:
        yield finding


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> str:
    """A processor of real money in the table."""
    row = replace(CAPABILITIES["simulator"], when_not_found=WhenNotFound.PERSON, ladder=REAL_LADDER, real=True)
    monkeypatch.setitem(CAPABILITIES, "real", row)
    return "real"


def test_I6_the_simulators_ladder_is_1_2_5_15_and_30_seconds() -> None:
    times, ended = climb(asked(), always(SILENCE))
    assert [at.total_seconds() for at in times] == [1, 3, 8, 23, 53]
    assert (ended.attempt.state, ended.payment.state) == (AttemptState.IN_DOUBT, PaymentState.IN_DOUBT)


def test_I6_the_real_ladder_asks_soon_then_daily_until_72_hours(real: str) -> None:
    times, ended = climb(asked(account=account(processor=real)), always(SILENCE))
    waits = [times[0], *(later - earlier for earlier, later in zip(times, times[1:], strict=False))]  # noqa: RUF007
    assert waits[:5] == [timedelta(seconds=30), *(timedelta(minutes=minutes) for minutes in (2, 10, 60, 360))]
    assert all(wait <= timedelta(days=1) for wait in waits)
    assert timedelta(hours=71) < times[-1] <= timedelta(hours=72)
    assert ended.attempt.state is AttemptState.IN_DOUBT


@pytest.mark.parametrize("ladder", [REAL_LADDER, SIMULATOR_LADDER])
def test_F30_some_two_rungs_of_a_ladder_are_further_apart_than_the_longest_flight(ladder: Ladder) -> None:
    assert any(wait >= ladder.flight for wait in ladder.waits[1:])


def test_A1_the_end_of_the_ladder_is_an_item_in_doubt_whatever_the_payment_was_for() -> None:
    last = {"rung": len(SIMULATOR_LADDER.waits) - 1}
    for payment in (instalment(), one_off()):
        decision = decide(asked(payment, AttemptState.UNKNOWN, attempt=last), SILENCE)
        assert told(decision) == [
            "Attempt unknown -> in_doubt", "Payment unknown -> in_doubt", "new ActionItem", "tell action_item.opened",
            "tell payment.in_doubt",
        ]  # fmt: skip
        (opened,) = made(decision, ActionItem)
        assert (opened.kind, opened.of, opened.reason) == (ItemKind.IN_DOUBT, payment.kind, "in_doubt")


def test_A2_a_retry_that_ends_in_doubt_opens_its_own_item_with_what_was_asked_this_time() -> None:
    last = {"rung": len(SIMULATOR_LADDER.waits) - 1}
    one = asked(instalment(amount=4_000, payment_method="pm-2"), AttemptState.UNKNOWN, attempt=last)
    step = moved(decide(one, SILENCE, waiting=item()), ActionItem)
    assert (step.before, step.after, step.put["kind"]) == (ItemState.RETRYING, ItemState.OPEN, ItemKind.IN_DOUBT)
    assert (step.put["amount"], step.put["payment_method"]) == (4_000, "pm-2")


def test_A10_asking_again_without_a_verdict_leaves_the_item_open_and_asks_no_more() -> None:
    for finding in (SILENCE, NotFound()):
        decision = decide(doubtful, finding, waiting=item(ItemState.OPEN))
        assert told(decision) == ["Attempt in_doubt -> in_doubt", "tell action_item.still_in_doubt"]
        assert moved(decision, Attempt).put["next_at"] is None


# -- not found -----------------------------------------------------------------------------------


def test_F30_not_found_is_not_believed_the_first_time() -> None:
    step = moved(decide(unknown, NotFound()), Attempt)
    assert (step.put["missed_at"], step.put.get("resend", False)) == (NOW, False)


@pytest.mark.parametrize(("later", "believed"), [(FLIGHT - timedelta(microseconds=1), False), (FLIGHT, True)])
def test_F30_nor_the_second_time_unless_the_longest_flight_lies_between(later: timedelta, believed: bool) -> None:
    missed = replace(unknown, attempt=replace(unknown.attempt, missed_at=NOW - later))
    assert moved(decide(missed, NotFound()), Attempt).put.get("resend", False) is believed


def test_F30_silence_between_two_not_founds_forgets_neither_and_a_resend_forgets_both() -> None:
    missed = replace(unknown, attempt=replace(unknown.attempt, missed_at=NOW - FLIGHT))
    assert moved(decide(missed, SILENCE), Attempt).put["missed_at"] == NOW - FLIGHT
    assert moved(decide(missed, NotFound()), Attempt).put["missed_at"] is None


def surely_missing(one: Asked) -> Asked:
    return replace(one, attempt=replace(one.attempt, missed_at=NOW - timedelta(days=1)))


def test_F14_what_is_surely_not_found_is_sent_again_under_the_same_key() -> None:
    again = attempt_after(unknown, decide(surely_missing(unknown), NotFound()))
    _, taken = take_up(again, worker="host-1/3")
    assert (taken.attempt.key, taken.attempt.sends, taken.attempt.epoch) == (unknown.attempt.key, 2, 2)


def test_F14_but_not_for_a_card_that_was_replaced_meanwhile() -> None:
    other = asked(state=AttemptState.UNKNOWN, method=method(token="tok_other"))
    assert moved(decide(surely_missing(other), NotFound()), Attempt).after == AttemptState.IN_DOUBT
    promised_resend = replace(other, attempt=replace(other.attempt, resend=True))
    _, taken = take_up(promised_resend, worker="host-1/3")
    assert (taken.attempt.sends, taken.attempt.resend) == (1, False)


def test_INV21_after_three_sends_a_person_decides() -> None:
    sent = asked(state=AttemptState.UNKNOWN, attempt={"sends": MAX_SENDS})
    assert moved(decide(surely_missing(sent), NotFound()), Attempt).after == AttemptState.IN_DOUBT


@pytest.mark.parametrize("rule", [WhenNotFound.PERSON, WhenNotFound.NEW_ATTEMPT])
def test_R7_a_processor_that_forgets_its_keys_is_never_sent_one_twice(
    rule: WhenNotFound, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = replace(CAPABILITIES["simulator"], when_not_found=rule)
    monkeypatch.setitem(CAPABILITIES, "forgetful", row)
    one = asked(state=AttemptState.UNKNOWN, account=account(processor="forgetful"))
    assert moved(decide(surely_missing(one), NotFound()), Attempt).after == AttemptState.IN_DOUBT


OUTCOMES: list[Outcome] = [SILENCE, NotSent(why="refused"), replace(APPROVED, amount_minor=1)]
NO_VERDICT: list[Finding] = [SILENCE, NotSent(why="refused"), NotFound(), replace(APPROVED, amount_minor=1)]


@given(st.lists(st.tuples(st.sampled_from(OUTCOMES), st.sampled_from(NO_VERDICT)), min_size=1, max_size=60))
def test_INV21_whatever_a_gateway_says_a_key_is_sent_at_most_three_times_and_the_ladder_ends(
    said: list[tuple[Outcome, Finding]],
) -> None:
    sends = look_ups = 0
    one, resend = asked(), True
    now = NOW
    for outcome, finding in said:
        if resend:
            sends += not isinstance(outcome, NotSent)
            one = attempt_after(one, conclude(one, outcome, around(), now=now, mint=mint))
        else:
            look_ups += 1
            one = attempt_after(one, decide(one, finding, now=now))
        if one.attempt.next_at is None:
            assert one.attempt.state is AttemptState.IN_DOUBT
            break
        assert one.attempt.next_at >= now
        now = one.attempt.next_at
        before = one.attempt.sends
        _, one = take_up(one, worker="host-1/4")
        resend = one.attempt.sends > before
    assert sends <= MAX_SENDS
    assert look_ups <= len(SIMULATOR_LADDER.waits) + MAX_SENDS


# -- leases --------------------------------------------------------------------------------------


def test_F12_taking_up_is_a_new_epoch_so_that_a_late_writer_is_refused() -> None:
    decision, taken = take_up(unknown, worker="host-1/5")
    step = moved(decision, Attempt)
    assert (step.fence, step.put["epoch"], step.put["worker"], step.put["next_at"]) == (1, 2, "host-1/5", None)
    assert taken.attempt.epoch == 2


def test_F03_what_a_dead_worker_held_is_unknown_and_looked_up_at_once() -> None:
    one = asked()
    decision = reap(one.attempt, one.payment, now=NOW)
    assert told(decision) == ["Attempt submitting -> unknown", "Payment submitting -> unknown", "tell attempt.lost"]
    step = moved(decision, Attempt)
    assert (step.put["epoch"], step.put["worker"], step.put["next_at"]) == (2, None, NOW)


@pytest.mark.parametrize("one", [unknown, doubtful], ids=["unknown", "in_doubt"])
def test_F03_a_worker_that_dies_while_it_looks_up_leaves_the_state_as_it_is(one: Asked) -> None:
    decision = reap(one.attempt, one.payment, now=NOW)
    assert told(decision) == [f"Attempt {one.attempt.state} -> {one.attempt.state}"]


def test_F28_a_look_up_carries_what_guards_its_answer() -> None:
    question = look_up(unknown)
    assert (question.key, question.amount_minor, question.currency) == (unknown.attempt.key, 10_000, "CAD")
    assert moved(decide(unknown, APPROVED), Payment).after is PaymentState.PAID
