"""Subscriptions on both databases: an invoice for each period, then its charge; changes, pauses, ends (S1-S5)."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from adapters.database.invariants import broken
from domain.payment import PaymentState
from domain.subscribing import EndOnlyEarlier, NotSuspended, SubscriptionEnded
from domain.subscription import Subscription
from domain.use_cases.act_on_item import retry_item
from domain.use_cases.subscribe import (
    cancel_subscription,
    change_subscription,
    resume_subscription,
    suspend_subscription,
)  # fmt: skip
from tests.world import ORGANISATION, World

TODAY = date(2026, 11, 24)


def act(club: World, how: Any, subscription: str, **given: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        change_subscription: {"since": None, "amount": None, "payment_method": None, "ends_on": None},
        suspend_subscription: {"since": None, "to": None},
        resume_subscription: {"since": None},
        cancel_subscription: {"since": None, "ends_on": None},
    }[how]
    return club.books.run(
        lambda tx: how(tx, organisation=ORGANISATION, subscription=subscription, by="marie", **defaults | given)
    )


def nights(club: World, days: int) -> None:
    """A night a week, and one on the last day."""
    for _ in range(days // 7):
        club.night(days=7)
    if days % 7:
        club.night(days=days % 7)


def billed(club: World, subscription: str) -> list[tuple[str, int]]:
    return [(one.on.isoformat(), one.amount) for one in club.renewals(subscription)]


def sound(club: World) -> None:
    with club.books.begin(read_only=True) as tx:
        assert {name: rows for name, rows in broken(tx).items() if rows} == {}


def test_S1_a_period_that_begins_today_is_invoiced_and_charged_at_once(club: World) -> None:
    one = club.subscribe(club.card())
    [renewal] = club.renewals(one)
    assert (renewal.on, renewal.until, renewal.amount) == (TODAY, date(2026, 12, 23), 3_000)
    assert club.work() == 1
    payment = club.payment(renewal.payment or "")
    assert (payment.state, payment.kind, payment.invoice) == (PaymentState.PAID, "subscription", renewal.invoice)
    assert (club.balance(), club.captured(), club.allocated()) == (0, 3_000, 3_000)
    sound(club)


def test_S1_one_that_begins_later_is_billed_by_the_night_of_its_date(club: World) -> None:
    one = club.subscribe(club.card(), start=date(2026, 11, 26))
    club.night()
    assert billed(club, one) == []
    club.night()
    assert billed(club, one) == [("2026-11-26", 3_000)]
    assert club.balance() == 0
    nights(club, 30)
    assert billed(club, one) == [("2026-11-26", 3_000), ("2026-12-26", 3_000)]
    sound(club)


def test_S1_missed_periods_are_caught_up_in_order_each_invoice_with_its_own_date(club: World) -> None:
    one = club.subscribe(club.card(), every="week", start=date(2026, 11, 25))
    club.wait(days=20)
    club.night()
    assert [on for on, _ in billed(club, one)] == ["2026-11-25", "2026-12-02", "2026-12-09"]
    invoices = club.postings(kind="invoice")
    assert [posting.booked_on.isoformat() for posting in invoices] == ["2026-11-25", "2026-12-02", "2026-12-09"]
    assert club.captured() == 9_000
    sound(club)


def test_S1_one_that_began_in_the_past_is_caught_up_by_its_start(club: World) -> None:
    one = club.subscribe(club.card(), start=date(2026, 9, 30))
    assert [on for on, _ in billed(club, one)] == ["2026-09-30", "2026-10-30"]
    club.work()
    assert club.balance() == 0


def test_S5_a_night_that_is_started_again_bills_nothing_twice(club: World) -> None:
    one = club.subscribe(club.card())
    club.work()
    for _ in range(3):
        club.night(days=0)
    assert len(billed(club, one)) == 1
    assert club.captured() == 3_000


def test_S1_taxes_and_a_pro_rated_first_period(club: World) -> None:
    club.organisation(billing_day=1, prorate_first_period=True, taxes=[{"code": "GST", "rate": "5"}])
    one = club.subscribe(club.card(), 3_000, taxes=[("GST", None)])
    assert billed(club, one) == [("2026-11-24", 735)]  # 7 of 30 days: 700, and 5 %
    club.wait(days=6)
    club.night()
    assert billed(club, one)[1:] == [("2026-12-01", 3_150)]


def test_S1_a_rate_that_changes_is_followed_and_one_that_is_forgotten_is_kept(club: World) -> None:
    club.organisation(taxes=[{"code": "GST", "rate": "5"}])
    one = club.subscribe(club.card(), 1_000, every="week", taxes=[("GST", None)])
    club.organisation(taxes=[{"code": "GST", "rate": "6"}])
    nights(club, 7)
    club.organisation(taxes=[])
    nights(club, 7)
    assert [amount for _, amount in billed(club, one)] == [1_050, 1_060, 1_050]


def test_S2_a_new_amount_and_method_hold_from_their_date_on(club: World) -> None:
    one = club.subscribe(club.card(), every="week")
    other = club.card(id="pm-other")
    act(club, change_subscription, one, since=date(2026, 12, 8), amount=4_000, payment_method=other)
    nights(club, 15)
    assert [amount for _, amount in billed(club, one)] == [3_000, 3_000, 4_000]
    assert [club.payment(renewal.payment or "").payment_method for renewal in club.renewals(one)][1:] == ["pm-1", other]


def test_S2_a_suspended_period_makes_no_invoice(club: World) -> None:
    one = club.subscribe(club.card(), every="week")
    act(club, suspend_subscription, one, since=date(2026, 12, 1), to=date(2026, 12, 8))
    nights(club, 22)
    assert [on for on, _ in billed(club, one)] == ["2026-11-24", "2026-12-15"]
    sound(club)


def test_S2_what_was_passed_over_since_the_day_of_resuming_is_billed_after_all(club: World) -> None:
    one = club.subscribe(club.card(), every="week")
    act(club, suspend_subscription, one)
    nights(club, 14)  # 8 December, its night is over
    assert len(billed(club, one)) == 1
    told = act(club, resume_subscription, one)
    assert (told["state"], told["next_on"]) == ("active", "2026-12-08")
    club.work()
    assert [on for on, _ in billed(club, one)] == ["2026-11-24", "2026-12-08"]
    with pytest.raises(NotSuspended):
        act(club, resume_subscription, one)
    sound(club)


def test_S2_a_cancelled_one_ends_the_day_before_its_next_billing_date(club: World) -> None:
    one = club.subscribe(club.card())
    told = act(club, cancel_subscription, one)
    assert told == {"subscription": one, "state": "cancelled", "next_on": None, "ends_on": "2026-12-23"}
    assert act(club, cancel_subscription, one) == told
    nights(club, 40)
    assert len(billed(club, one)) == 1
    with pytest.raises(SubscriptionEnded):
        act(club, change_subscription, one, amount=1)
    sound(club)


def test_S2_a_scheduled_end_can_only_be_moved_earlier(club: World) -> None:
    one = club.subscribe(club.card(), every="week")
    act(club, cancel_subscription, one, ends_on=date(2026, 12, 20))
    with pytest.raises(EndOnlyEarlier):
        act(club, cancel_subscription, one, ends_on=date(2026, 12, 21))
    with pytest.raises(EndOnlyEarlier):
        act(club, change_subscription, one, ends_on=date(2026, 12, 21))
    act(club, change_subscription, one, ends_on=date(2026, 12, 8))
    nights(club, 30)
    assert [on for on, _ in billed(club, one)] == ["2026-11-24", "2026-12-01", "2026-12-08"]


def test_S2_a_period_that_was_missed_before_the_cancellation_is_still_owed(club: World) -> None:
    one = club.subscribe(club.card(), every="week", start=date(2026, 11, 25))
    club.wait(days=3)
    assert act(club, cancel_subscription, one)["ends_on"] == "2026-12-01"
    club.night()
    assert [on for on, _ in billed(club, one)] == ["2026-11-25"]


def test_S3_a_failed_renewal_makes_an_item_and_the_next_period_is_billed_as_usual(club: World) -> None:
    one = club.subscribe(club.card("tok_insufficient_funds"), every="week")
    club.work()
    nights(club, 7)
    items = club.items()
    assert [(item.kind, item.reason, item.state) for item in items] == [
        ("subscription", "insufficient_funds", "open")
    ] * 2
    assert club.balance() == 6_000
    told = [event for event in _events(club) if event.startswith("subscription.renewal_failed")]
    assert len(told) == 2
    club.books.run(
        lambda tx: retry_item(tx, organisation=ORGANISATION, item=items[0].id, by="marie", payment_method="pm-good")
    )
    club.work()
    assert club.balance() == 3_000
    assert "subscription.renewed" in _events(club)
    assert len(billed(club, one)) == 2
    sound(club)


@pytest.fixture(autouse=True)
def _good_card(club: World) -> None:
    club.card(id="pm-good")


def _events(club: World) -> list[str]:
    with club.books.begin(read_only=True) as tx:
        return [row[0] for row in tx.connection.exec_driver_sql("SELECT type FROM events ORDER BY id")]


def test_S3_after_so_many_failures_in_a_row_it_is_suspended_until_somebody_resumes_it(club: World) -> None:
    club.organisation(suspend_after_failures=2)
    one = club.subscribe(club.card("tok_insufficient_funds"), every="week")
    nights(club, 21)
    assert len(billed(club, one)) == 2
    thing = club.books.run(lambda tx: tx.get(Subscription, organisation=ORGANISATION, id=one))
    assert thing.suspensions == ({"from": "2026-12-08", "to": None},)
    act(club, change_subscription, one, payment_method="pm-good")
    act(club, resume_subscription, one)
    nights(club, 7)
    assert [on for on, _ in billed(club, one)][2:] == ["2026-12-15", "2026-12-22"]
    sound(club)


def test_S4_without_a_method_the_invoice_is_made_and_an_item_says_so(club: World) -> None:
    one = club.subscribe(None)
    [renewal] = club.renewals(one)
    item = club.item(renewal.payment or "")
    assert (item.kind, item.reason, item.state, item.amount) == ("subscription", "no_method", "open", 3_000)
    assert club.balance() == 3_000
    club.books.run(
        lambda tx: retry_item(tx, organisation=ORGANISATION, item=item.id, by="marie", payment_method="pm-good")
    )
    club.work()
    assert club.balance() == 0
    assert club.item(renewal.payment or "").state == "resolved"
    sound(club)


def test_I5_a_revoked_authorisation_is_not_asked_again_for_the_periods_behind_it(club: World) -> None:
    one = club.subscribe(club.card("tok_revoked"), every="week", start=date(2026, 11, 10))
    club.work()
    assert len(billed(club, one)) == 3
    assert [item.reason for item in club.items()] == ["revoked"] * 3
    assert len(club.journal()) == 1  # the first period's; the others were not sent


def test_A9_an_invoice_that_is_paid_another_way_resolves_its_item_and_a_part_lowers_it(club: World) -> None:
    one = club.subscribe(club.card("tok_insufficient_funds"))
    club.work()
    [renewal] = club.renewals(one)
    club.pay(1_000, offline="cash", invoice=renewal.invoice)
    assert (club.item(renewal.payment or "").state, club.item(renewal.payment or "").amount) == ("open", 2_000)
    club.pay(2_000, offline="cash", invoice=renewal.invoice)
    assert club.item(renewal.payment or "").state == "resolved"
    assert club.payment(renewal.payment or "").state is PaymentState.CANCELLED
    assert club.balance() == 0
    sound(club)


def test_I8_a_renewal_asks_for_no_more_than_is_open(club: World) -> None:
    one = club.subscribe(club.card())
    [renewal] = club.renewals(one)
    club.pay(2_500, offline="cash", invoice=renewal.invoice)
    club.work()
    assert (club.captured(), club.balance()) == (500, 0)


def test_S1_billing_dates_are_the_organisations_own(club: World) -> None:
    club.now = datetime(2026, 11, 25, 4, 30, tzinfo=UTC)  # 23:30 of the 24th in Montréal
    one = club.subscribe(club.card(), start=date(2026, 11, 25))
    assert billed(club, one) == []
    club.now = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
    other = club.subscribe(club.card(), start=date(2026, 11, 25))
    assert len(billed(club, other)) == 1
