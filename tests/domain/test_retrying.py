"""Retrying: what a person may do about an action item, and what it does."""

from datetime import timedelta
from typing import Any

import pytest

from domain import retrying
from domain.action_item import ActionItem, ItemKind, ItemState
from domain.attempt import Attempt, AttemptState
from domain.decision import Decision
from domain.ledger import Posting
from domain.payment import Payment, PaymentState
from domain.payment_method import MethodState, PaymentMethod
from domain.refusal import Refusal
from domain.retrying import (
    AlreadyRetrying,
    InDoubt,
    ItemClosed,
    ItemNotRejected,
    MethodNotUsable,
    NewMethodNeeded,
    NotInDoubt,
    ReasonNeeded,
    ReferenceNeeded,
)  # fmt: skip
from tests.domain.builders import NOW, around, asked, events, instalment, item, made, method, mint, moved, told

failed = instalment(state=PaymentState.FAILED, attempts=1)
waiting = item(ItemState.OPEN)
doubt = item(ItemState.OPEN, kind=ItemKind.IN_DOUBT)
dead = method(state=MethodState.DEAD, dead_reason="lost_card")
other = method(id="pm-2", merchant_account="second")
in_doubt = asked(state=AttemptState.IN_DOUBT)


def retry(of: ActionItem = waiting, payment: Payment = failed, **more: Any) -> Decision:
    given: dict[str, Any] = {
        "method": method(), "replacement": None, "hold": timedelta(0), "command": None,
    } | more  # fmt: skip
    return retrying.retry(of, payment, given.pop("method"), **given, by="marie", now=NOW)


# -- retry ---------------------------------------------------------------------------------------


def test_A3_the_item_turns_retrying_and_the_payment_is_due_at_once() -> None:
    decision = retry(command=7)
    assert told(decision) == ["ActionItem open -> retrying", "Payment failed -> due", "tell action_item.retrying"]
    put = moved(decision, Payment).put
    assert (put["due_at"], put["command"], put["payment_method"]) == (NOW, 7, "pm-1")
    assert moved(decision, ActionItem).put["by"] == "marie"


def test_A3_a_retry_is_not_sent_before_its_hold_is_over() -> None:
    assert moved(retry(hold=timedelta(seconds=5)), Payment).put["due_at"] == NOW + timedelta(seconds=5)


def test_A5_another_method_of_the_client_takes_its_place_with_its_own_account() -> None:
    decision = retry(replacement=other)
    put = moved(decision, Payment).put
    assert (put["payment_method"], put["merchant_account"]) == ("pm-2", "second")
    (event,) = events(decision)
    assert (event.data["payment_method"], event.data["replaced"]) == ("pm-2", "pm-1")


@pytest.mark.parametrize("replacement", [method(id="pm-2", client="c-2"), method(id="pm-2", state=MethodState.DEAD)])
def test_A5_a_replacement_must_be_the_clients_own_and_alive(replacement: PaymentMethod) -> None:
    with pytest.raises(MethodNotUsable):
        retry(replacement=replacement)


@pytest.mark.parametrize("current", [dead, None, method(client="c-2")])
def test_A8_a_dead_method_asks_for_a_new_one(current: PaymentMethod | None) -> None:
    with pytest.raises(NewMethodNeeded):
        retry(method=current)
    assert "Payment failed -> due" in told(retry(method=current, replacement=other))


def test_F90_the_second_of_two_people_is_told_who_was_first_and_when() -> None:
    with pytest.raises(AlreadyRetrying) as refused:
        retry(item(ItemState.RETRYING, by="jean"))
    assert refused.value.params == {"item": "itm-1", "by": "jean", "at": NOW.isoformat()}


@pytest.mark.parametrize("state", [ItemState.RESOLVED, ItemState.REJECTED])
def test_F91_a_closed_item_is_not_retried(state: ItemState) -> None:
    with pytest.raises(ItemClosed) as refused:
        retry(item(state, by="jean"))
    assert (refused.value.params["by"], refused.value.params["state"]) == ("jean", state)


@pytest.mark.parametrize("state", [PaymentState.UNKNOWN, PaymentState.IN_DOUBT, PaymentState.SUBMITTING])
def test_F92_a_retry_waits_until_the_last_attempt_has_a_verdict(state: PaymentState) -> None:
    with pytest.raises(InDoubt):
        retry(payment=instalment(state=state))


REFUSED: list[tuple[str, ActionItem, Payment, PaymentMethod | None]] = [
    ("already_retrying", item(ItemState.RETRYING), failed, method()),
    ("item_closed", item(ItemState.RESOLVED), failed, method()),
    ("in_doubt", doubt, instalment(state=PaymentState.IN_DOUBT), method()),
    ("new_method_needed", waiting, failed, dead),
]


@pytest.mark.parametrize(("code", "of", "payment", "on"), REFUSED)
def test_A3_whether_retry_would_be_taken_is_known_beforehand_with_the_same_reason(
    code: str, of: ActionItem, payment: Payment, on: PaymentMethod | None
) -> None:
    told = retrying.why_not(of, payment, on)
    assert told is not None
    assert told.code == code
    with pytest.raises(Refusal) as refused:
        retry(of, payment, method=on)
    assert refused.value.code == code


def test_A3_and_what_would_be_taken_is_allowed() -> None:
    assert retrying.why_not(waiting, failed, method()) is None


# -- reject, reopen ------------------------------------------------------------------------------


def test_A4_reject_closes_the_item_with_who_and_why_and_leaves_the_payment() -> None:
    decision = retrying.reject(waiting, failed, reason="moved away", by="marie", now=NOW)
    assert told(decision) == ["ActionItem open -> rejected", "tell action_item.rejected"]
    put = moved(decision, ActionItem).put
    assert (put["by"], put["note"], put["changed_at"]) == ("marie", "moved away", NOW)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_A4_reject_needs_a_reason(reason: str) -> None:
    with pytest.raises(ReasonNeeded):
        retrying.reject(waiting, failed, reason=reason, by="marie", now=NOW)


@pytest.mark.parametrize("state", [PaymentState.UNKNOWN, PaymentState.IN_DOUBT])
def test_A10_an_item_in_doubt_is_settled_and_not_rejected(state: PaymentState) -> None:
    with pytest.raises(InDoubt):
        retrying.reject(doubt, instalment(state=state), reason="why", by="marie", now=NOW)


@pytest.mark.parametrize(
    ("state", "refusal"),
    [(ItemState.RETRYING, AlreadyRetrying), (ItemState.RESOLVED, ItemClosed), (ItemState.REJECTED, ItemClosed)],
)
def test_F91_only_an_open_item_is_rejected(state: ItemState, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        retrying.reject(item(state), failed, reason="why", by="marie", now=NOW)


def test_A4_an_undo_reopens_what_is_still_owed() -> None:
    decision = retrying.reopen(item(ItemState.REJECTED), failed, by="marie", now=NOW)
    assert told(decision) == ["ActionItem rejected -> open", "tell action_item.opened"]


@pytest.mark.parametrize("state", [state for state in ItemState if state is not ItemState.REJECTED])
def test_A4_only_a_rejected_item_is_reopened(state: ItemState) -> None:
    with pytest.raises(ItemNotRejected):
        retrying.reopen(item(state), failed, by="marie", now=NOW)


OWED = (PaymentState.FAILED, PaymentState.REVERSED)  # by a bank that took it back


@pytest.mark.parametrize("state", [state for state in PaymentState if state not in OWED])
def test_A4_and_only_while_its_payment_is_owed(state: PaymentState) -> None:
    with pytest.raises(ItemNotRejected):
        retrying.reopen(item(ItemState.REJECTED), instalment(state=state), by="marie", now=NOW)


# -- in doubt ------------------------------------------------------------------------------------


def test_A10_ask_again_looks_up_now_and_says_who_asked() -> None:
    decision = retrying.ask_again(doubt, in_doubt.payment, in_doubt.attempt, by="marie", command=None, now=NOW)
    assert told(decision) == ["ActionItem open -> open", "Attempt in_doubt -> in_doubt", "tell action_item.asked_again"]
    assert moved(decision, Attempt).put == {"next_at": NOW}


def test_A10_whoever_waits_for_the_look_up_is_answered_by_its_finding() -> None:
    decision = retrying.ask_again(doubt, in_doubt.payment, in_doubt.attempt, by="marie", command=7, now=NOW)
    assert moved(decision, Payment).put == {"command": 7}


def test_A10_it_was_paid_books_it_with_the_processors_reference_in_the_persons_name() -> None:
    decision = retrying.settle_paid(
        in_doubt, doubt, around(item=doubt), reference=" ch_42 ", by="marie", now=NOW, mint=mint
    )
    assert told(decision) == [
        "ActionItem open -> resolved", "Attempt in_doubt -> approved", "Payment in_doubt -> paid", "allocate l1 10000",
        "new Allocation", "new Posting", "tell action_item.resolved", "tell instalment.charged",
    ]  # fmt: skip
    assert made(decision, Posting)[0].reference == "ch_42"
    assert {event.by for event in events(decision)} == {"marie"}


def test_A10_it_was_paid_needs_that_reference() -> None:
    with pytest.raises(ReferenceNeeded):
        retrying.settle_paid(in_doubt, doubt, around(), reference="  ", by="marie", now=NOW, mint=mint)


def test_A10_it_was_not_paid_closes_the_attempt_and_allows_a_retry() -> None:
    decision = retrying.settle_not_paid(in_doubt, doubt, reason="asked the bank", by="marie", now=NOW)
    assert told(decision) == [
        "ActionItem open -> open", "Attempt in_doubt -> closed", "Payment in_doubt -> failed",
        "tell action_item.settled", "tell attempt.closed",
    ]  # fmt: skip
    assert moved(decision, Attempt).put["epoch"] == 2  # a look-up under way comes too late
    put = moved(decision, ActionItem).put
    assert (put["kind"], put["reason"]) == (ItemKind.INSTALMENT, "not_paid")


@pytest.mark.parametrize("state", [state for state in AttemptState if state is not AttemptState.IN_DOUBT])
def test_A10_only_what_is_in_doubt_is_asked_again_or_settled(state: AttemptState) -> None:
    one = asked(instalment(), AttemptState.IN_DOUBT, attempt={"state": state})
    with pytest.raises(NotInDoubt):
        retrying.ask_again(doubt, one.payment, one.attempt, by="marie", command=None, now=NOW)
    with pytest.raises(NotInDoubt):
        retrying.settle_paid(one, doubt, around(), reference="r", by="marie", now=NOW, mint=mint)
    with pytest.raises(NotInDoubt):
        retrying.settle_not_paid(one, doubt, reason="why", by="marie", now=NOW)


def test_A10_without_an_attempt_there_is_nothing_to_ask_about() -> None:
    with pytest.raises(NotInDoubt):
        retrying.ask_again(doubt, in_doubt.payment, None, by="marie", command=None, now=NOW)


@pytest.mark.parametrize("state", [state for state in ItemState if state is not ItemState.OPEN])
def test_F91_an_item_that_somebody_closed_or_retries_is_not_settled(state: ItemState) -> None:
    with pytest.raises(ItemClosed):
        retrying.settle_not_paid(in_doubt, item(state), reason="why", by="marie", now=NOW)
