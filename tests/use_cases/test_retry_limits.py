"""Retries within the networks' limits, by people and by schedule, on both databases (A8)."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest

from adapters.database.items import find_items
from domain.refusal import Refusal
from domain.retry_rules import NetworkLimit
from domain.use_cases.act_on_item import reject_item, reopen_item, retry_item
from domain.use_cases.start_nights import start_nights
from tests.world import ORGANISATION, World


def retry(club: World, item: str, **more: Any) -> None:
    club.books.run(lambda tx: retry_item(tx, organisation=ORGANISATION, item=item, by="marie", **more))


def failing(club: World, token: str = "tok_insufficient_funds", *, brand: str = "visa") -> str:
    """An instalment that failed last night; answers its payment."""
    return several(club, 1, token, brand=brand)[0]


def several(club: World, count: int, token: str = "tok_insufficient_funds", *, brand: str) -> list[str]:
    """Instalments of different amounts that failed last night, each by a method of its own, all the same card."""
    day = (club.now + timedelta(days=1)).date()
    made = [
        club.plan(club.card(token, brand=brand), club.invoice(amount), amount, [day])[0]
        for amount in range(4_500, 4_500 + count)
    ]
    club.night()
    return made


def sent(club: World) -> int:
    return len(club.journal())


def test_A8_a_person_is_refused_once_the_network_allows_no_more_and_told_until_when(club: World) -> None:
    payment = failing(club)
    item = club.item(payment).id
    for _ in range(14):
        retry(club, item)
        club.work()
        club.wait(hours=2)
    assert sent(club) == 15
    with pytest.raises(NetworkLimit) as told:
        retry(club, item)
    assert told.value.params["until"] == "2026-12-25T09:00:00Z"
    with club.books.begin(read_only=True) as tx:
        [shown] = find_items(tx, organisation=ORGANISATION)
    assert (shown["retry_allowed"], shown["retry_refusal"]) == (False, "network_limit")
    retry(club, item, payment_method=club.card("tok_approve"))  # another card has its own budget
    club.work()
    assert club.item(payment).state == "resolved"


def test_A8_what_is_counted_is_the_card_whatever_it_is_called_and_whoever_asks(club: World) -> None:
    first, second = several(club, 2, brand="mastercard")
    assert club.payment(first).payment_method != club.payment(second).payment_method
    for _ in range(4):
        for payment in (first, second):
            retry(club, club.item(payment).id)
            club.work()
    assert sent(club) == 10
    for payment in (first, second):
        with pytest.raises(NetworkLimit):
            retry(club, club.item(payment).id)
    club.wait(hours=25)
    retry(club, club.item(first).id)


def test_A8_budgets_hold_when_people_and_schedule_retry_at_once(club: World) -> None:
    club.organisation(automatic_retries={"later": [1]})
    payments = several(club, 8, brand="mastercard")  # eight declines on one card
    club.wait(hours=23)  # the next night has begun
    club.books.run(lambda tx: start_nights(tx, organisation=ORGANISATION))

    def press(payment: str) -> None:
        with suppress(Refusal):
            retry(club, club.item(payment).id)
        club.charge(limit=1)

    with ThreadPoolExecutor(8) as pool:
        by_schedule = pool.submit(club.retry_by_schedule)
        list(pool.map(press, payments * 2))
        by_schedule.result()
    club.work()
    assert sent(club) == 10  # eight and two, not one more
    assert {item.state for item in club.items()} == {"open"}


def scheduled(club: World, payment: str) -> date | None:
    return club.item(payment).retry_on


def test_A8_the_schedule_retries_on_its_days_and_a_person_does_not_move_it(club: World) -> None:
    club.organisation(automatic_retries={"later": [3, 7]})
    payment = failing(club)  # on the 25th
    assert scheduled(club, payment) == date(2026, 11, 28)
    club.wait(hours=30)
    retry(club, club.item(payment).id)
    club.work()
    assert (sent(club), scheduled(club, payment)) == (2, date(2026, 11, 28))
    club.night(days=1)  # the 27th
    assert sent(club) == 2
    club.night(days=1)
    assert (sent(club), scheduled(club, payment)) == (3, date(2026, 12, 2))
    club.night(days=4)
    assert (sent(club), scheduled(club, payment)) == (4, None)
    club.night(days=10)
    assert sent(club) == 4
    assert club.item(payment).attempts == 4


def test_A8_a_night_that_was_missed_is_made_up_for_once(small_club: World) -> None:
    small_club.organisation(automatic_retries={"later": [1, 2, 3, 9]})
    payment = failing(small_club)
    small_club.night(days=5)
    assert (sent(small_club), scheduled(small_club, payment)) == (2, date(2026, 12, 4))


def test_A8_a_hard_decline_is_never_retried_by_itself(small_club: World) -> None:
    small_club.organisation(automatic_retries={"later": [1], "fix_data": [1]})
    payments = [failing(small_club, token) for token in ("tok_lost_card", "tok_revoked")]
    small_club.night(days=5)
    assert [small_club.item(payment).retry_on for payment in payments] == [None, None]
    assert sent(small_club) == 2


def test_A8_a_scheduled_retry_that_succeeds_resolves_its_item(club: World) -> None:
    club.organisation(automatic_retries={"later": [2]})
    payment = failing(club)
    club.card("tok_approve", id=club.payment(payment).payment_method)  # the client has put money on it
    club.night(days=2)
    assert (club.item(payment).state, club.item(payment).by) == ("resolved", "system")
    assert club.balance() == 0


def test_A8_one_that_may_not_be_retried_yet_waits_for_the_next_day_of_the_schedule(small_club: World) -> None:
    small_club.organisation(automatic_retries={"later": [1, 5]}, account={"visa_reattempts": 4})
    payment = failing(small_club)
    for _ in range(3):
        retry(small_club, small_club.item(payment).id)
        small_club.work()
    small_club.night(days=1)
    assert (sent(small_club), scheduled(small_club, payment)) == (4, date(2026, 11, 30))
    small_club.night(days=4)
    assert (sent(small_club), scheduled(small_club, payment)) == (4, None)


def test_A8_a_rejected_item_is_left_alone_until_it_is_reopened(small_club: World) -> None:
    small_club.organisation(automatic_retries={"later": [1]})
    payment = failing(small_club)
    item = small_club.item(payment).id
    small_club.books.run(lambda tx: reject_item(tx, organisation=ORGANISATION, item=item, by="marie", reason="agreed"))
    small_club.night(days=3)
    assert sent(small_club) == 1
    small_club.books.run(lambda tx: reopen_item(tx, organisation=ORGANISATION, item=item, by="marie"))
    small_club.work()
    assert sent(small_club) == 2


def test_A8_a_schedule_that_was_switched_off_retries_nothing(small_club: World) -> None:
    small_club.organisation(automatic_retries={"later": [2]})
    payment = failing(small_club)
    small_club.organisation(automatic_retries=None)
    small_club.night(days=3)
    assert (sent(small_club), scheduled(small_club, payment)) == (1, None)
