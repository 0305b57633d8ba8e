"""Against a real mail server that greylists, drops, refuses and is down: nobody missed, nobody told twice (F-110)."""

from datetime import timedelta

import pytest

from domain.mail import GIVEN_UP_AFTER, LADDER, MailState
from tests.adapters.mail.room import MailRoom


def failed_night(room: MailRoom) -> MailRoom:
    """Two administrators and a client; an instalment failed in the night, and their mails are planned."""
    room.administrator("marie", "digest", language="fr")
    room.administrator("david", "digest")
    room.world.owing("tok_insufficient_funds")
    room.world.night()
    room.at("2026-11-25T12:30:00+00:00")  # half past seven
    assert room.digest() == 2
    return room


@pytest.fixture
def told(small_room: MailRoom) -> MailRoom:
    return failed_night(small_room)


@pytest.fixture
def told_anywhere(room: MailRoom) -> MailRoom:
    """On both databases."""
    return failed_night(room)


def everybody(room: MailRoom) -> dict[str, int]:
    """How many different mails each mailbox shows."""
    return {address: len(room.server.distinct(address)) for address in sorted({one.to for one in room.server.box})}


ONCE_EACH = {"c-1@example.org": 1, "david@club.example": 1, "marie@club.example": 1}


def test_N6_each_mail_is_sent_once_and_told_to_other_services(told_anywhere: MailRoom) -> None:
    told_anywhere.send()
    told_anywhere.day()
    assert everybody(told_anywhere) == ONCE_EACH
    assert len(told_anywhere.server.box) == 3
    assert {one.state for one in told_anywhere.mails()} == {MailState.SENT}
    sent = {(event.data["recipient"], event.data["kind"]) for event in told_anywhere.events("notification.sent")}
    assert sent == {
        ("administrator:marie", "digest"), ("administrator:david", "digest"), ("client:c-1", "payment_failed"),
    }  # fmt: skip


def test_F110_a_server_that_greylists_gets_the_same_mail_minutes_later(told: MailRoom) -> None:
    told.server.greylists = True
    told.send()
    assert told.server.box == []
    told.send()
    assert told.server.asked.total() == 3  # nobody insists before the wait is over
    told.world.wait(seconds=LADDER[0].total_seconds() * 1.11)
    told.send()
    assert everybody(told) == ONCE_EACH
    assert len(told.server.box) == 3


@pytest.mark.parametrize("keeps", [False, True])
def test_F110_a_line_that_goes_dead_after_the_data_is_tried_again_under_the_same_message_id(
    told: MailRoom, keeps: bool
) -> None:
    told.server.drops, told.server.keeps = 2, keeps
    told.send()
    told.world.wait(seconds=LADDER[0].total_seconds() * 1.11)
    told.send()
    assert everybody(told) == ONCE_EACH
    assert len([one for one in told.server.box if one.answered]) == 3
    assert all(str(one.message["Message-ID"]).endswith("@encaisse.example>") for one in told.server.box)


def test_N6_an_address_that_is_refused_does_not_stop_the_others(told: MailRoom) -> None:
    told.server.refuses = {"marie@club.example"}
    told.send()
    assert everybody(told) == {"c-1@example.org": 1, "david@club.example": 1}
    [refused] = told.mails(state=MailState.REFUSED)
    assert (refused.recipient, "no such user" in refused.answer) == ("administrator:marie", True)
    told.world.wait(days=1)
    told.send()
    assert told.server.asked["marie@club.example"] == 1


def test_N6_a_server_that_is_down_for_an_hour_delays_mail_and_loses_none(told: MailRoom) -> None:
    told.server.stop()
    for _ in range(12):
        told.day()
        told.world.wait(minutes=5)
    assert {one.state for one in told.mails()} == {MailState.WAITING}
    told.server.start()
    told.world.wait(seconds=LADDER[-1].total_seconds() * 1.11)
    told.day()
    assert everybody(told) == ONCE_EACH
    assert len(told.server.box) == 3


def test_N6_however_long_the_server_is_away_nothing_is_given_up(told: MailRoom) -> None:
    told.server.stop()
    told.world.wait(seconds=GIVEN_UP_AFTER.total_seconds() * 2)
    told.send()
    assert {one.state for one in told.mails()} == {MailState.WAITING}


def test_F110_a_server_with_too_many_connections_is_left_alone_for_a_while(told: MailRoom) -> None:
    told.server.overloaded = True
    told.send()
    told.server.overloaded = False
    told.send()
    assert told.server.box == []
    told.world.wait(minutes=2)
    told.send()
    assert everybody(told) == ONCE_EACH


def test_a_box_that_stays_full_for_days_is_given_up_and_a_person_sends_again(told_anywhere: MailRoom) -> None:
    from adapters.mail.postman import send_again

    told_anywhere.server.full = {"marie@club.example"}
    told_anywhere.send()
    told_anywhere.world.now += GIVEN_UP_AFTER + timedelta(minutes=1)
    told_anywhere.send()
    [expired] = told_anywhere.mails(state=MailState.EXPIRED)
    told_anywhere.server.full = set()
    again = told_anywhere.world.books.run(lambda tx: send_again(tx, expired.organisation, [expired.id], by="david"))
    assert again == 1
    told_anywhere.send()
    assert everybody(told_anywhere) == ONCE_EACH
    assert str(told_anywhere.server.to("marie@club.example")[0].message["Message-ID"]).startswith(f"<{expired.id}@")


def test_F110_two_schedulers_send_each_mail_once(told_anywhere: MailRoom) -> None:
    other = MailRoom(told_anywhere.world, told_anywhere.server)
    try:
        assert told_anywhere.postman.run_once() + other.postman.run_once() == 3
        told_anywhere.postman.settle()
        other.postman.settle()
    finally:
        other.close()
    assert len(told_anywhere.server.box) == 3


def test_N6_a_sender_that_dies_before_the_answer_is_recorded_sends_the_same_mail_again(told: MailRoom) -> None:
    from adapters.mail.postman import LEASE, _claim

    assert len(told.world.books.run(_claim)) == 3  # and nothing more is heard of it
    told.send()
    assert told.server.box == []
    told.world.now += LEASE + timedelta(seconds=1)
    told.send()
    assert everybody(told) == ONCE_EACH


def test_without_a_mail_server_mail_is_kept_and_goes_out_when_there_is_one(told: MailRoom) -> None:
    smtp = told.app.settings.smtp_url
    told.app.settings.smtp_url = None
    told.world.wait(days=2)
    assert told.send() == 0
    assert {one.state for one in told.mails()} == {MailState.WAITING}
    told.app.settings.smtp_url = smtp
    told.send()
    assert everybody(told) == ONCE_EACH


def test_P2_an_administrator_who_lost_the_permission_a_second_ago_gets_nothing(told_anywhere: MailRoom) -> None:
    told_anywhere.world.wait(seconds=1)
    told_anywhere.administrator("marie", "digest", permissions=("billing",))
    told_anywhere.send()
    assert everybody(told_anywhere) == {"c-1@example.org": 1, "david@club.example": 1}
    [withdrawn] = told_anywhere.mails(state=MailState.WITHDRAWN)
    assert withdrawn.recipient == "administrator:marie"


def test_N1_an_administrator_who_opted_out_a_second_ago_gets_nothing(told: MailRoom) -> None:
    told.administrator("david", language="en")
    told.send()
    assert everybody(told) == {"c-1@example.org": 1, "marie@club.example": 1}


def test_a_mail_goes_to_where_its_reader_is_now(told: MailRoom) -> None:
    told.client("c-1", email="new@example.org")
    told.send()
    assert len(told.server.to("new@example.org")) == 1
