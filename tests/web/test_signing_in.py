"""One-time links and sessions: used once, for a while, and ended where they are kept."""

import pytest

from adapters.web.sessions import ABSOLUTE_LIMIT, IDLE_LIMIT, LINK_LASTS, hash_of
from domain.access import Session
from tests.web.browser import ORIGIN
from tests.web.office import Office


def sessions(office: Office) -> list[Session]:
    return office.world.books.run(lambda tx: tx.all(Session, order_by="created_at"))


def test_a_link_signs_in_once(office):
    link = office.link("luc")
    first, second = office.browser(), office.browser()
    assert "Luc Roy" in first.open(link).words
    assert "Payment Action Center" in first.press("Sign in").words
    second.open(link)
    assert second.status == 410
    assert "no longer works" in second.page.words


def test_looking_at_a_link_does_not_use_it_up(small_office):
    link = small_office.link("luc")
    for _ in range(3):
        small_office.browser().open(link)
    browser = small_office.browser()
    browser.open(link)
    assert "Payment Action Center" in browser.press("Sign in").words


def test_two_browsers_that_press_at_once_make_one_session(office):
    link = office.link("luc")
    first, second = office.browser(), office.browser()
    first.open(link)
    second.open(link)
    first.press("Sign in")
    second.press("Sign in")
    assert (first.status, second.status) == (200, 410)
    assert len(sessions(office)) == 1


def test_a_link_expires(small_office):
    link = small_office.link("luc")
    small_office.world.now += LINK_LASTS
    browser = small_office.browser()
    browser.open(link)
    assert browser.status == 410


@pytest.mark.parametrize("token", ["x", "a" * 200, "%00", "é"])
def test_a_made_up_link_is_told_so(small_office, token):
    browser = small_office.browser()
    browser.open(f"/sign-in?token={token}")
    assert browser.status == 410


def test_the_database_holds_hashes_only(small_office):
    browser = small_office.at_work("luc")
    token = browser.http.cookies["encaisse"]
    assert [session.hash for session in sessions(small_office)] == [hash_of(token)]


def test_on_loopback_the_cookie_needs_no_tls(small_office):
    browser = small_office.browser()
    browser.open(small_office.link("luc"))
    token = browser.page.forms[-1].fields["token"]
    browser.http.follow_redirects = False
    browser.post("/sign-in", {"token": token})
    cookie = browser.headers["set-cookie"]
    assert cookie.startswith("encaisse=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_elsewhere_the_cookie_is_for_this_host_over_tls_only(small_office):
    tls = Office(small_office.world, public_url="https://pay.example.org")
    browser = tls.browser()
    browser.open(tls.link("luc"))
    token = browser.page.forms[-1].fields["token"]
    browser.http.follow_redirects = False
    browser.post("/sign-in", {"token": token}, origin="https://pay.example.org")
    cookie = browser.headers["set-cookie"]
    assert cookie.startswith("__Host-encaisse=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert browser.headers["strict-transport-security"]


def test_signing_out_ends_the_session_on_this_side(office):
    browser = office.at_work("luc")
    token = browser.http.cookies["encaisse"]
    assert "You are signed out" in browser.press("Sign out").words
    browser.http.cookies.set("encaisse", token)
    browser.open("/action-items")
    assert browser.status == 401
    assert sessions(office)[0].ended_at is not None


def test_an_idle_session_ends(small_office):
    browser = small_office.at_work("luc")
    small_office.world.now += IDLE_LIMIT
    browser.open("/action-items")
    assert browser.status == 401


def test_a_busy_session_lasts_until_its_absolute_limit(small_office):
    browser = small_office.at_work("luc")
    begun = small_office.world.now
    while small_office.world.now - begun + IDLE_LIMIT / 2 < ABSOLUTE_LIMIT:
        small_office.world.now += IDLE_LIMIT / 2
        browser.open("/action-items")
        assert browser.status == 200
    small_office.world.now = begun + ABSOLUTE_LIMIT
    browser.open("/action-items")
    assert browser.status == 401


def test_a_page_left_open_is_not_a_person_at_work(small_office):
    item = small_office.failed()
    browser = small_office.at_work("luc")
    for _ in range(3):
        small_office.world.now += IDLE_LIMIT / 2
        browser.open(f"/action-items/watch?ids={item.id}")
    assert browser.status == 401


def test_signing_in_again_gets_a_new_id_and_ends_the_old_session(small_office):
    browser = small_office.at_work("luc")
    before = browser.http.cookies["encaisse"]
    browser.open(small_office.link("luc"))
    browser.press("Sign in")
    assert browser.http.cookies["encaisse"] != before
    assert [session.ended_at is None for session in sessions(small_office)] == [False, True]


def test_the_language_of_the_page_is_the_language_of_the_session(small_office):
    link = small_office.link("marie")
    browser = small_office.browser()
    assert "Bonjour, Marie Tremblay" in browser.open(link).words
    assert "Hello, Marie Tremblay" in browser.open(browser.page.links["English"]).words
    assert "Payment Action Center" in browser.press("Sign in").words


def test_without_a_session_a_page_says_how_to_come_in_in_the_browsers_language(small_office):
    browser = small_office.browser()
    assert "Veuillez vous connecter" in browser.open("/action-items", **{"accept-language": "de, fr-CA;q=0.8"}).words
    assert browser.status == 401
    assert browser.headers["content-language"] == "fr-CA"


def test_every_answer_carries_the_guards(small_office):
    browser = small_office.at_work("luc")
    for path in ("/action-items", "/sign-in", "/nowhere", "/static/encaisse.css", "/livez", "/v1/commands/a/b"):
        browser.open(path)
        assert "script-src 'self'" in browser.headers["content-security-policy"]
        assert "unsafe" not in browser.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in browser.headers["content-security-policy"]
        assert browser.headers["x-content-type-options"] == "nosniff"
        assert browser.headers["cross-origin-opener-policy"] == "same-origin"
        assert browser.headers["referrer-policy"] == "same-origin"
        kept = path.startswith("/static/")
        assert ("immutable" if kept else "no-store") in browser.headers["cache-control"]


def test_no_page_has_inline_script_or_style_or_another_host(small_office):
    item = small_office.failed()
    browser = small_office.at_work("luc")
    for path in ("/action-items", f"/action-items/{item.id}", "/nowhere"):
        for tag, attributes in browser.open(path).tags:
            assert tag != "style"
            assert tag != "script" or attributes.get("src", "").startswith("/static/")
            assert not any(name == "style" or name.startswith("on") for name in attributes)
            for name in ("src", "href", "action"):
                assert "//" not in attributes.get(name, "").partition("?")[0].removeprefix(ORIGIN)
