"""What mails say and carry: both languages, both shapes, and headers that nothing can be smuggled into."""

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from adapters.locale import catalogue
from adapters.mail.composing import AddressNotValid, Composed, compose
from adapters.mail.knowing import people_of
from adapters.mail.samples import samples
from adapters.settings import Settings
from domain.mail import Mail, MailKind, mail_id
from domain.notifying import TO_CLIENT
from domain.people import Client
from tests.adapters.mail.room import MailRoom
from tests.world import ORGANISATION

SETTINGS = Settings(_env_file=None, public_url="https://pay.example.org", mail_from="Pay <no-reply@pay.example.org>")
SAMPLES = {(kind, language): mail for kind, language, mail in samples(SETTINGS)}
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


class Page(HTMLParser):
    """The tags of a page, and the attributes of each."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_every_kind_has_a_sample_in_both_languages():
    assert {(kind, language) for kind in MailKind for language in ("en", "fr")} == SAMPLES.keys()


@pytest.mark.parametrize(("kind", "language"), SAMPLES, ids=[f"{kind}-{language}" for kind, language in SAMPLES])
def test_a_mail_can_be_read_by_everybody(kind: MailKind, language: str):
    """Text and HTML say the same; one title, the language, no picture, nothing from elsewhere; room on a phone."""
    mail = SAMPLES[kind, language]
    page = Page(mail.html)
    assert page.of("html") == [{"lang": {"en": "en-CA", "fr": "fr-CA"}[language]}]
    assert len(page.of("h1")) == 1
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.of("meta")
    assert [tag for tag, _ in page.tags if tag in ("img", "script", "link", "iframe", "form")] == []
    assert all(str(link["href"]).startswith("https://pay.example.org/") for link in page.of("a"))
    assert all(row["scope"] == "row" for row in page.of("th"))
    for link in page.of("a"):
        assert str(link["href"]) in mail.text
    assert max(len(line) for line in mail.text.splitlines() if "://" not in line) <= 76
    assert "mail." not in mail.letter.subject
    assert mail.message["Content-Language"] == {"en": "en-CA", "fr": "fr-CA"}[language]
    assert mail.message.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize("kind", TO_CLIENT)
def test_N5_a_client_can_answer_and_is_offered_nothing_to_turn_off(kind: MailKind):
    mail = SAMPLES[kind, "fr"]
    assert mail.message["Reply-To"] == "billing@example.org"
    assert mail.message["List-Unsubscribe"] is None


def test_French_amounts_and_dates_are_written_as_in_canada():
    words = " ".join(SAMPLES[MailKind.RECEIPT, "fr"].text.split())
    assert "145,60\u00a0$" in SAMPLES[MailKind.RECEIPT, "fr"].text
    assert "25 nov. 2026" in words
    assert "$145.60" in SAMPLES[MailKind.RECEIPT, "en"].text


def test_the_same_mail_is_the_same_bytes_whenever_it_is_made():
    again = {(kind, language): mail for kind, language, mail in samples(SETTINGS)}
    assert all(again[key].message.as_bytes() == mail.message.as_bytes() for key, mail in SAMPLES.items())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_opt_in_of_an_administrator_has_its_name(language: str):
    opted = ("digest", "instalment", "subscription", "echeck", "refund")
    assert [one for one in opted if f"mail.opt.{one}" not in catalogue(language)] == []


# -- what somebody may have typed -----------------------------------------------------------------


def composed(room: MailRoom, *, address: str = "c-1@example.org", **facts: Any) -> Composed:
    told = {"client": "c-1", "client_name": "Client", "amount": 100, "at": NOW.isoformat(), "payment": "p-1", **facts}
    mail = Mail(
        organisation=ORGANISATION, id=mail_id(ORGANISATION, MailKind.PAYMENT, "event:1", "address:x"),
        kind=MailKind.PAYMENT, about="event:1", recipient="address:x", language="en", facts=told, next_at=NOW,
        planned_at=NOW,
    )  # fmt: skip
    people = room.world.books.run(lambda tx: people_of(tx, ORGANISATION))
    client = Client(
        organisation=ORGANISATION, id="c-1", name="C", email=address, language="en", created_at=NOW
    )  # fmt: skip
    return compose(mail, address, people, client, None, settings=SETTINGS)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\x00", "\x0b"])
def test_a_name_can_not_add_a_header(small_room: MailRoom, end: str):
    mail = composed(small_room, client_name=f"Eve{end}Bcc: all@example.org{end}{end}<b>hello</b>")
    headers = mail.message.as_bytes().partition(b"\r\n\r\n")[0]
    assert b"\nBcc:" not in headers
    assert b"\rBcc:" not in headers
    assert mail.message["Subject"] == "Payment received: Eve Bcc: all@example.org <b>hello</b>, $1.00"
    assert "<b>hello</b>" not in mail.html
    assert mail.message["To"] == "c-1@example.org"


def test_a_name_can_not_turn_the_direction_of_a_subject(small_room: MailRoom):
    assert "\u202e" not in composed(small_room, client_name="\u202egnp.exe").message["Subject"]


@pytest.mark.parametrize(
    "address",
    ["a@b.example\r\nBcc: all@example.org", "a b@example.org", "a@", "@b", "a", "a@b,c@d", "<a@b>", "a@b\x00", "a@.."],
)
def test_what_is_no_address_is_sent_to_nobody(small_room: MailRoom, address: str):
    with pytest.raises(AddressNotValid):
        composed(small_room, address=address)


def test_a_domain_beyond_ascii_is_written_as_dns_has_it(small_room: MailRoom):
    assert composed(small_room, address="zoé@québec.example").message["To"].addresses[0].domain.startswith("xn--")


def test_an_organisation_with_an_odd_name_is_quoted(small_room: MailRoom):
    from domain.use_cases.register import register_organisation

    given = {"name": 'Club "A", <b@c.example>;\n'}
    small_room.world.books.run(
        lambda tx: register_organisation(tx, organisation=ORGANISATION, given=given, accounts=[], by="test")
    )
    [sender] = composed(small_room).message["From"].addresses
    assert (sender.addr_spec, sender.display_name) == ("no-reply@pay.example.org", 'Club "A", <b@c.example>;')


def test_N6_a_client_without_a_readable_address_stops_nobody(small_room: MailRoom):
    small_room.world.client("c-1")
    small_room.world.client("c-2")
    small_room.client("c-1", email="a b@example.org")
    for client in ("c-1", "c-2"):
        small_room.world.pay(100, offline="cash", client=client)
    small_room.plan()
    small_room.send()
    states = {one.recipient: (one.state.value, one.answer) for one in small_room.mails()}
    assert states["client:c-1"] == ("refused", "not an address: a b@example.org")
    assert states["client:c-2"][0] == "sent"
