"""E-checks: taken on, settled, returned, returned late, refunded as the row says; and the list of a day."""

from datetime import date

from domain.capabilities import SETTLED, SameDay
from domain.outcome import About, Approved, Cancelled, Declined, NoAnswer, Pending, Returned, Settled
from tests.conformance.peers import Peer
from tests.conformance.serving import NOON


def test_E1_an_echeck_is_taken_on_and_settles_days_later(peer: Peer):
    debit, outcome = peer.debit("echeck_settle", 2500)
    before = peer.status(debit)
    peer.clear()

    assert isinstance(outcome, Approved)
    assert peer.effects() == ["debited"]
    assert before == Pending()
    assert isinstance(peer.look_up(debit), Approved)
    assert peer.status(debit) == Settled(on=peer.clears_on)


def test_E5_a_bounced_echeck_is_returned_with_the_banks_code(peer: Peer):
    debit, _ = peer.debit("echeck_nsf")
    peer.serving.pass_days(5)
    standing = peer.status(debit)

    assert isinstance(standing, Returned)
    assert (standing.code, standing.network_code) == ("insufficient_funds", "R01")
    assert isinstance(peer.look_up(debit), Approved)  # it was taken on; what became of it is another question


def test_E4_A1_a_late_return_is_seen_after_the_settlement(peer: Peer):
    debit, _ = peer.debit("echeck_unauthorised_late")
    peer.serving.pass_days(10)
    before = peer.status(debit)
    peer.serving.pass_days(40)
    standing = peer.status(debit)

    assert isinstance(before, Settled)
    assert isinstance(standing, Returned)
    assert (standing.code, standing.network_code) == ("revoked", "R10")
    assert standing.on == date(2027, 1, 8)


def test_E7_a_refund_of_an_echeck_waits_for_its_settlement(peer: Peer):
    debit, paid = peer.debit("echeck_settle")
    _, early = peer.refund(debit, paid.reference, 4500)
    peer.clear()
    _, later = peer.refund(debit, paid.reference, 4500)

    if peer.row.echeck_refund_earliest == SETTLED and peer.processor != "simulator":
        assert isinstance(early, Declined)
        assert early.code == "not_settled"
        assert isinstance(later, Approved)
        assert peer.moved("refunded") == 4500


def test_E7_a_refund_of_an_echeck_in_part_is_as_the_row_says(peer: Peer):
    debit, paid = peer.debit("echeck_settle")
    peer.clear()
    _, outcome = peer.refund(debit, paid.reference, 1000)

    assert isinstance(outcome, Approved if peer.row.partial_echeck_refund else Declined)
    assert peer.moved("refunded") == (1000 if peer.row.partial_echeck_refund else 0)


def test_E2_an_echeck_is_cancelled_before_it_is_batched(peer: Peer):
    debit, paid = peer.debit("echeck_settle")
    _, outcome = peer.cancel(debit, paid.reference)

    if peer.row.void_same_day is SameDay.NO:  # it is on its way as soon as it is asked for
        assert isinstance(outcome, Declined)
        assert peer.effects() == ["debited"]
        return
    assert isinstance(outcome, Approved)
    assert peer.status(debit) == Cancelled()


def test_F23_a_bounced_echeck_is_never_settled_by_a_lost_report(peer: Peer):
    """Whatever can't be read is no verdict."""
    debit, _ = peer.debit("echeck_nsf")
    peer.serving.pass_days(5)

    assert not isinstance(peer.status(debit), Settled | NoAnswer)


def test_the_list_of_a_day_names_what_moved_by_our_keys(peer: Peer):
    charge, _ = peer.charge("tok_approve", 1100)
    debit, _ = peer.debit("echeck_settle", 2200)
    peer.charge("tok_lost_card", 3300)
    peer.serving.pass_days(4)
    listed = list(peer.gateway.listed(peer.account, NOON.date()))

    assert {(one.key, one.about, one.amount_minor, one.currency, one.cancelled) for one in listed} == {
        (charge.key, About.CHARGE, 1100, "USD", False),
        (debit.key, About.DEBIT, 2200, "USD", False),
    }
    assert all(one.reference for one in listed)
