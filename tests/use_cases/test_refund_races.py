"""Two sessions at the cut-off, every order of their steps: exactly one wins, the loser is told, the journal agrees."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from adapters.database.invariants import broken
from adapters.database.leases import Leases
from domain.action_item import ItemState
from domain.payment import PaymentState
from domain.refund import RefundState
from domain.use_cases.act_on_item import retry_item
from domain.use_cases.cancel_payment import cancel_payment
from domain.use_cases.refund_money import cancel_refund, request_refund
from domain.use_cases.start_nights import start_nights
from domain.use_cases.submit_refunds import submit_refunds
from domain.use_cases.take_back_payment import take_back_payment
from tests.interleaving import Session, interleave, orders
from tests.world import ACCOUNT, ORGANISATION, World

S = RefundState


def doing(how: Callable[..., Any], **asked: Any) -> Callable[[Session], Any]:
    return lambda session: session.run(lambda tx: how(tx, organisation=ORGANISATION, **asked))


def sending(session: Session) -> int:
    """A worker of its own, which promises, asks and records."""
    leases = Leases(session.books, session.engine, role="test")
    return submit_refunds(
        session, lambda _: session.club.gateway, leases, session.club.log, organisation=ORGANISATION, account=ACCOUNT
    )


def at_the_cut_off(club: World, amount: int = 1_000) -> tuple[str, str]:
    """A payment and its refund, at the instant at which its night has begun."""
    payment = club.paid()
    refund = club.refund(payment, amount)
    club.wait(days=1)
    club.books.run(lambda tx: start_nights(tx, organisation=ORGANISATION))
    return payment, refund


def honest(club: World) -> None:
    with club.books.begin(read_only=True) as tx:
        assert {name: rows for name, rows in broken(tx, late=timedelta(days=365)).items() if rows} == {}


def given_back(club: World, refund: str) -> int:
    """What the processor's own book says of the keys of this refund."""
    keys = {one.key for one in club.repayments(refund=refund)}
    return sum(line["amount"] for line in club.journal() if line["key"] in keys and line["effect"] == "refunded")


def test_R5_cancelling_and_submitting_race_and_exactly_one_wins(club: World) -> None:
    seen = set()
    for order in orders():
        _, refund = at_the_cut_off(club)
        cancel = doing(cancel_refund, refund=refund, by="marie")
        caller, _ = interleave(club, order, cancel, sending, gated=(0, 1))
        state = club.refunded(refund).state
        if caller.refused:
            assert (caller.refused, state, given_back(club, refund)) == ("refund_sent", S.SUBMITTED, 1_000), order
        else:
            assert (caller.answer["state"], state, given_back(club, refund)) == ("cancelled", S.CANCELLED, 0), order
        seen.add(state)
    assert seen == {S.SUBMITTED, S.CANCELLED}
    honest(club)


def test_R1_two_partial_refunds_that_together_exceed_the_payment(club: World) -> None:
    for order in orders():
        payment = club.paid()
        asked: dict[str, Any] = {"payment": payment, "amount": 6_000}
        first, second = interleave(
            club, order, doing(request_refund, refund=f"{payment}-a", by="marie", **asked),
            doing(request_refund, refund=f"{payment}-b", by="luc", **asked),
        )  # fmt: skip
        assert sorted((first.refused, second.refused)) == ["", "exceeds_refundable"], order
        assert club.payment(payment).refunded == 6_000
    honest(club)


def test_R1_two_operators_who_saw_the_same_amount(club: World) -> None:
    for order in orders():
        payment = club.paid()
        asked: dict[str, Any] = {"payment": payment, "amount": 1_000, "seen": 10_000}
        first, second = interleave(
            club, order, doing(request_refund, refund=f"{payment}-a", by="marie", **asked),
            doing(request_refund, refund=f"{payment}-b", by="luc", **asked),
        )  # fmt: skip
        assert sorted((first.refused, second.refused)) == ["", "refundable_changed"], order
    honest(club)


def test_A3_two_people_who_retry_the_same_refund_send_one(club: World) -> None:
    refund = club.refund(club.paid("tok_refund_fails"), 1_000)
    club.night()
    item = club.items(refund=refund)[0].id
    for order in orders()[::6]:
        people = [doing(retry_item, item=item, by=name) for name in ("marie", "luc")]
        first, second = interleave(club, order, *people)
        assert sorted((first.refused, second.refused)) == ["", "already_retrying"], order
        club.work()
        assert club.items(id=item)[0].state is ItemState.OPEN
    assert len(club.repayments()) == 1 + len(orders()[::6])
    honest(club)


def test_A1_a_chargeback_at_the_cut_off_never_gives_the_money_back_twice(club: World) -> None:
    for order in orders()[::3]:
        club.pay(2_000, offline="cash")  # what was refunded and then taken back is owed
        payment, refund = at_the_cut_off(club)
        taking = doing(take_back_payment, payment=payment, code="chargeback")
        interleave(club, order, taking, sending, gated=(0, 1))
        state = club.refunded(refund).state
        assert club.payment(payment).state is PaymentState.REVERSED
        assert (state, given_back(club, refund)) in ((S.SUBMITTED, 1_000), (S.CANCELLED, 0)), order
    honest(club)


def test_B9_a_payment_is_cancelled_or_refunded_but_not_both(club: World) -> None:
    for order in orders()[::4]:
        payment = club.paid()
        cancelling = doing(cancel_payment, payment=payment, by="marie")
        asking = doing(request_refund, refund=f"{payment}-r", payment=payment, amount=1_000, by="luc")
        first, second = interleave(club, order, cancelling, asking)
        assert sorted((bool(first.refused), bool(second.refused))) == [False, True], order
        club.work()
        assert club.payment(payment).state is (PaymentState.PAID if first.refused else PaymentState.REVERSED)
    honest(club)
