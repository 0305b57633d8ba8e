"""Saved cards that end soon: one item each until the card is replaced, on both databases (A1, N5)."""

from datetime import date
from typing import Any

import pytest

from adapters.database.invariants import broken
from adapters.database.items import find_items
from domain.expiring import last_month
from domain.retrying import NothingToRetry
from domain.use_cases.act_on_item import reject_item, reopen_item, retry_item
from domain.use_cases.plan_instalments import change_instalments
from domain.use_cases.register import register_payment_method
from domain.use_cases.subscribe import cancel_subscription, suspend_subscription
from tests.world import ORGANISATION, World


def expiring(club: World) -> list[Any]:
    return [item for item in club.items() if item.kind == "expiring_card"]


def owing(club: World, expiry: str) -> tuple[str, list[str]]:
    """A card with two payments planned on it, next year; answers both."""
    card = club.card(expiry=expiry)
    dates = [date(2027, 1, 15), date(2027, 2, 15)]
    return card, club.plan(card, club.invoice(9_000), 9_000, dates)


def replace(club: World, card: str, **given: Any) -> None:
    club.books.run(
        lambda tx: register_payment_method(tx, organisation=ORGANISATION, payment_method=card, given=given, by="marie")
    )


def test_A1_cards_that_end_by_the_end_of_next_month_are_told_of_once(club: World) -> None:
    assert last_month(date(2026, 11, 25)) == "2026-12"
    assert last_month(date(2026, 12, 31)) == "2027-01"
    card, planned = owing(club, "2026-12")
    owing(club, "2027-01")
    club.card(expiry="2026-12")  # nothing is planned on it
    club.night()
    club.night()
    [item] = expiring(club)
    assert (item.payment_method, item.about, item.amount, item.payment) == (card, "2026-12", 9_000, planned[0])
    assert (item.reason, item.reason_class, item.state) == ("expiring_card", "fix_data", "open")
    club.night(days=7)  # December: the other one ends next month
    assert len(expiring(club)) == 2


def test_A1_the_card_of_a_subscription_is_watched_too(club: World) -> None:
    card = club.card(expiry="2026-12")
    one = club.subscribe(card)
    club.night()
    [item] = expiring(club)
    assert (item.payment_method, item.amount) == (card, 3_000)
    club.books.run(
        lambda tx: cancel_subscription(
            tx, organisation=ORGANISATION, subscription=one, since=None, ends_on=None, by="marie"
        )
    )
    club.night()
    assert [item.state for item in expiring(club)] == ["resolved"]


def test_A1_the_card_of_a_subscription_that_is_paused_for_ever_is_not(small_club: World) -> None:
    one = small_club.subscribe(small_club.card(expiry="2026-12"))
    small_club.books.run(
        lambda tx: suspend_subscription(
            tx, organisation=ORGANISATION, subscription=one, since=None, to=None, by="marie"
        )
    )  # fmt: skip
    small_club.night()
    assert expiring(small_club) == []


def test_A1_the_item_closes_when_the_card_is_replaced(club: World) -> None:
    card, _ = owing(club, "2026-12")
    club.night()
    replace(club, card, expiry="2029-12")
    assert [(item.state, item.by) for item in expiring(club)] == [("resolved", "marie")]
    club.night()
    assert len(expiring(club)) == 1


def test_A1_it_closes_when_another_card_pays_instead(club: World) -> None:
    _, planned = owing(club, "2026-12")
    club.night()
    other = club.card()
    club.books.run(
        lambda tx: change_instalments(
            tx, organisation=ORGANISATION, instalments=planned, day=None, amount=None, payment_method=other, by="marie"
        )
    )
    club.night()
    assert [item.state for item in expiring(club)] == ["resolved"]


def test_A4_a_rejected_one_stays_so_until_it_is_reopened_and_there_is_nothing_to_retry(club: World) -> None:
    owing(club, "2026-12")
    club.night()
    [item] = expiring(club)
    with pytest.raises(NothingToRetry):
        club.books.run(lambda tx: retry_item(tx, organisation=ORGANISATION, item=item.id, by="marie"))
    with club.books.begin(read_only=True) as tx:
        [shown] = find_items(tx, organisation=ORGANISATION, kind="expiring_card")
    assert (shown["retry_allowed"], shown["kind"], shown["reason"]["code"]) == (False, "expiring_card", "expiring_card")
    club.books.run(lambda tx: reject_item(tx, organisation=ORGANISATION, item=item.id, by="marie", reason="known"))
    club.night()
    assert [one.state for one in expiring(club)] == ["rejected"]
    club.books.run(lambda tx: reopen_item(tx, organisation=ORGANISATION, item=item.id, by="marie"))
    assert [one.state for one in expiring(club)] == ["open"]


def test_A2_the_payment_of_such_an_item_has_its_own_when_it_fails(club: World) -> None:
    card = club.card("tok_insufficient_funds", expiry="2026-12")
    [payment] = club.plan(card, club.invoice(4_500), 4_500, [date(2026, 11, 26)])
    club.night()
    club.night()
    assert sorted(item.kind for item in club.items()) == ["expiring_card", "instalment"]
    assert {item.payment for item in club.items()} == {payment}
    with club.books.begin(read_only=True) as tx:
        assert {name: rows for name, rows in broken(tx).items() if rows} == {}
