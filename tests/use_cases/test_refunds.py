"""The life of a refund: asked for, called back, sent by its night, settled or failed (R1-R8, A1-A5, A9, A10)."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from adapters.database.invariants import broken
from adapters.locale import both
from domain.matching import ExceedsCredit
from domain.refund import RefundState
from domain.refunding import (
    ExceedsRefundable,
    RefundableChanged,
    RefundLeavesAtOnce,
    RefundOver,
    RefundSent,
)
from domain.use_cases.start_nights import start_nights
from tests.world import ORGANISATION, World, world

S = RefundState


def honest(club: World) -> None:
    with club.books.begin(read_only=True) as tx:
        assert {name: rows for name, rows in broken(tx, late=timedelta(days=365)).items() if rows} == {}


def balance(club: World, client: str = "c-1") -> int:
    return club.books.run(lambda tx: tx.balance(ORGANISATION, client))


def act(club: World, how: object, item: str, **more: object) -> object:
    return club.books.run(lambda tx: how(tx, organisation=ORGANISATION, item=item, by="marie", **more))  # type: ignore[operator]


def sent(club: World, token: str = "tok_approve", amount: int = 10_000) -> str:
    """A refund that its night has sent."""
    refund = club.refund(club.paid(token), amount)
    club.night()
    return refund


def test_R4_a_refund_waits_is_sent_by_its_night_and_settles(club: World) -> None:
    payment = club.paid()
    refund = club.refund(payment, 4_000)
    club.work()
    assert club.refunded(refund).state is S.PENDING
    assert (club.moved("refunded"), balance(club)) == (0, -6_000)

    club.night()
    asked = club.refunded(refund)
    assert asked.state is S.SUBMITTED
    assert asked.reference
    assert club.moved("refunded") == 4_000
    assert [one.key for one in club.repayments()] == [f"{asked.ref}r1"]
    honest(club)

    club.night()
    assert club.refunded(refund).state is S.SUBMITTED
    club.night()
    assert club.refunded(refund).state is S.SETTLED
    assert (club.moved("refunded"), balance(club)) == (4_000, -6_000)
    honest(club)


@pytest.mark.parametrize(
    ("asked_at", "night"),
    [
        (datetime(2026, 12, 9, 6, 0, tzinfo=UTC), date(2026, 12, 10)),  # 01:00 on the 9th, before that day's night
        (datetime(2026, 12, 10, 4, 59, tzinfo=UTC), date(2026, 12, 10)),  # 23:59 on the 9th
        (datetime(2026, 12, 10, 5, 0, tzinfo=UTC), date(2026, 12, 11)),  # 00:00 on the 10th
        (datetime(2026, 10, 31, 3, 59, tzinfo=UTC), date(2026, 10, 31)),  # 23:59 on the 30th
        (datetime(2026, 11, 1, 4, 30, tzinfo=UTC), date(2026, 11, 2)),  # 00:30 on the 1st, its clocks go back
        (datetime(2027, 3, 14, 4, 30, tzinfo=UTC), date(2027, 3, 14)),  # 23:30 on the 13th, clocks go forward at 2
    ],
)
def test_R4_the_first_night_that_begins_after_the_day_on_which_it_was_asked(
    club: World, asked_at: datetime, night: date
) -> None:
    club.now = asked_at - timedelta(hours=1)
    payment = club.paid()
    club.now = asked_at
    refund = club.refund(payment, 1_000)
    for day in range(4):
        club.now = datetime(night.year, night.month, night.day, 12, tzinfo=UTC) + timedelta(days=day - 3)
        if club.now < asked_at:
            continue
        begun = club.books.run(lambda tx: start_nights(tx, organisation=ORGANISATION))
        club.work()
        expected = S.SUBMITTED if any(run.business_date == night for run in begun) else S.PENDING
        assert club.refunded(refund).state is expected, (begun, club.now)


def test_R4_cancelled_at_23_59_in_the_zone_of_the_organisation_and_refused_once_claimed(club: World) -> None:
    payment = club.paid()
    called, kept = club.refund(payment, 1_000), club.refund(payment, 2_000)
    club.now = datetime(2026, 11, 25, 4, 59, tzinfo=UTC)  # 23:59 of the same day in Toronto
    assert club.call_back(called) == {"refund": called, "state": "cancelled"}
    club.night(days=0)
    assert [club.refunded(one).state for one in (called, kept)] == [S.CANCELLED, S.SUBMITTED]

    with pytest.raises(RefundSent):
        club.call_back(kept)
    with pytest.raises(RefundOver):
        club.call_back(called)
    words = both("refusal.refund_sent")
    assert "invoice" in words["en"]
    assert "facture" in words["fr"]
    assert club.moved("refunded") == 2_000
    assert balance(club) == -8_000
    honest(club)


def test_R4_across_a_night_when_the_clocks_change(club: World) -> None:
    club.now = datetime(2026, 10, 31, 15, 0, tzinfo=UTC)
    payment = club.paid()
    refund, called = club.refund(payment, 1_000), club.refund(payment, 500)
    club.now = datetime(2026, 11, 1, 7, 59, tzinfo=UTC)  # 02:59 in winter time: the night has not begun
    club.books.run(lambda tx: start_nights(tx, organisation=ORGANISATION))
    club.work()
    assert club.refunded(refund).state is S.PENDING
    club.call_back(called)
    club.now = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)  # 03:00
    club.books.run(lambda tx: start_nights(tx, organisation=ORGANISATION))
    club.work()
    assert [club.refunded(one).state for one in (refund, called)] == [S.SUBMITTED, S.CANCELLED]


def test_R1_never_more_than_was_paid_less_what_was_refunded_and_is_under_way(club: World) -> None:
    payment = club.paid()
    club.pay(5_000, offline="cash")
    first = club.refund(payment, 7_000)
    with pytest.raises(ExceedsRefundable):
        club.refund(payment, 3_001)
    with pytest.raises(RefundableChanged):
        club.refund(payment, 3_000, seen=10_000)
    club.refund(payment, 3_000, seen=3_000)
    club.night()
    with pytest.raises(ExceedsRefundable):
        club.refund(payment, 1)
    assert club.refunded(first).state is S.SUBMITTED
    honest(club)


def test_R2_a_refund_needs_a_credit_of_at_least_that_amount(club: World) -> None:
    payment = club.paid()
    club.invoice(7_000)
    with pytest.raises(ExceedsCredit):
        club.refund(payment, 3_001)
    club.refund(payment, 3_000)
    honest(club)


def test_R7_where_refunds_leave_at_once_they_can_not_be_called_back(migrated_url: str, tmp_path: Path) -> None:
    with world(migrated_url, tmp_path) as club:
        club.organisation(account={"refunds_leave": "at_once"})
        club.client()
        payment = club.paid()
        refund = club.refund(payment, 1_000)
        with pytest.raises(RefundLeavesAtOnce):
            club.call_back(refund)
        club.work()
        assert club.refunded(refund).state is S.SUBMITTED
        with pytest.raises(RefundLeavesAtOnce):
            club.call_back(refund)
        words = both("refusal.refund_leaves_at_once")
        assert "invoice" in words["en"]
        assert "facture" in words["fr"]
        honest(club)


def test_R7_before_the_settlement_a_full_refund_is_a_void_and_a_partial_one_waits(
    migrated_url: str, tmp_path: Path
) -> None:
    with world(migrated_url, tmp_path) as club:
        club.organisation(account={"refund_before_settlement": False})
        club.client()
        voided, waits = club.paid(), club.paid()
        full, part = club.refund(voided, 10_000), club.refund(waits, 4_000)
        club.night()
        assert [club.refunded(one).state for one in (full, part)] == [S.SUBMITTED, S.PENDING]
        assert (club.moved("voided"), club.moved("refunded")) == (10_000, 0)
        honest(club)
        club.night()
        assert club.refunded(part).state is S.SUBMITTED
        club.night()
        assert [club.refunded(one).state for one in (full, part)] == [S.SETTLED, S.SUBMITTED]
        assert (club.moved("voided"), club.moved("refunded")) == (10_000, 4_000)
        honest(club)


def test_R7_a_partial_refund_that_waits_for_its_settlement_can_still_be_called_back(
    migrated_url: str, tmp_path: Path
) -> None:
    with world(migrated_url, tmp_path) as club:
        club.organisation(account={"refund_before_settlement": False})
        club.client()
        part = club.refund(club.paid(), 4_000)
        club.night()
        club.call_back(part)
        club.night(days=2)
        assert (club.refunded(part).state, club.moved("refunded")) == (S.CANCELLED, 0)
        honest(club)
