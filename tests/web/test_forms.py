"""Every form comes from our own pages: two locks, each tried with every way of forcing it."""

import pytest

from tests.web.browser import ORIGIN
from tests.web.routes import routes

# fmt: off
FOREIGN = {
    "another site":          {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    "a site beside ours":    {"origin": "http://127.0.0.1:9999", "sec-fetch-site": "same-site"},
    "a sandboxed frame":     {"origin": "null", "sec-fetch-site": "cross-site"},
    "an older browser":      {"origin": "https://evil.example"},
    "another scheme":        {"origin": "https://127.0.0.1:8000"},
    "a name like ours":      {"origin": "http://127.0.0.1:8000.evil.example"},
    "a browser's other tab": {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
}
# fmt: on
TOKENS = {"none": "", "made up": "x" * 43, "not even text": "\u20ac"}


def posts(office):
    """Without the one click of a mail program, which comes from elsewhere with a token of its own (RFC 8058)."""
    found = [path for method, path in routes(office.web) if method == "POST" and not path.startswith("/v1/")]
    given = {
        "{id}": "brk_1",
        "{client}": "c-1",
        "{operation}": "credit",
        "{message}": "qua_1",
        "{administrator}": "marie",
        "{view}": "view_1",
        "{bulk}": "blk_1",
    }
    for name, value in given.items():
        found = [path.replace(name, value) for path in found]
    return [path for path in found if path != "/unsubscribe"]


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=list(FOREIGN))
def test_a_form_from_elsewhere_does_nothing(small_office, headers):
    item = small_office.failed()
    browser = small_office.at_work("luc")
    csrf = browser.csrf
    assert len(posts(small_office)) == 35
    for path in posts(small_office):
        form = {"csrf": csrf, "version": "1", "reason": "because"}
        browser.post(path.replace("{item}", item.id), form, **headers)
        assert browser.status == 403, path
        assert "could not be trusted" in browser.page.words
    assert small_office.item(item.id).version == item.version


def test_a_form_that_says_nothing_about_where_it_comes_from_does_nothing(small_office):
    item = small_office.failed()
    browser = small_office.at_work("luc")
    answer = browser.http.post(f"/action-items/{item.id}/retry", data={"csrf": browser.csrf, "version": "1"})
    assert answer.status_code == 403


@pytest.mark.parametrize("token", TOKENS.values(), ids=list(TOKENS))
def test_a_form_without_the_sessions_token_does_nothing(small_office, token):
    item = small_office.failed()
    browser = small_office.at_work("luc")
    for path in posts(small_office):
        if path.startswith("/sign-in"):
            continue  # nobody has a session there yet; the link, the password or the code is what counts
        browser.post(path.replace("{item}", item.id), {"csrf": token, "version": "1", "reason": "because"})
        assert browser.status == 403, path
    assert small_office.item(item.id).version == item.version


def test_the_token_of_another_persons_session_is_no_good(small_office):
    item = small_office.failed()
    luc, marie = small_office.at_work("luc"), small_office.at_work("marie")
    luc.post(f"/action-items/{item.id}/retry", {"csrf": marie.csrf, "version": "1"})
    assert luc.status == 403
    assert small_office.item(item.id).state == "open"


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "/sign-in", "\r\nX: y"])
def test_a_form_never_leads_away_from_our_pages(small_office, back):
    browser = small_office.at_work("luc")
    browser.http.follow_redirects = False
    browser.post("/language", {"csrf": browser.csrf, "language": "en", "back": back})
    assert browser.headers["location"] == "/action-items"
