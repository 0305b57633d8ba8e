"""The pages of mail: the mailbox, turning mail off by a link, and nobody to tell."""

import re

import pytest

from adapters.mail.digests import start_digests
from adapters.mail.planning import plan_all
from adapters.mail.postman import Postman
from domain.people import Administrator
from tests.world import ORGANISATION


@pytest.fixture
def posted(small_office):
    """An instalment failed in the night; the digest of the morning is in the mailbox."""
    small_office.app.settings.smtp_url = "mailbox:"
    small_office.person("ada", "administer", "failed_payment", notifications=("digest",))
    small_office.failed()
    small_office.world.wait(days=1)
    plan_all(small_office.app)
    assert start_digests(small_office.app) == 1
    postman = Postman(small_office.app)
    postman.send_all()
    postman.close()
    return small_office


def link_in(office) -> str:
    browser = office.at_work("ada")
    browser.open("/mailbox")
    browser.open(browser.page.links["1 failed payment – Club ymca"])
    found: list[str] = re.findall(r"http://\S+(/unsubscribe\S+)", browser.text)
    return found[0]


def test_the_mailbox_shows_what_was_sent_and_each_mail_in_both_shapes(posted):
    browser = posted.at_work("ada")
    page = browser.open("/mailbox")
    assert "1 failed payment – Club ymca" in page.words
    assert "ada@" in page.words
    page = browser.open(page.links["1 failed payment – Club ymca"])
    assert "Manage failed transactions" in page.words
    browser.open(page.links["As it looks (HTML)"])
    assert browser.status == 200
    policy = browser.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "<h1" in browser.text


def test_P1_another_organisations_mail_is_not_there(posted):
    posted.world.organisation("other")
    posted.person("eve", "administer", organisation="other")
    path = posted.at_work("ada").open("/mailbox").links["1 failed payment – Club ymca"]
    browser = posted.at_work("eve", organisation="other")
    assert "failed payment" not in browser.open("/mailbox").words
    browser.open(path)
    assert browser.status == 404


def test_a_link_turns_the_digest_off_after_a_look_and_on_again(posted):
    guest, path = posted.browser(), link_in(posted)
    page = guest.open(path)
    assert "The daily summary of failed payments" in page.words
    assert opted(posted) == ("digest",)
    guest.press("Stop these messages")
    assert "These messages have stopped." in guest.page.words
    assert opted(posted) == ()
    guest.press("Receive them after all")
    assert opted(posted) == ("digest",)


def test_a_mail_program_turns_it_off_at_one_click_without_cookies_or_origin(posted):
    """RFC 8058."""
    guest, path = posted.browser(), link_in(posted)
    for _ in range(2):
        guest.http.post(path, data={"List-Unsubscribe": "One-Click"})
        assert opted(posted) == ()


@pytest.mark.parametrize("change", ["cut", "other", "none"])
def test_a_link_that_nobody_signed_turns_nothing_off(posted, change: str):
    path = link_in(posted)
    forged = {"cut": path[:-4], "other": path.replace("token=", "token=x"), "none": "/unsubscribe"}[change]
    guest = posted.browser()
    assert guest.http.post(forged).status_code == 410
    assert opted(posted) == ("digest",)


def test_a_link_of_another_secret_turns_nothing_off(posted):
    path = link_in(posted)
    posted.app.settings.secret = "another secret"
    assert posted.browser().http.post(path).status_code == 410


def test_nobody_to_tell_is_said_on_the_action_center(small_office):
    small_office.person("vera", "failed_payment")
    browser = small_office.at_work("vera")
    assert "Nobody is told of failed payments" in browser.open("/action-items").words
    small_office.person("marie", "failed_payment", notifications=("digest",))
    assert "Nobody is told" not in browser.open("/action-items").words


def opted(office) -> tuple[str, ...]:
    person: Administrator = office.world.books.run(
        lambda tx: tx.get(Administrator, organisation=ORGANISATION, id="ada")
    )
    return person.notifications
