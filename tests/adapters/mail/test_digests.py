"""The daily digest: one for each reader and window, in their own language, of what failed since the last one (N1)."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest

from adapters.mail.digests import nobody_to_tell, start_digests, untold
from domain.decision import New
from domain.event import Event
from domain.mail import Mail, MailKind
from domain.use_cases.act_on_item import reject_item
from tests.adapters.mail.room import MailRoom
from tests.world import ORGANISATION, World

BEFORE_SEVEN = "2026-11-25T11:59:59+00:00"
SEVEN = "2026-11-25T12:00:00+00:00"  # in Toronto


def failed(room: MailRoom, *clients: str, token: str = "tok_insufficient_funds") -> None:
    """An instalment of each client is declined in the next night."""
    for client in clients or ("c-1",):
        room.world.owing(token, client=client)
    room.world.night()


def digests(room: MailRoom) -> list[Mail]:
    return room.mails(kind=MailKind.DIGEST)


def test_N1_the_digest_goes_to_the_billing_contact_and_to_who_opted_in_and_may_know(room: MailRoom) -> None:
    room.settings(billing_contact="billing@club.example")
    room.administrator("marie", "digest", language="fr")
    room.administrator("david", "digest", permissions=("billing", "refund"))
    room.administrator("emma")
    room.administrator("paul", "digest", permissions=(), principal=True)
    failed(room)
    room.at(BEFORE_SEVEN)
    room.day()
    assert digests(room) == []
    room.at(SEVEN)
    room.day()
    readers = {one.recipient: one.language for one in digests(room)}
    assert readers == {"administrator:marie": "fr", "administrator:paul": "en", "address:billing@club.example": "en"}
    [french] = room.server.to("marie@club.example")
    assert french.message["Subject"] == "1 paiement échoué – Club ymca"
    [english] = room.server.to("billing@club.example")
    assert english.message["Subject"] == "1 failed payment – Club ymca"


def test_N1_without_a_billing_contact_the_principal_administrator_is_it(small_room: MailRoom) -> None:
    small_room.administrator("paul", principal=True, permissions=())
    failed(small_room)
    small_room.at(SEVEN)
    small_room.day()
    assert [one.recipient for one in digests(small_room)] == ["administrator:paul"]
    assert small_room.server.to("paul@club.example")[0].message["List-Unsubscribe"] is None  # he never opted in


def test_N1_an_administrator_who_is_the_billing_contact_too_is_told_once(small_room: MailRoom) -> None:
    small_room.settings(billing_contact="MARIE@club.example")
    small_room.administrator("marie", "digest", language="fr")
    failed(small_room)
    small_room.at(SEVEN)
    small_room.day()
    assert [(one.recipient, one.language) for one in digests(small_room)] == [("administrator:marie", "fr")]


def test_N1_it_says_client_amount_kind_payment_and_reason_with_a_link_for_each_client(small_room: MailRoom) -> None:
    small_room.administrator("marie", "digest")
    failed(small_room, "c-1", "c-2")
    small_room.at(SEVEN)
    small_room.day()
    [mail] = small_room.server.to("marie@club.example")
    payment = small_room.world.items()[0].payment
    for text in (mail.text, mail.html.replace("<wbr>", "").replace("&amp;", "&")):
        for words in ("Client c-1", "Client c-2", "$100.00", "Instalment", payment, "Insufficient funds."):
            assert words in text
        assert "Manage failed transactions" in text
        assert "https://pay.example.org/action-items?q=c-2" in text
        assert "2 payments, $200.00 in all" in text


def test_N1_nothing_to_say_no_mail(small_room: MailRoom) -> None:
    small_room.administrator("marie", "digest")
    small_room.world.owing("tok_approve")
    small_room.world.night()
    small_room.at(SEVEN)
    small_room.day()
    assert digests(small_room) == []
    assert [one.to for one in small_room.server.box] == ["c-1@example.org"]  # the receipt


def test_N1_each_failure_is_in_one_digest_whoever_makes_it_and_how_often(room: MailRoom) -> None:
    room.administrator("marie", "digest")
    failed(room, "c-1")
    room.at(SEVEN)
    assert [room.digest(), start_digests(room.app), start_digests(room.app)] == [1, 0, 0]
    failed(room, "c-2")
    room.at("2026-11-26T12:00:00+00:00")
    room.day()
    texts = [one.text for one in room.server.to("marie@club.example")]
    assert sorted(("Client c-1" in text, "Client c-2" in text) for text in texts) == [(False, True), (True, False)]


def test_N1_days_that_were_missed_are_caught_up_as_one(small_room: MailRoom) -> None:
    small_room.administrator("marie", "digest")
    for number in range(3):
        failed(small_room, f"c-{number}")
    small_room.at("2026-11-28T03:00:00+00:00")  # the 27th, late in the evening
    small_room.day()
    [one] = digests(small_room)
    assert (one.about, one.facts["count"]) == ("2026-11-27", 3)
    small_room.at("2026-11-28T12:00:00+00:00")
    small_room.day()
    assert len(digests(small_room)) == 1


def test_N1_a_late_digest_leaves_what_failed_after_its_day_to_the_next(small_room: MailRoom) -> None:
    small_room.administrator("marie", "digest")
    failed(small_room, "c-1")
    failed(small_room, "c-2")
    small_room.at("2026-11-26T11:00:00+00:00")  # six in the morning, and nobody made that of the 25th
    small_room.day()
    small_room.at("2026-11-26T12:00:00+00:00")
    small_room.day()
    assert [(one.about, one.facts["count"]) for one in digests(small_room)] == [("2026-11-25", 1), ("2026-11-26", 1)]


def test_N1_no_digest_is_due_for_days_before_the_organisation_was_there(small_room: MailRoom) -> None:
    small_room.administrator("marie", "digest")
    small_room.at("2026-11-24T11:00:00+00:00")
    small_room.world.organisation("young")
    small_room.at("2026-11-24T11:30:00+00:00")
    small_room.day()
    assert small_room.world.scalar("SELECT count(*) FROM runs WHERE kind = 'digest' AND organisation = 'young'") == 0


@pytest.mark.parametrize(
    ("digest_at", "day", "before", "due"),
    [
        ("02:30", "2026-03-08", "2026-03-08T06:59:59+00:00", "2026-03-08T07:00:00+00:00"),  # a gap: three o'clock
        ("01:30", "2026-11-01", "2026-11-01T05:29:59+00:00", "2026-11-01T05:30:00+00:00"),  # twice: the first
        ("07:00", "2026-11-01", "2026-11-01T11:59:59+00:00", "2026-11-01T12:00:00+00:00"),
    ],
)
def test_N1_the_hour_is_the_organisations_and_knows_of_daylight_saving(
    small_room: MailRoom, digest_at: str, day: str, before: str, due: str
) -> None:
    from domain.days import last_digest
    from domain.organisation import Organisation

    small_room.settings(digest_at=digest_at)
    owner = small_room.world.books.run(lambda tx: tx.get(Organisation, id=ORGANISATION))
    small_room.at(before)
    assert last_digest(owner, small_room.world.now) == date.fromisoformat(day) - timedelta(days=1)
    small_room.at(due)
    assert last_digest(owner, small_room.world.now) == date.fromisoformat(day)


def test_with_nobody_to_tell_failures_wait_for_the_first_reader(small_room: MailRoom) -> None:
    failed(small_room)
    small_room.at(SEVEN)
    small_room.day()
    assert small_room.world.books.run(nobody_to_tell) == [ORGANISATION]
    assert small_room.world.books.run(untold) == {ORGANISATION: 1}
    small_room.administrator("marie", "digest")
    small_room.at("2026-11-26T12:00:00+00:00")
    small_room.day()
    assert small_room.world.books.run(nobody_to_tell) == []
    [mail] = small_room.server.to("marie@club.example")
    assert "Client c-1" in mail.text


def test_N1_what_was_settled_meanwhile_is_said_to_be(small_room: MailRoom) -> None:
    small_room.administrator("marie", "digest")
    failed(small_room)
    [item] = small_room.world.items()
    small_room.world.books.run(
        lambda tx: reject_item(tx, organisation=ORGANISATION, item=item.id, by="test", reason="left the club")
    )
    small_room.at(SEVEN)
    small_room.day()
    assert "Settled since then" in small_room.server.to("marie@club.example")[0].text


def many_failures(world: World, count: int) -> None:
    """What ten thousand declines leave behind, written down at once."""
    first = world.owing("tok_insufficient_funds")
    world.night()
    payment = world.payment(first)
    [like] = world.items()
    now = world.now
    things = []
    for number in range(count - 1):
        id = f"p-{number:05}"
        things.append(New(thing=replace(payment, id=id, ref=f"e{number:012}")))
        item = replace(like, id=f"itm_{number:05}", payment=id, amount=1_000 + number)
        told = Event(
            organisation=ORGANISATION, type="action_item.opened", subject=f"action_item:{item.id}", sequence=1,
            at=now, data={"item": item.id, "client": item.client, "payment": id, "reason": item.reason},
            before={"state": "open"},
        )  # fmt: skip
        things += [New(thing=item), New(thing=told)]
    world.books.run(lambda tx: tx.write([tuple(things)]))


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.soak)])
def test_F112_thousands_of_failures_in_a_night_are_one_digest_each_that_can_be_read(
    small_room: MailRoom, count: int
) -> None:
    small_room.administrator("marie", "digest", language="fr")
    small_room.administrator("david", "digest", "instalment")
    many_failures(small_room.world, count)
    small_room.at(SEVEN)
    small_room.day()
    assert len(small_room.world.items(limit=20_000)) == count
    for address in ("marie@club.example", "david@club.example"):
        kinds = Counter(one.kind.value for one in small_room.mails(recipient=f"administrator:{address.split('@')[0]}"))
        at_once = {"failure": 20, "storm": 1} if address.startswith("david") else {}
        assert kinds == {"digest": 1, **at_once}
        assert len(small_room.server.to(address)) == kinds.total()
    [digest] = [
        one for one in small_room.server.to("david@club.example") if f"{count} failed" in one.message["Subject"]
    ]
    assert f"The first 200 are listed here; the Payment Action Center shows all {count}." in " ".join(
        digest.text.split()
    )
    assert digest.text.count("Insufficient funds.") == 200
    assert len(digest.message.as_bytes()) < 250_000
    assert "https://pay.example.org/action-items" in digest.text
