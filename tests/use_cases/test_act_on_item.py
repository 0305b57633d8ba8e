"""A person acts on an item: retry, reject, reopen, ask again, settle."""

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from domain.action_item import ItemKind, ItemState
from domain.attempt import AttemptState
from domain.payment import PaymentState
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
from domain.use_cases.act_on_item import ask_again, reject_item, reopen_item, retry_item, settle_item
from tests.world import ORGANISATION, World

MARIE: dict[str, Any] = {"organisation": ORGANISATION, "by": "marie"}


def failed(club: World, token: str = "tok_insufficient_funds") -> tuple[str, str]:
    """A failed instalment and its item."""
    payment = club.owing(token)
    club.night()
    return payment, club.item(payment).id


def in_doubt(club: World) -> tuple[str, str]:
    payment = club.owing("tok_timeout_before_charge")
    club.night()
    club.climb()
    return payment, club.item(payment).id


def retry(club: World, item: str, **more: Any) -> None:
    club.books.run(lambda tx: retry_item(tx, **MARIE, item=item, **more))


def test_A3_a_retry_turns_the_item_retrying_at_once_and_the_charge_goes_through_the_queue(
    club: World,
) -> None:
    payment, item = failed(club)
    retry(club, item)
    assert club.item(payment).state is ItemState.RETRYING
    assert club.payment(payment).state is PaymentState.DUE
    assert len(club.attempts(payment)) == 1


def test_A3_a_retry_that_succeeds_posts_allocates_and_resolves(club: World) -> None:
    payment, item = failed(club)
    retry(club, item, payment_method=club.card("tok_approve"))
    club.work()
    assert club.item(payment).state is ItemState.RESOLVED
    assert club.payment(payment).state is PaymentState.PAID
    assert club.balance() == 0
    assert club.allocated() == 10_000


def test_A3_a_retry_that_fails_opens_the_same_item_with_the_new_reason(club: World) -> None:
    _, item = failed(club)
    retry(club, item, payment_method=club.card("tok_expired_card"))
    club.work()
    items = club.items()
    assert [(one.id, one.state, one.reason, one.attempts) for one in items] == [
        (item, ItemState.OPEN, "expired_card", 2)
    ]


def test_A5_the_method_of_a_retry_must_be_the_clients_own(club: World) -> None:
    _, item = failed(club)
    club.client("c-2")
    with pytest.raises(Refusal):
        retry(club, item, payment_method=club.card(client="c-2"))


def test_A8_a_retry_on_a_dead_card_asks_for_a_new_method(club: World) -> None:
    payment, item = failed(club, "tok_lost_card")
    with pytest.raises(NewMethodNeeded):
        retry(club, item)
    with pytest.raises(MethodNotUsable):
        retry(club, item, payment_method=club.payment(payment).payment_method or "")
    retry(club, item, payment_method=club.card("tok_approve"))
    club.work()
    assert club.payment(payment).state is PaymentState.PAID


def test_I5_a_stopped_plan_goes_on_with_the_method_that_worked(club: World) -> None:
    invoice = club.invoice(20_000)
    first, second = club.plan(club.card("tok_revoked"), invoice, 20_000, [date(2026, 11, 25), date(2026, 12, 25)])
    club.night()
    item = club.item(first).id
    with pytest.raises(NewMethodNeeded):
        retry(club, item)
    good = club.card("tok_approve")
    retry(club, item, payment_method=good)
    club.work()
    assert club.payment(first).state is PaymentState.PAID
    assert club.payment(second).state is PaymentState.SCHEDULED
    assert club.payment(second).payment_method == good
    club.night(days=31)
    assert club.balance() == 0


def test_A4_reject_keeps_the_debt_and_its_undo_reopens(club: World) -> None:
    payment, item = failed(club)
    with pytest.raises(ReasonNeeded):
        club.books.run(lambda tx: reject_item(tx, **MARIE, item=item, reason=" "))
    club.books.run(lambda tx: reject_item(tx, **MARIE, item=item, reason="pays in cash"))
    rejected = club.item(payment)
    assert (rejected.state, rejected.by, rejected.note) == (ItemState.REJECTED, "marie", "pays in cash")
    assert club.balance() == 10_000
    with pytest.raises(ItemClosed):
        retry(club, item)
    club.books.run(lambda tx: reopen_item(tx, **MARIE, item=item))
    assert club.item(payment).state is ItemState.OPEN
    with pytest.raises(ItemNotRejected):
        club.books.run(lambda tx: reopen_item(tx, **MARIE, item=item))


def test_A10_an_item_in_doubt_refuses_retry_and_reject_until_it_is_settled(club: World) -> None:
    _, item = in_doubt(club)
    with pytest.raises(InDoubt):
        retry(club, item)
    with pytest.raises(InDoubt):
        club.books.run(lambda tx: reject_item(tx, **MARIE, item=item, reason="no"))


def test_A10_it_was_paid_books_it_once_with_the_processors_reference(club: World) -> None:
    payment, item = in_doubt(club)
    settle = lambda reference: club.books.run(  # noqa: E731
        lambda tx: settle_item(
            tx, **MARIE, item=item, outcome="paid", reference=reference, reason="seen at the processor"
        )
    )
    with pytest.raises(ReferenceNeeded):
        settle("")
    settle("ret-991")
    assert club.item(payment).state is ItemState.RESOLVED
    assert [posting.reference for posting in club.postings(kind="payment")] == ["ret-991"]
    assert club.attempts(payment)[0].state is AttemptState.APPROVED
    with pytest.raises(NotInDoubt):
        settle("ret-991")
    assert club.balance() == 0


def test_A10_it_was_not_paid_closes_the_attempt_and_allows_a_retry(club: World) -> None:
    payment, item = in_doubt(club)
    club.books.run(
        lambda tx: settle_item(tx, **MARIE, item=item, outcome="not_paid", reference="", reason="bank says no")
    )
    open_again = club.item(payment)
    assert (open_again.kind, open_again.state) == (ItemKind.INSTALMENT, ItemState.OPEN)
    assert club.attempts(payment)[0].state is AttemptState.CLOSED
    retry(club, item, payment_method=club.card("tok_approve"))
    club.work()
    assert [attempt.state for attempt in club.attempts(payment)] == [
        AttemptState.CLOSED,
        AttemptState.APPROVED,
    ]
    assert club.balance() == 0


def test_A10_ask_again_looks_the_payment_up_now(club: World) -> None:
    payment, item = in_doubt(club)
    looked_up = lambda: sum(line["operation"] == "look_up" for line in club.journal())  # noqa: E731
    before = looked_up()
    club.books.run(lambda tx: ask_again(tx, **MARIE, item=item))
    club.work()
    assert looked_up() == before + 1
    assert club.item(payment).state is ItemState.OPEN
    assert club.payment(payment).state is PaymentState.IN_DOUBT


def test_A9_B7_a_one_off_decline_makes_no_item_but_a_doubt_does(club: World) -> None:
    club.pay(5_000, payment="p-1", payment_method=club.card("tok_do_not_honour"))
    club.pay(6_000, payment="p-2", payment_method=club.card("tok_garbage"))
    club.work()
    club.climb()
    assert club.payment("p-1").state is PaymentState.FAILED
    assert [(item.payment, item.kind, item.of) for item in club.items()] == [("p-2", ItemKind.IN_DOUBT, "payment")]


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Runs acts at the same time; answers what each gave or raised."""
    results: list[object] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(position: int, act: Callable[[], object]) -> None:
        start.wait()
        try:
            results[position] = act()
        except Exception as error:
            results[position] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_F90_two_people_who_press_retry_at_once_make_one_charge(club: World) -> None:
    payment, item = failed(club)
    good = club.card("tok_approve")

    def press(by: str) -> Callable[[], object]:
        return lambda: club.books.run(
            lambda tx: retry_item(tx, organisation=ORGANISATION, item=item, by=by, payment_method=good)
        )

    results = at_once(press("marie"), press("paul"), press("marie"), press("paul"))
    refused = [result for result in results if result is not None]
    assert len(refused) == 3
    assert all(isinstance(result, AlreadyRetrying) for result in refused)
    club.work()
    assert club.captured() == 10_000
    assert len(club.attempts(payment)) == 2


def test_F91_retry_racing_reject_has_one_winner_and_the_other_is_told(club: World) -> None:
    payment, item = failed(club)
    results = at_once(
        lambda: retry(club, item),
        lambda: club.books.run(lambda tx: reject_item(tx, **MARIE, item=item, reason="no")),
    )
    assert sum(isinstance(result, AlreadyRetrying | ItemClosed) for result in results) == 1
    assert club.item(payment).state in (ItemState.RETRYING, ItemState.REJECTED)


def test_F91_settling_races_with_a_late_outcome_and_books_once(club: World) -> None:
    payment, item = in_doubt(club)
    club.books.run(lambda tx: ask_again(tx, **MARIE, item=item))
    at_once(
        club.work,
        lambda: club.books.run(
            lambda tx: settle_item(tx, **MARIE, item=item, outcome="paid", reference="r", reason="seen")
        ),
    )
    club.work()
    assert len(club.postings(kind="payment")) == 1
    assert club.item(payment).state is ItemState.RESOLVED


def test_F92_a_retry_is_refused_while_the_last_attempt_is_being_looked_up(club: World) -> None:
    payment, item = failed(club)
    retry(club, item, payment_method=club.card("tok_timeout_after_charge"))
    club.charge()
    assert club.payment(payment).state is PaymentState.UNKNOWN
    with pytest.raises(AlreadyRetrying):
        retry(club, item)
    club.climb()
    assert club.payment(payment).state is PaymentState.PAID
    assert club.item(payment).state is ItemState.RESOLVED


def test_A2_a_payment_that_was_never_sent_keeps_one_item_when_its_retry_is_answered(club: World) -> None:
    invoice = club.invoice(20_000)
    dead = club.card("tok_lost_card")
    first, second = club.plan(dead, invoice, 20_000, [date(2026, 11, 25), date(2026, 11, 26)])
    club.night()
    club.night()
    assert club.attempts(second) == []
    retry(club, club.item(second).id, payment_method=club.card("tok_insufficient_funds"))
    club.work()
    assert [(item.reason, item.state) for item in club.items(payment=second)] == [
        ("insufficient_funds", ItemState.OPEN)
    ]
    retry(club, club.item(second).id, payment_method=club.card("tok_approve"))
    club.work()
    assert club.item(second).state is ItemState.RESOLVED
    assert club.item(first).state is ItemState.OPEN
