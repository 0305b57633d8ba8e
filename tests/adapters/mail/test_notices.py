"""Who is told of what at once: administrators by kind, addresses, the principal, the client (N2-N5)."""

from collections.abc import Callable
from datetime import date

import pytest

from domain.decision import New
from domain.event import Event
from domain.invoice import AskedLine
from domain.mail import STORM, MailKind
from domain.use_cases.cancel_purchase import HowMuch, cancel_purchase
from domain.use_cases.create_invoice import create_invoice
from domain.use_cases.refund_money import record_refund
from domain.use_cases.replace_purchase import replace_purchase
from tests.adapters.mail.room import EVERYTHING, MailRoom
from tests.world import ORGANISATION


@pytest.fixture
def staffed(small_room: MailRoom) -> MailRoom:
    """A principal who opted in to nothing, an administrator of everything, an address in the options, a client."""
    small_room.administrator("paul", principal=True, permissions=())
    small_room.administrator("marie", *EVERYTHING)
    small_room.settings(notify=["office@club.example"])
    small_room.world.client()
    return small_room


def declined(room: MailRoom, token: str = "tok_insufficient_funds") -> None:
    room.world.owing(token)
    room.world.night()
    room.plan()


def test_N2_N3_N5_a_failed_instalment_is_told_to_who_opted_in_to_the_addresses_and_to_the_client(
    staffed: MailRoom,
) -> None:
    staffed.administrator("echo", "echeck")
    staffed.administrator("bob", "instalment", permissions=("billing",))
    declined(staffed)
    staffed.send()
    assert staffed.kinds(kind=MailKind.FAILURE) == [
        ("address:office@club.example", "failure"), ("administrator:marie", "failure"),
    ]  # fmt: skip
    assert staffed.kinds(kind=MailKind.PAYMENT_FAILED) == [("client:c-1", "payment_failed")]
    [mail] = staffed.server.to("c-1@example.org")
    assert "Nothing was charged; the amount is still owed." in mail.text
    assert "See that the funds are there" in mail.text
    assert mail.message["Reply-To"] == "paul@club.example"
    assert mail.message["List-Unsubscribe"] is None
    [mail] = staffed.server.to("marie@club.example")
    assert "https://pay.example.org/action-items?q=c-1" in mail.text
    assert "List-Unsubscribe=One-Click" in mail.message["List-Unsubscribe-Post"]


def test_N5_a_client_is_not_told_again_of_a_retry_that_failed_nor_of_a_doubt(staffed: MailRoom) -> None:
    from domain.use_cases.act_on_item import retry_item

    declined(staffed)
    [item] = staffed.world.items()
    staffed.world.books.run(
        lambda tx: retry_item(tx, organisation=ORGANISATION, item=item.id, by="marie", payment_method=None)
    )
    staffed.world.work()
    staffed.plan()
    assert len(staffed.mails(kind=MailKind.FAILURE, recipient="administrator:marie")) == 2
    assert len(staffed.mails(recipient="client:c-1")) == 1


def test_N3_N5_a_payment_is_confirmed_to_the_addresses_and_receipted_to_the_client(staffed: MailRoom) -> None:
    staffed.world.invoice(4_500)
    staffed.world.pay(4_500, offline="cash", invoice="inv-1", payer="Grand-mère")
    staffed.plan()
    staffed.send()
    assert staffed.kinds(kind=MailKind.PAYMENT) == [("address:office@club.example", "payment")]
    [mail] = staffed.server.to("c-1@example.org")
    assert mail.message["Subject"] == "Receipt for $45.00 – Club ymca"
    for words in ("Account holder: Client c-1", "Paid by: Grand-mère", "Amount: $45.00", "Method: Cash", "Activity 1"):
        assert words in mail.text


def test_N3_an_instalment_by_card_is_confirmed_to_the_client_only(staffed: MailRoom) -> None:
    staffed.world.owing()
    staffed.world.night()
    staffed.plan()
    told = staffed.kinds()
    assert ("client:c-1", "receipt") in told
    assert [one for one in told if one[1] in ("payment", "echeck_instalment")] == []


def test_N3_N4_purchases_and_cancellations_go_to_the_addresses_and_the_principal(staffed: MailRoom) -> None:
    staffed.world.invoice(4_500, id="bought")
    staffed.world.books.run(
        lambda tx: cancel_purchase(
            tx, organisation=ORGANISATION, client="c-1", invoice="bought", lines=["l1"], credit=HowMuch(full=True),
            penalty=None, credit_note=None, refunds=(), by="marie",
        )
    )  # fmt: skip
    staffed.plan()
    both = ["address:office@club.example", "administrator:paul"]
    assert [one[0] for one in staffed.kinds(kind=MailKind.PURCHASE)] == both
    assert [one[0] for one in staffed.kinds(kind=MailKind.CANCELLATION)] == both
    staffed.send()
    assert any("Activity 1" in one.text for one in staffed.server.to("paul@club.example"))


def test_N4_the_principal_hears_of_invoices_and_replacements_unless_the_setting_says_otherwise(
    staffed: MailRoom,
) -> None:
    def invoice(id: str, origin: str) -> Callable[..., object]:
        line = AskedLine(line="l1", description="Piano", amount=3_000)
        return lambda tx: create_invoice(
            tx, organisation=ORGANISATION, client="c-1", id=id, lines=[line], origin=origin, by="marie"
        )

    staffed.world.books.run(invoice("made", "administrator"))
    staffed.world.books.run(invoice("bought", "purchase"))
    staffed.world.books.run(
        lambda tx: replace_purchase(
            tx, organisation=ORGANISATION, client="c-1", invoice="bought", line="l1",
            new=AskedLine(line="l2", description="Violin", amount=3_000), new_invoice="instead", by="marie",
        )
    )  # fmt: skip
    staffed.plan()
    assert staffed.kinds(kind=MailKind.INVOICE) == [("administrator:paul", "invoice")]
    assert staffed.kinds(kind=MailKind.REPLACEMENT) == [("administrator:paul", "replacement")]
    assert staffed.kinds(kind=MailKind.CANCELLATION) == []
    staffed.settings(notify_principal=["purchase"])
    staffed.world.books.run(invoice("another", "administrator"))
    staffed.plan()
    assert len(staffed.mails(kind=MailKind.INVOICE)) == 1
    staffed.send()  # what was planned before the setting changed is not sent any more
    assert [one.message["Subject"] for one in staffed.server.to("paul@club.example")] == [
        "Purchase: Client c-1, $30.00"
    ]


def test_N5_R8_a_refund_by_hand_is_told_to_the_client(staffed: MailRoom) -> None:
    staffed.world.pay(4_500, offline="cash")
    staffed.world.books.run(
        lambda tx: record_refund(
            tx, organisation=ORGANISATION, client="c-1", refund="r-1", amount=2_000, offline="cheque", credits=None,
            comment="", by="marie",
        )
    )  # fmt: skip
    staffed.plan()
    staffed.send()
    [mail] = [one for one in staffed.server.to("c-1@example.org") if "refund" in one.message["Subject"]]
    assert "$20.00" in mail.text


def test_N5_R8_a_refund_to_a_card_says_when_the_money_will_be_seen_and_what_to_tell_the_bank(
    staffed: MailRoom,
) -> None:
    sent = Event(
        organisation=ORGANISATION, type="refund.submitted", subject="refund:r-1", sequence=2, at=staffed.world.now,
        data={"client": "c-1", "refund": "r-1", "payment": None, "amount": 4_500, "reference": "ref-778"},
    )  # fmt: skip
    staffed.world.books.run(lambda tx: tx.write([(New(thing=sent),)]))
    staffed.plan()
    staffed.send()
    [mail] = staffed.server.to("c-1@example.org")
    assert "5 to 6 business days" in mail.text
    assert "Reference: ref-778" in mail.text
    assert "Sent on: Nov 24, 2026" in mail.text


@pytest.mark.parametrize("wanted", [True, False])
def test_N5_a_card_that_expires_soon_is_told_to_the_client_by_setting(staffed: MailRoom, wanted: bool) -> None:
    staffed.settings(expiring_card_email=wanted)
    staffed.world.plan(staffed.world.card(expiry="2026-12"), staffed.world.invoice(4_500), 4_500, [date(2027, 1, 15)])
    staffed.world.night()
    staffed.plan()
    assert staffed.kinds(kind=MailKind.CARD_EXPIRING) == [("client:c-1", "card_expiring")] * wanted
    staffed.send()
    told = [one.text for one in staffed.server.to("c-1@example.org") if "December 2026" in one.text]
    assert len(told) == wanted


def test_F112_beyond_twenty_failures_in_an_hour_one_mail_tells_of_all_the_others(staffed: MailRoom) -> None:
    for number in range(STORM + 5):
        staffed.world.owing("tok_insufficient_funds", client=f"c-{number}")
    staffed.world.night()
    staffed.plan()
    staffed.plan()
    for reader in ("administrator:marie", "address:office@club.example"):
        assert len(staffed.mails(kind=MailKind.FAILURE, recipient=reader)) == STORM
        assert len(staffed.mails(kind=MailKind.STORM, recipient=reader)) == 1
    staffed.send()
    assert len(staffed.server.to("marie@club.example")) == STORM + 1
    assert len({one.to for one in staffed.server.box}) == STORM + 5 + 3  # clients, and three of the club


def test_P1_nobody_of_another_organisation_is_told(staffed: MailRoom) -> None:
    staffed.world.organisation("other")
    staffed.administrator("eve", *EVERYTHING, organisation="other")
    declined(staffed)
    staffed.at("2026-11-25T12:30:00+00:00")
    staffed.day()
    assert staffed.server.to("eve@club.example") == []
    assert staffed.mails(organisation="other") == []


def test_N6_events_read_twice_are_planned_once(staffed: MailRoom) -> None:
    declined(staffed)
    planned = [one.id for one in staffed.mails()]
    staffed.world.books.run(lambda tx: tx.connection.exec_driver_sql("UPDATE relays SET position = 0"))
    staffed.plan()
    assert [one.id for one in staffed.mails()] == planned
    assert staffed.digest(through=date(2026, 11, 25)) == 0  # it is five in the morning
