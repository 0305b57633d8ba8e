"""One-time links by mail: to whoever asks, if we know them, and nobody learns whether we do."""

import re
from datetime import timedelta
from typing import Any

import pytest

from adapters.mail.postman import Postman
from adapters.web import throttle
from domain.mail import LINK_WANTED_FOR, Mail, MailKind, MailState
from tests.adapters.mail.server import MailServer, mail_server
from tests.web.browser import Browser
from tests.web.office import Office
from tests.web.proving import furnish, things


@pytest.fixture
def desk(small_office: Office) -> Office:
    return furnish(small_office)


@pytest.fixture
def posted(desk: Office) -> Any:
    """The office with a mail server."""
    with mail_server() as server:
        desk.app.settings.smtp_url = server.url
        yield desk, server


def send(office: Office) -> None:
    postman = Postman(office.app)
    postman.send_all()
    postman.close()


def ask(office: Office, email: str) -> Browser:
    browser = office.browser()
    browser.open("/sign-in")
    return_to = browser.post("/sign-in/link", {"email": email})
    assert "If we know this address, a link is on its way." in return_to.words
    return browser


def test_a_link_is_mailed_to_who_asks_and_to_nobody_else(posted: tuple[Office, MailServer]) -> None:
    office, server = posted
    ask(office, "luc@example.org")
    ask(office, "nobody@example.org")
    assert "token" not in str(things(office, Mail))
    send(office)
    [mail] = server.box
    assert mail.to == "luc@example.org"
    [path] = re.findall(r"http://127.0.0.1:8000(/sign-in\?token=\S+)", mail.text)
    browser = office.browser()
    browser.open(path)
    assert "Payment Action Center" in browser.press("Sign in").words
    again = office.browser()
    again.open(path)
    assert again.status == 410


def test_a_link_that_was_asked_for_long_ago_is_not_sent_any_more(posted: tuple[Office, MailServer]) -> None:
    office, server = posted
    ask(office, "luc@example.org")
    office.world.now += LINK_WANTED_FOR + timedelta(minutes=1)
    send(office)
    assert server.box == []
    assert [one.state for one in things(office, Mail, kind=MailKind.SIGN_IN_LINK)] == [MailState.WITHDRAWN]


def test_nobodys_mailbox_is_filled_with_links(posted: tuple[Office, MailServer]) -> None:
    office, _ = posted
    for _ in range(throttle.FREE):
        ask(office, "luc@example.org")
    browser = office.browser()
    browser.post("/sign-in/link", {"email": "LUC@example.org"})
    assert browser.status == 429
    assert len(things(office, Mail, kind=MailKind.SIGN_IN_LINK)) == throttle.FREE
