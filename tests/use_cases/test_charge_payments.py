"""Charging: promise, ask, record."""

from collections.abc import Sequence
from datetime import date

import pytest

from adapters.database.leases import Leases
from domain.action_item import ItemKind, ItemState
from domain.organisation import MerchantAccount
from domain.outcome import Charge, Outcome
from domain.payment import PaymentState
from domain.use_cases.charge_payments import charge_payments
from domain.use_cases.start_nights import start_nights
from tests.through import Through
from tests.world import World


def test_I4_a_due_instalment_is_charged_once_booked_and_allocated(club: World) -> None:
    id = club.owing("tok_approve", 10_000)
    assert club.night() == 1

    assert club.payment(id).state is PaymentState.PAID
    assert [line["amount"] for line in club.journal() if line["effect"] == "captured"] == [10_000]
    posted = club.postings(kind="payment")
    assert [(posting.subject, posting.amount) for posting in posted] == [(id, 10_000)]
    assert club.balance() == 0
    assert club.allocated() == 10_000


def test_I4_nothing_is_charged_before_the_night_of_its_date(club: World) -> None:
    id = club.owing("tok_approve", days=3)
    assert club.night() == 0
    assert club.payment(id).state is PaymentState.SCHEDULED
    club.night()
    assert club.night() == 1
    assert club.payment(id).state is PaymentState.PAID


def test_I4_a_night_that_is_started_twice_charges_nobody_twice(club: World) -> None:
    club.owing("tok_approve")
    assert club.night() == 1
    assert club.night(days=0) == 0
    assert club.captured() == 10_000


@pytest.mark.parametrize(
    ("token", "reason", "reason_class"),
    [
        ("tok_insufficient_funds", "insufficient_funds", "later"),
        ("tok_expired_card", "expired_card", "fix_data"),
        ("tok_lost_card", "lost_card", "never"),
        ("tok_do_not_honour", "do_not_honour", "later"),
        ("tok_revoked", "revoked", "stop_plan"),
    ],
)
def test_I6_a_decline_leaves_the_debt_and_opens_one_item(
    club: World, token: str, reason: str, reason_class: str
) -> None:
    id = club.owing(token)
    club.night()
    club.night(days=0)

    assert club.payment(id).state is PaymentState.FAILED
    items = club.items()
    assert [(item.payment, item.kind, item.state) for item in items] == [(id, ItemKind.INSTALMENT, ItemState.OPEN)]
    assert (items[0].reason, items[0].reason_class, items[0].attempts) == (reason, reason_class, 1)
    assert club.balance() == 10_000
    assert club.captured() == 0


@pytest.mark.parametrize(
    ("token", "ends", "captured"),
    [
        ("tok_timeout_after_charge", PaymentState.PAID, 10_000),
        ("tok_timeout_before_charge", PaymentState.IN_DOUBT, 0),
        ("tok_500_then_approve", PaymentState.PAID, 10_000),
        ("tok_garbage", PaymentState.IN_DOUBT, 0),
    ],
)
def test_I6_an_unknown_outcome_is_looked_up_and_never_charged_blindly(
    club: World, token: str, ends: PaymentState, captured: int
) -> None:
    id = club.owing(token)
    club.night()
    assert club.payment(id).state is PaymentState.UNKNOWN
    assert club.items() == []

    club.climb()

    assert club.payment(id).state is ends
    assert club.captured() == captured
    keys = {line["key"] for line in club.journal()}
    assert len(keys) == 1
    if ends is PaymentState.IN_DOUBT:
        item = club.item(id)
        assert (item.kind, item.of, item.state) == (ItemKind.IN_DOUBT, "instalment", ItemState.OPEN)
        assert club.attempts(id)[0].sends == 3
    else:
        assert club.items() == []
        assert club.balance() == 0


def test_F02_not_found_is_believed_only_twice_and_spaced_beyond_the_longest_flight(club: World) -> None:
    club.owing("tok_500_then_approve")
    club.night()
    sends = lambda: sum(line["operation"] == "charge" for line in club.journal())  # noqa: E731
    club.wait(seconds=1)
    club.work()  # not found, once
    assert sends() == 1
    club.wait(seconds=2)
    club.work()  # not found again, but too soon after the first
    assert sends() == 1
    club.wait(seconds=5)
    club.work()  # believed: the same key goes again
    assert sends() == 2
    assert club.captured() == 10_000


def test_I5_a_dead_card_fails_later_instalments_on_their_own_dates_without_sending(club: World) -> None:
    invoice = club.invoice(30_000)
    dates = [date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 27)]
    first, second, third = club.plan(club.card("tok_lost_card"), invoice, 30_000, dates)
    club.night()
    assert [club.payment(id).state for id in (first, second)] == [PaymentState.FAILED, PaymentState.SCHEDULED]
    club.night()
    assert club.payment(second).state is PaymentState.FAILED
    assert club.payment(third).state is PaymentState.SCHEDULED
    assert len(club.items(state="open")) == 2
    assert sum(line["operation"] == "charge" for line in club.journal()) == 1


def test_I5_a_revoked_authorisation_stops_the_plan_with_one_item(club: World) -> None:
    invoice = club.invoice(30_000)
    dates = [date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 27)]
    ids = club.plan(club.card("tok_revoked"), invoice, 30_000, dates)
    for _ in range(4):
        club.night()
    assert [club.payment(id).state for id in ids] == [
        PaymentState.FAILED,
        PaymentState.HELD,
        PaymentState.HELD,
    ]
    assert len(club.items()) == 1
    assert sum(line["operation"] == "charge" for line in club.journal()) == 1


def test_I5_missed_nights_never_send_a_plans_next_instalment_before_its_earlier_one_is_answered(
    club: World,
) -> None:
    invoice = club.invoice(30_000)
    dates = [date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 27)]
    ids = club.plan(club.card("tok_revoked"), invoice, 30_000, dates)
    club.night(days=5)
    assert [club.payment(id).state for id in ids] == [
        PaymentState.FAILED,
        PaymentState.HELD,
        PaymentState.HELD,
    ]
    assert sum(line["operation"] == "charge" for line in club.journal()) == 1


def test_F84_three_missed_nights_are_caught_up_once_oldest_first(club: World) -> None:
    invoice = club.invoice(30_000)
    dates = [date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 27)]
    ids = club.plan(club.card(), invoice, 30_000, dates)
    club.night(days=4)
    assert [club.payment(id).state for id in ids] == [PaymentState.PAID] * 3
    charged = [posting.subject for posting in club.postings(kind="payment")]
    assert charged == ids
    assert club.balance() == 0
    assert club.scalar("SELECT count(*) FROM runs WHERE kind = 'night'") == 1


def test_I8_a_charge_never_asks_for_more_than_is_open(club: World) -> None:
    invoice = club.invoice(10_000)
    ids = club.plan(club.card(), invoice, 10_000, [date(2026, 11, 25), date(2026, 12, 25)])
    club.pay(7_000, offline="cash", invoice=invoice)
    assert club.payment(ids[0]).amount == 3_000
    assert club.payment(ids[1]).state is PaymentState.CANCELLED
    club.night()
    assert club.captured() == 3_000
    assert club.balance() == 0


def test_F13_two_workers_never_take_the_same_payment(club: World) -> None:
    for number in range(20):
        club.owing(client=f"c-{number}")
    club.night(days=1)
    assert len({line["key"] for line in club.journal()}) == 20
    assert club.captured() == 200_000


def test_F12_a_late_write_of_a_reaped_worker_is_refused(club: World) -> None:
    id = club.owing()
    club.night(days=0)
    club.wait(days=1)
    club.books.run(lambda tx: start_nights(tx, organisation="ymca"))

    class Paused(Through):
        """A gateway during whose answer the worker was taken for dead, and its claims were freed."""

        def charge(self, account: MerchantAccount, charges: Sequence[Charge]) -> list[Outcome]:
            answers = club.gateway.charge(account, charges)
            assert club.leases.reap(everyone_else=True) == 0  # held by a batch that is alive: not freed
            other = Leases(club.books, club.engine, role="other")
            assert other.reap(everyone_else=True) == 1
            return answers

    paused = Paused(club.gateway)
    charge_payments(club.books, lambda _: paused, club.leases, club.log, organisation="ymca", account="main")
    assert club.payment(id).state is PaymentState.UNKNOWN
    assert club.postings(kind="payment") == []
    assert "attempt.discarded" in [event for event, _ in club.logged]
    club.work()
    assert club.payment(id).state is PaymentState.PAID
    assert club.captured() == 10_000
