"""Charging: what is promised before a gateway is asked, or why nothing will be sent."""

import pytest

from domain.action_item import ActionItem, ItemKind, ItemState
from domain.attempt import Attempt
from domain.charging import amount_owed, must_wait, promise, question
from domain.claim import Claim, InFlight, parameters_hash
from domain.command import Command
from domain.decision import Decision
from domain.instalment import PlanState
from domain.payment import Payment, PaymentState
from domain.payment_method import MethodState
from tests.domain.builders import (
    NOW,
    changed,
    claim,
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

WAITING = [PaymentState.SCHEDULED, PaymentState.DUE]
dead = method(state=MethodState.DEAD, dead_reason="lost_card")


def promised(one: Claim) -> Decision:
    decision, asked = promise(one, worker="host-1/1", now=NOW, mint=mint)
    assert (asked is not None) == any(line == "new Attempt" for line in told(decision))
    return decision


@pytest.mark.parametrize("state", WAITING)
def test_I4_a_promise_is_a_claim_and_an_attempt_and_nothing_else(state: PaymentState) -> None:
    decision = promised(claim(instalment(state=state)))
    assert told(decision) == [f"Payment {state} -> submitting", "new Attempt"]


def test_I6_the_key_is_the_payments_reference_and_the_number_of_the_attempt() -> None:
    (attempt,) = made(promised(claim(instalment(attempts=2, state=PaymentState.DUE), item=item())), Attempt)
    assert (attempt.key, attempt.number, attempt.worker) == ("eabcdefghjkmnx3", 3, "host-1/1")
    assert (attempt.epoch, attempt.sends, attempt.rung, attempt.next_at) == (1, 1, 0, None)


def test_F14_a_key_is_bound_to_account_method_token_amount_and_currency() -> None:
    plain = parameters_hash("main", method(), 10_000, "CAD")
    others = [
        parameters_hash("other", method(), 10_000, "CAD"),
        parameters_hash("main", method(id="pm-2"), 10_000, "CAD"),
        parameters_hash("main", method(token="tok_lost_card"), 10_000, "CAD"),
        parameters_hash("main", method(), 10_001, "CAD"),
        parameters_hash("main", method(), 10_000, "USD"),
    ]
    assert len({plain, *others}) == 6
    (attempt,) = made(promised(claim()), Attempt)
    assert attempt.parameters_hash == plain


def test_F14_the_question_asks_for_what_was_promised() -> None:
    _, asked = promise(claim(open_minor=4_000), worker="w", now=NOW, mint=mint)
    assert asked is not None
    charge = question(asked)
    assert (charge.key, charge.amount_minor, charge.currency) == (asked.attempt.key, 4_000, "CAD")
    assert asked.unchanged
    assert "tok_approve" not in repr(charge)


def test_I8_an_instalment_is_lowered_to_what_is_still_open() -> None:
    decision = promised(claim(open_minor=4_000))
    assert told(decision) == ["Payment scheduled -> submitting", "new Attempt", "tell payment.lowered"]
    (attempt,) = made(decision, Attempt)
    assert attempt.amount == moved(decision, Payment).put["amount"] == 4_000


@pytest.mark.parametrize("open_minor", [0, -500])
def test_I8_an_instalment_whose_lines_are_paid_is_cancelled_with_a_note(open_minor: int) -> None:
    decision = promised(claim(open_minor=open_minor))
    assert told(decision) == ["Payment scheduled -> cancelled", "tell instalment.cancelled"]


def test_A9_a_retry_of_what_was_paid_meanwhile_resolves_its_item_and_asks_for_nothing() -> None:
    decision = promised(claim(instalment(state=PaymentState.DUE, command=7), item=item(), open_minor=0))
    assert told(decision) == [
        "ActionItem retrying -> resolved", "Payment due -> cancelled", "change Command", "tell action_item.resolved",
        "tell instalment.cancelled",
    ]  # fmt: skip


def test_B7_a_one_off_payment_may_be_more_than_is_open() -> None:
    assert amount_owed(claim(one_off(), open_minor=4_000)) == 10_000


def test_I8_but_its_retry_may_not() -> None:
    assert amount_owed(claim(one_off(), item=item(), open_minor=4_000)) == 4_000


def test_B7_a_payment_on_the_account_has_no_lines_to_be_limited_by() -> None:
    assert amount_owed(claim(one_off(invoice=None), item=item(), open_minor=None)) == 10_000


@pytest.mark.parametrize("state", WAITING)
def test_I5_nothing_is_sent_to_a_dead_method_and_each_payment_has_its_own_item(state: PaymentState) -> None:
    decision = promised(claim(instalment(state=state), method=dead))
    assert told(decision) == [
        f"Payment {state} -> failed", "new ActionItem", "tell action_item.opened", "tell instalment.failed",
    ]  # fmt: skip
    (opened,) = made(decision, ActionItem)
    assert (opened.kind, opened.state, opened.reason, opened.reason_class, opened.attempts) == (
        ItemKind.INSTALMENT, ItemState.OPEN, "lost_card", "never", 0,
    )  # fmt: skip


def test_A3_a_retry_on_a_method_that_died_meanwhile_opens_the_same_item_again() -> None:
    decision = promised(claim(instalment(state=PaymentState.DUE), method=dead, item=item()))
    assert told(decision) == [
        "ActionItem retrying -> open", "Payment due -> failed", "tell action_item.opened", "tell instalment.failed",
    ]  # fmt: skip


def test_B7_a_one_off_payment_that_is_not_sent_is_told_to_whoever_asked_and_makes_no_item() -> None:
    decision = promised(claim(one_off(command=7), method=dead))
    assert told(decision) == ["Payment due -> failed", "change Command", "tell payment.declined"]
    (answered,) = changed(decision, Command)
    assert answered.put["result"] == {
        "payment": "pay-1", "state": "declined", "reason": {"code": "lost_card", "class": "never"},
    }  # fmt: skip


def test_S4_without_a_method_it_fails_with_an_item_that_says_so() -> None:
    (opened,) = made(promised(claim(method=None)), ActionItem)
    assert (opened.reason, opened.reason_class) == ("no_method", "fix_data")


@pytest.mark.parametrize("state", WAITING)
def test_I5_an_instalment_of_a_stopped_plan_is_held_and_not_sent(state: PaymentState) -> None:
    decision = promised(claim(instalment(state=state), plan=plan(state=PlanState.STOPPED)))
    assert told(decision) == [f"Payment {state} -> held", "tell instalment.held"]


def test_I5_but_a_retry_with_another_method_is_what_gets_it_going_again() -> None:
    stopped = plan(state=PlanState.STOPPED)
    decision = promised(claim(instalment(state=PaymentState.DUE), plan=stopped, item=item()))
    assert "new Attempt" in told(decision)


# -- money under way -----------------------------------------------------------------------------


def under_way(amount: int, *lines: str, plan: str | None = None, being_sent: bool = False) -> InFlight:
    return InFlight(amount=amount, plan=plan, lines=lines or None, being_sent=being_sent)


def test_I5_a_plan_has_one_payment_at_the_gateway_at_a_time() -> None:
    lines = [line(30_000)]
    assert must_wait(instalment(), lines, [under_way(10_000, "l1", plan="plan-1", being_sent=True)])
    assert not must_wait(instalment(), lines, [under_way(10_000, "l1", plan="plan-1")])
    assert not must_wait(instalment(), lines, [under_way(10_000, "l1", plan="plan-2", being_sent=True)])


def test_I8_an_instalment_waits_for_money_that_may_pay_its_lines() -> None:
    assert must_wait(instalment(), [line(10_000)], [under_way(10_000)])
    assert must_wait(instalment(), [line(10_000)], [under_way(1)])
    assert not must_wait(instalment(), [line(10_000)], [])


def test_I8_but_not_where_enough_stays_open_whatever_comes_of_it() -> None:
    assert not must_wait(instalment(), [line(30_000)], [under_way(20_000)])


def test_I8_nor_for_money_that_is_for_other_lines() -> None:
    assert not must_wait(instalment(), [line(10_000)], [under_way(10_000, "l2", plan="plan-2")])


def test_I8_nothing_open_is_nothing_to_wait_for() -> None:
    assert not must_wait(instalment(), [line(0)], [])


def test_B7_a_one_off_payment_waits_for_nobody() -> None:
    assert not must_wait(one_off(), [line(10_000)], [under_way(10_000, being_sent=True)])
