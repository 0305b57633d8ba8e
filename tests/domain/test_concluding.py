"""Concluding: everything that is written once a gateway has spoken, or has not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from domain.action_item import ActionItem, ItemKind, ItemState
from domain.allocating import shrink
from domain.attempt import SIMULATOR_LADDER, Attempt, AttemptState
from domain.claim import Asked
from domain.command import Command
from domain.concluding import UNSENT_WAIT, conclude, touches_plan
from domain.decision import Decision
from domain.declines import KILLS_METHOD, REASONS, STOPS_PLAN, ReasonClass, class_of, known
from domain.instalment import Plan, PlanState
from domain.ledger import Allocation, Posting, Words
from domain.outcome import Approved, Declined, NoAnswer, NotSent, Outcome
from domain.payment import Payment, PaymentState
from domain.payment_method import MethodState, PaymentMethod
from tests.domain.builders import (
    NOW,
    account,
    around,
    asked,
    changed,
    events,
    instalment,
    item,
    line,
    made,
    method,
    mint,
    moved,
    one_off,
    plan,
    told,
)  # fmt: skip

APPROVED = Approved(reference="sim_1", amount_minor=10_000, currency="CAD")

# One answer of each kind, and what it does to the payment and its attempt.
# fmt: off
ANSWERS: dict[type, tuple[Outcome, str, str]] = {
    Approved: (APPROVED,                                                  "paid",    "approved"),
    Declined: (Declined(code="insufficient_funds", network_code="51"),    "failed",  "declined"),
    NoAnswer: (NoAnswer(why="timeout"),                                   "unknown", "unknown"),
    NotSent:  (NotSent(why="refused"),                                    "unknown", "unknown"),
}
# What else is written, by answer and kind of payment, without and with an item under retry.
BESIDE: dict[tuple[type, str], tuple[list[str], list[str]]] = {
    (Approved, "instalment"): (["allocate l1 10000", "new Allocation", "new Posting", "tell instalment.charged"],
                               ["ActionItem retrying -> resolved", "tell action_item.resolved"]),
    (Approved, "payment"):    (["allocate l1 10000", "new Allocation", "new Posting", "tell payment.approved"],
                               ["ActionItem retrying -> resolved", "tell action_item.resolved"]),
    (Declined, "instalment"): (["tell instalment.failed"],
                               ["ActionItem retrying -> open", "tell action_item.opened"]),
    (Declined, "payment"):    (["tell payment.declined"],
                               ["ActionItem retrying -> open", "tell action_item.opened"]),
    (NoAnswer, "instalment"): (["tell attempt.lost"], []),
    (NoAnswer, "payment"):    (["tell attempt.lost"], []),
    (NotSent,  "instalment"): (["tell attempt.lost"], []),
    (NotSent,  "payment"):    (["tell attempt.lost"], []),
}
# What each class of reasons does beyond failing the payment: kill the method, stop the plan.
LESSONS: dict[ReasonClass, tuple[bool, bool]] = {
    ReasonClass.NEVER:           (True,  False),
    ReasonClass.STOP_PLAN:       (True, True),
    ReasonClass.FIX_DATA:        (False, False),
    ReasonClass.CUSTOMER_ACTION: (False, False),
    ReasonClass.LATER:           (False, False),
    ReasonClass.TECHNICAL:       (False, False),
    ReasonClass.UNKNOWN:         (False, False),
    ReasonClass.DUPLICATE:       (False, False),
    ReasonClass.CONFIG:          (False, False),
    ReasonClass.BANK_RETURN_SOFT: (False, False),
    ReasonClass.BANK_RETURN_HARD: (False, False),
}
# fmt: on


def decide(one: Asked, outcome: Outcome, **more: Any) -> Decision:
    return conclude(one, outcome, around(**more), now=NOW, mint=mint)


@pytest.mark.parametrize("retried", [False, True], ids=["first", "retried"])
@pytest.mark.parametrize("kind", ["instalment", "payment"])
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.__name__)
def test_I6_a_decision_is_everything_that_is_written(answer: type, kind: str, retried: bool) -> None:
    outcome, payment_ends, attempt_ends = ANSWERS[answer]
    waiting = item() if retried else None
    one = asked(instalment() if kind == "instalment" else one_off(), item=waiting)
    expected = [f"Payment submitting -> {payment_ends}", f"Attempt submitting -> {attempt_ends}"]
    expected += BESIDE[answer, kind][0] + (BESIDE[answer, kind][1] if retried else [])
    if (answer, kind, retried) == (Declined, "instalment", False):
        expected += ["new ActionItem", "tell action_item.opened"]
    assert told(decide(one, outcome, item=waiting)) == sorted(expected)


def test_F17_every_answer_that_a_gateway_may_give_is_decided_on_in_these_tests() -> None:
    missing = set(get_args(Outcome)) - set(ANSWERS)
    assert not missing, (
        f"{missing} may be answered now. Money moved for sure: see Approved. It surely did not: see Declined. "
        "Anything else is unknown: see NoAnswer. Then add it to ANSWERS and BESIDE."
    )


def test_F17_every_class_of_reasons_is_decided_on_in_these_tests() -> None:
    missing = set(ReasonClass) - set(LESSONS)
    assert not missing, (
        f"{missing} is new. Will this method ever work again? If not, add it to KILLS_METHOD in domain/declines.py. "
        "Was the authorisation of the whole plan revoked? Then to STOPS_PLAN. Then say so in LESSONS here."
    )
    assert {kind for kind, (kills, _) in LESSONS.items() if kills} == set(KILLS_METHOD)
    assert {kind for kind, (_, stops) in LESSONS.items() if stops} == set(STOPS_PLAN)


# -- approved ------------------------------------------------------------------------------------


def test_B3_money_that_arrived_is_posted_in_double_entry_and_allocated_to_its_lines() -> None:
    lines = (line(4_000, "l1"), line(20_000, "l2"))
    decision = decide(asked(), APPROVED, lines=lines)
    (posting,) = made(decision, Posting)
    assert [(entry.account, entry.amount) for entry in posting.entries] == [
        ("clearing:main", 10_000), ("receivable", -10_000),
    ]  # fmt: skip
    assert (posting.subject, posting.amount, posting.reference, posting.booked_on) == (
        "pay-1", 10_000, "sim_1", NOW.date(),
    )  # fmt: skip
    assert [(one.line, one.amount) for one in made(decision, Allocation)] == [("l1", 4_000), ("l2", 6_000)]


def test_B4_the_words_of_a_posting_are_asked_for_in_the_clients_language() -> None:
    (posting,) = made(decide(asked(language="fr"), APPROVED), Posting)
    assert posting.language == "fr"
    assert posting.description == Words(id="posting.instalment", params={"number": 1, "count": 3, "last4": "4242"})
    (alone,) = made(decide(asked(one_off()), APPROVED), Posting)
    assert alone.description == Words(id="posting.card_payment", params={"last4": "4242"})


def test_B7_what_a_one_off_payment_pays_too_much_stays_a_credit() -> None:
    decision = decide(asked(one_off()), APPROVED, lines=(line(3_000),))
    assert [one.amount for one in made(decision, Allocation)] == [3_000]
    assert made(decision, Posting)[0].amount == 10_000


def test_I8_planned_payments_shrink_the_last_first_and_what_is_under_way_counts() -> None:
    planned = [
        instalment(id=f"later-{number}", amount=5_000, number=number, due_on=NOW.date() + timedelta(days=number))
        for number in (1, 2, 3)
    ]
    flying = instalment(id="flying", amount=5_000, state=PaymentState.UNKNOWN)
    decision = shrink([*planned, flying], 10_000, now=NOW)
    assert told(decision).count("Payment scheduled -> cancelled") == 2
    assert {step.subject for step in events(decision) if step.type == "instalment.cancelled"} == {
        "payment:later-2", "payment:later-3",
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [replace(APPROVED, amount_minor=9_999), replace(APPROVED, amount_minor=100_000), replace(APPROVED, currency="USD")],
)
@pytest.mark.parametrize("state", [AttemptState.SUBMITTING, AttemptState.UNKNOWN])
def test_F28_another_amount_or_currency_never_approves(wrong: Approved, state: AttemptState) -> None:
    decision = decide(asked(state=state), wrong)
    assert made(decision, Posting) == []
    step = moved(decision, Attempt)
    assert (step.after, step.put["detail"]) == (AttemptState.UNKNOWN, {"why": "mismatch"})


# -- declined ------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", REASONS)
def test_F17_each_reason_teaches_what_its_class_says(code: str) -> None:
    kills, stops = LESSONS[REASONS[code]]
    later = instalment(id="pay-2", number=2)
    other = instalment(id="pay-9", plan="plan-9")
    decision = decide(asked(), Declined(code=code), plan=plan(), planned=(later, other))
    put = {"state": MethodState.DEAD, "dead_reason": code}
    assert [step.put for step in changed(decision, PaymentMethod)] == ([put] if kills else [])
    assert ("Plan active -> stopped" in told(decision)) is stops
    assert told(decision).count("Payment scheduled -> held") == (1 if stops else 0)
    (opened,) = made(decision, ActionItem)
    assert (opened.reason, opened.reason_class) == (code, REASONS[code].value)


def test_F17_a_code_that_nobody_has_mapped_is_a_plain_decline_and_never_a_success() -> None:
    assert (known("E-4711"), class_of("E-4711")) == ("declined", ReasonClass.LATER)
    decision = decide(asked(), Declined(code="E-4711", network_code="Z9"))
    (opened,) = made(decision, ActionItem)
    assert (opened.reason, opened.network_code) == ("declined", "Z9")


def test_I6_an_item_tells_what_failed_and_how_often_it_was_tried() -> None:
    (opened,) = made(decide(asked(), Declined(code="expired_card", network_code="54")), ActionItem)
    assert (opened.kind, opened.of, opened.amount, opened.attempts, opened.state) == (
        ItemKind.INSTALMENT, "instalment", 10_000, 1, ItemState.OPEN,
    )  # fmt: skip


def test_I5_a_plan_that_is_stopped_already_is_not_stopped_twice() -> None:
    decision = decide(asked(), Declined(code="revoked"), plan=plan(state=PlanState.STOPPED))
    assert "tell plan.stopped" not in told(decision)


def test_I5_a_stopped_plan_goes_on_with_the_method_that_has_just_worked() -> None:
    stopped = plan(state=PlanState.STOPPED)
    held = instalment(id="pay-2", number=2, state=PaymentState.HELD, payment_method="old")
    decision = decide(asked(plan=stopped, method=method(id="pm-2")), APPROVED, plan=stopped, planned=(held,))
    assert moved(decision, Plan).put == {"payment_method": "pm-2"}
    assert "Payment held -> scheduled" in told(decision)


# -- neither -------------------------------------------------------------------------------------


def test_I6_no_answer_is_looked_up_after_the_first_wait_of_the_ladder() -> None:
    step = moved(decide(asked(), NoAnswer(why="timeout")), Attempt)
    assert (step.put["next_at"], step.put["resend"], step.put["worker"]) == (
        NOW + SIMULATOR_LADDER.waits[0],
        False,
        None,
    )


def test_F21_what_surely_was_not_sent_goes_again_under_the_same_key_and_was_no_send() -> None:
    step = moved(decide(asked(), NotSent(why="refused")), Attempt)
    assert (step.put["next_at"], step.put["resend"], step.put["sends"]) == (NOW + UNSENT_WAIT, True, 0)


def test_B7_whoever_waits_for_a_charge_in_doubt_is_told_so_and_told_again_later() -> None:
    (answered,) = changed(decide(asked(one_off(command=7)), NoAnswer(why="timeout")), Command)
    assert (answered.key, answered.put["result"]["state"], answered.put["waits"]) == ({"seq": 7}, "in_doubt", True)


@pytest.mark.parametrize(
    ("outcome", "alone", "of_a_retry"),
    [(APPROVED, "approved", "resolved"), (Declined(code="lost_card"), "declined", "open")],
)
def test_A3_the_command_behind_an_attempt_is_answered_once_its_outcome_is_known(
    outcome: Outcome, alone: str, of_a_retry: str
) -> None:
    for waiting, state in ((None, alone), (item(), of_a_retry)):
        decision = decide(asked(one_off(command=7), item=waiting), outcome, item=waiting)
        (answered,) = changed(decision, Command)
        assert (answered.put["result"]["state"], answered.put["waits"]) == (state, False)
        assert moved(decision, Payment).put["command"] is None


def test_I6_only_decisions_that_touch_the_plan_ask_for_it() -> None:
    stopped = plan(state=PlanState.STOPPED)
    assert touches_plan(asked(), Declined(code="revoked"))
    assert touches_plan(asked(plan=stopped), APPROVED)
    assert not touches_plan(asked(one_off()), APPROVED)
    assert not touches_plan(asked(), APPROVED)
    assert not touches_plan(asked(one_off(invoice=None)), APPROVED)
    assert not touches_plan(asked(), Declined(code="lost_card"))
    assert not touches_plan(asked(plan=stopped), NoAnswer(why="timeout"))


def test_F12_every_step_of_an_attempt_is_fenced_by_its_epoch() -> None:
    for outcome, _, _ in ANSWERS.values():
        assert moved(decide(asked(attempt={"epoch": 4}), outcome), Attempt).fence == 4


def test_B3_the_ledger_names_the_account_through_which_the_money_came() -> None:
    (posting,) = made(decide(asked(account=account(id="desjardins")), APPROVED), Posting)
    assert posting.entries[0].account == "clearing:desjardins"
