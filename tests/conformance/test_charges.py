"""Charges: approved, declined, lost, repeated, looked up, cancelled."""

from dataclasses import replace

import pytest

from domain.capabilities import SameDay, WhenNotFound
from domain.outcome import ALREADY_SETTLED, Approved, Cancelled, Charge, Declined, NoAnswer, NotFound, Pending, Settled
from tests.conformance.peers import Peer, about, fresh


def test_I6_an_approved_charge_moves_its_amount_once_and_is_found(peer: Peer):
    charge, outcome = peer.charge("tok_approve", 1234)

    assert isinstance(outcome, Approved)
    assert (outcome.amount_minor, outcome.currency) == (1234, "USD")
    assert outcome.reference
    assert peer.effects() == ["captured"]
    assert peer.moved("captured") == 1234
    assert peer.look_up(charge) == outcome


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("tok_insufficient_funds", "insufficient_funds"),
        ("tok_expired_card", "expired_card"),
        ("tok_lost_card", "lost_card"),
        ("tok_do_not_honour", "do_not_honour"),
        ("tok_revoked", "revoked"),
        ("tok_nobody_knows", "invalid_token"),
    ],
)
def test_I6_a_declined_charge_moves_nothing_and_says_why_in_our_words(peer: Peer, token, reason):
    charge, outcome = peer.charge(token)

    assert isinstance(outcome, Declined)
    assert outcome.code == peer.tells.get(reason, reason)
    assert outcome.network_code
    assert peer.effects() == []
    found = peer.look_up(charge)
    assert isinstance(found, Declined)
    assert found.code == outcome.code


def test_F23_a_lost_answer_is_no_answer_and_the_look_up_finds_what_is_true(peer: Peer):
    with peer.impatient():
        charge, outcome = peer.charge("tok_timeout_after_charge")

    assert outcome == NoAnswer(why="timeout")
    assert peer.effects() == ["captured"]
    found = peer.look_up(charge)
    assert isinstance(found, Approved)
    assert found.amount_minor == charge.amount_minor
    assert peer.effects() == ["captured"]


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("tok_timeout_before_charge", "timeout"),
        ("tok_500_then_approve", "server_error"),
        ("tok_garbage", "malformed"),
    ],
)
def test_F26_F27_what_is_no_answer_is_never_approved_and_not_found_when_nothing_was_done(peer: Peer, token, why):
    with peer.impatient():
        charge, outcome = peer.charge(token)

    assert outcome == NoAnswer(why=why)
    assert peer.effects() == []
    assert peer.look_up(charge) == NotFound()


def test_F30_what_was_never_sent_is_not_found(peer: Peer):
    assert peer.look_up(Charge(key=fresh("x1"), amount_minor=1, currency="USD", token="tok_approve")) == NotFound()


def test_F13_a_key_that_is_sent_twice_never_passes_for_one_charge_unseen(peer: Peer):
    """Where the processor knows our keys it moves money once. Where it doesn't, two charges under one key are
    nobody's to adopt."""
    charge, first = peer.charge("tok_approve")
    _, second = peer.charge("tok_approve", key=charge.key)

    if peer.row.when_not_found is WhenNotFound.NEW_ATTEMPT:
        assert peer.effects() == ["captured", "captured"]
        assert peer.look_up(charge) == NoAnswer(why="conflict")
        assert peer.status(charge) == NoAnswer(why="conflict")
    else:
        assert peer.effects() == ["captured"]
        assert second == first
        assert peer.look_up(charge) == first


def test_F15_a_key_of_the_day_before_yesterday_is_known_or_forgotten_as_the_row_says(peer: Peer):
    charge, _ = peer.charge("tok_approve")
    peer.serving.pass_days(2)
    peer.charge("tok_approve", key=charge.key)

    if peer.row.when_not_found is WhenNotFound.SAME_KEY:
        assert peer.effects() == ["captured"]
        return
    assert peer.effects() == ["captured", "captured"]
    assert peer.look_up(charge) == NoAnswer(why="conflict")


def test_F28_a_look_up_that_finds_another_amount_is_not_believed(peer: Peer):
    charge, _ = peer.charge("tok_approve")

    found = peer.gateway.look_up(peer.account, [replace(about(charge), amount_minor=1)])

    assert found == [NoAnswer(why="mismatch")]


def test_a_batch_is_answered_in_its_order(peer: Peer):
    tokens = ["tok_approve", "tok_lost_card", "tok_timeout_after_charge", "tok_approve"] * 5
    charges = [
        Charge(key=fresh("x1"), amount_minor=100 + number, currency="USD", token=token)
        for number, token in enumerate(tokens)
    ]

    peer.settings["deadline_s"] = 1.5  # long enough for the others, and silence costs it once
    outcomes = peer.gateway.charge(peer.account, charges)
    found = peer.gateway.look_up(peer.account, [about(charge) for charge in charges])

    assert [type(one).__name__ for one in outcomes] == ["Approved", "Declined", "NoAnswer", "Approved"] * 5
    assert [type(one).__name__ for one in found] == ["Approved", "Declined", "Approved", "Approved"] * 5
    amounts = [one.amount_minor for one in found if isinstance(one, Approved)]
    assert amounts == [charge.amount_minor for charge in charges if charge.token != "tok_lost_card"]


def test_B9_a_charge_is_cancelled_on_its_day_as_its_row_says(peer: Peer):
    charge, paid = peer.charge("tok_approve")
    cancellation, outcome = peer.cancel(charge, paid.reference)

    if peer.row.void_same_day is SameDay.NO:
        assert isinstance(outcome, Declined)
        assert peer.effects() == ["captured"]
        return
    assert isinstance(outcome, Approved)
    assert outcome.amount_minor == charge.amount_minor
    assert peer.effects() == ["captured", "voided"]
    assert isinstance(peer.look_up(cancellation), Approved)
    assert peer.status(charge) == Cancelled()


def test_B9_a_charge_that_has_settled_is_not_cancelled_any_more(peer: Peer):
    charge, paid = peer.charge("tok_approve")
    peer.serving.pass_days(3)
    cancellation, outcome = peer.cancel(charge, paid.reference)

    assert isinstance(outcome, Declined)
    assert outcome.code == ALREADY_SETTLED
    assert peer.effects() == ["captured"]
    assert not isinstance(peer.look_up(cancellation), Approved)


def test_a_cancellation_whose_answer_was_lost_is_looked_up(peer: Peer):
    charge, paid = peer.charge("tok_refund_timeout_after")
    with peer.impatient():
        cancellation, outcome = peer.cancel(charge, paid.reference)

    if peer.row.void_same_day is not SameDay.NO:
        assert outcome == NoAnswer(why="timeout")
        assert peer.effects() == ["captured", "voided"]
        assert isinstance(peer.look_up(cancellation), Approved)


def test_what_was_not_found_can_be_cancelled_by_its_key_before_another_attempt(peer: Peer):
    """A charge that was lost and taken is undone by our key alone; one that never was, is nobody's to cancel."""
    if peer.row.when_not_found is not WhenNotFound.NEW_ATTEMPT:
        return  # its key is sent again instead
    with peer.impatient():
        lost, _ = peer.charge("tok_timeout_after_charge")
    never = Charge(key=fresh("x1"), amount_minor=4500, currency="USD", token="tok_approve")

    _, undone = peer.cancel(lost, "")
    _, nothing = peer.cancel(never, "")

    assert isinstance(undone, Approved)
    assert isinstance(nothing, Declined)
    assert peer.effects() == ["captured", "voided"]
    assert isinstance(peer.look_up(lost), Declined)
    assert peer.status(lost) == Cancelled()


def test_a_charge_is_pending_and_then_settled(peer: Peer):
    charge, _ = peer.charge("tok_approve")
    before = peer.status(charge)
    peer.serving.pass_days(3)

    assert before == Pending()
    assert isinstance(peer.status(charge), Settled)
