"""Refunds: in full, in part, too much, too early, lost, refused, looked up."""

import pytest

from domain.capabilities import BeforeSettlement
from domain.outcome import NOT_SETTLED, Approved, Declined, NoAnswer, NotFound, Settled
from tests.conformance.peers import Peer


@pytest.fixture
def settled(peer: Peer):
    """A charge that has settled, with the processor's reference."""

    def make(token: str = "tok_approve", amount: int = 4500):
        charge, paid = peer.charge(token, amount)
        assert isinstance(paid, Approved)
        peer.serving.pass_days(3)
        return charge, paid.reference

    return make


def test_R6_a_refund_in_full_gives_all_of_it_back_once(peer: Peer, settled):
    charge, reference = settled()
    order, outcome = peer.refund(charge, reference, 4500)

    assert isinstance(outcome, Approved)
    assert (outcome.amount_minor, outcome.currency) == (4500, "USD")
    assert peer.moved("refunded") == 4500
    found = peer.look_up(order)
    assert isinstance(found, Approved)
    assert found.reference == outcome.reference
    peer.serving.pass_days(6)
    assert isinstance(peer.status(order), Settled)


def test_R1_refunds_in_part_add_up_and_never_to_more_than_was_paid(peer: Peer, settled):
    charge, reference = settled()

    outcomes = [peer.refund(charge, reference, amount)[1] for amount in (2000, 2000, 1000, 500)]

    if peer.stops_over_refunds:
        assert [type(one).__name__ for one in outcomes] == ["Approved", "Approved", "Declined", "Approved"]
        assert peer.moved("refunded") == 4500


def test_R1_a_refund_of_more_than_was_paid_is_refused(peer: Peer, settled):
    if not peer.stops_over_refunds:
        return  # the other side would do it: ours is refused before it is asked
    charge, reference = settled()
    _, outcome = peer.refund(charge, reference, 4501)

    assert isinstance(outcome, Declined)
    assert peer.moved("refunded") == 0


def test_R7_a_refund_before_settlement_is_as_the_row_says(peer: Peer):
    charge, paid = peer.charge("tok_approve")
    _, outcome = peer.refund(charge, paid.reference, 4500)

    if peer.row.refund_before_settlement is BeforeSettlement.YES:
        assert isinstance(outcome, Approved)
        assert peer.moved("refunded") == 4500
    else:
        assert isinstance(outcome, Declined)
        assert outcome.code == NOT_SETTLED
        assert peer.moved("refunded") == 0


def test_F23_a_refund_whose_answer_was_lost_is_looked_up_by_its_key(peer: Peer, settled):
    charge, reference = settled("tok_refund_timeout_after")
    with peer.impatient():
        order, outcome = peer.refund(charge, reference, 4500)

    assert outcome == NoAnswer(why="timeout")
    assert peer.moved("refunded") == 4500
    found = peer.look_up(order)
    assert isinstance(found, Approved)
    assert found.amount_minor == 4500
    assert peer.moved("refunded") == 4500


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("tok_refund_timeout_before", "timeout"),
        ("tok_refund_500", "server_error"),
        ("tok_refund_garbage", "malformed"),
    ],
)
def test_F26_F27_a_refund_without_an_answer_that_was_not_done_is_not_found(peer: Peer, settled, token, why):
    charge, reference = settled(token)
    with peer.impatient():
        order, outcome = peer.refund(charge, reference, 4500)

    assert outcome == NoAnswer(why=why)
    assert peer.moved("refunded") == 0
    assert peer.look_up(order) == NotFound()


@pytest.mark.parametrize("token", ["tok_refund_fails", "tok_refund_card_closed"])
def test_R6_a_refund_that_is_refused_gives_nothing_back(peer: Peer, settled, token):
    charge, reference = settled(token)
    order, outcome = peer.refund(charge, reference, 4500)

    assert isinstance(outcome, Declined)
    assert peer.moved("refunded") == 0
    assert not isinstance(peer.look_up(order), Approved)


def test_F95_a_cancelled_charge_is_not_refunded_too(peer: Peer):
    charge, paid = peer.charge("tok_approve")
    _, cancelled = peer.cancel(charge, paid.reference)
    peer.serving.pass_days(3)
    _, outcome = peer.refund(charge, paid.reference, 4500)

    if isinstance(cancelled, Approved):
        assert isinstance(outcome, Declined)
        assert peer.moved("refunded") == 0
