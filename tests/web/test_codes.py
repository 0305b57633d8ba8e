"""Codes of an app, the second proof: good once, throttled, sealed, with spare ones."""

import re
from datetime import timedelta

import pyotp
import pytest

from adapters.database.bank_accounts import reseal_all
from adapters.database.vault import Vault
from adapters.web import throttle
from domain.access import Authenticator
from tests.web.browser import Browser
from tests.web.office import Office
from tests.web.proving import ROOT, events, furnish, things, try_password


@pytest.fixture
def desk(small_office: Office) -> Office:
    return furnish(small_office)


@pytest.fixture
def coded(desk: Office) -> tuple[Office, pyotp.TOTP, list[str]]:
    """Luc's app shows codes; with his spare ones."""
    browser = try_password(desk)
    browser.open("/account")
    browser.press("Set up an app")
    [secret] = re.findall(r"<code>([A-Z2-7 ]{32,})</code>", browser.text)
    app = pyotp.TOTP(secret.replace(" ", ""))
    browser.press("Ask for a code from now on", code="000000")
    assert browser.status == 422
    browser.press("Ask for a code from now on", code=app.at(desk.world.now))
    spare = re.findall(r"<li><code>(\w{10})</code>", browser.text)
    assert len(spare) == 8
    desk.world.now += timedelta(minutes=2)
    return desk, app, spare


def give(browser: Browser, code: str) -> Browser:
    browser.press("Sign in", code=code)
    return browser


def test_with_an_app_a_password_is_half_the_way(coded: tuple[Office, pyotp.TOTP, list[str]]) -> None:
    office, app, _ = coded
    browser = try_password(office)
    assert browser.path == "/sign-in/code"
    half = browser.http.cookies["encaisse"]
    browser.open("/action-items")
    assert browser.status == 401
    browser.open("/sign-in/code")
    assert give(browser, "123456").status == 401
    assert "Payment Action Center" in give(browser, app.at(office.world.now)).page.words
    assert browser.http.cookies["encaisse"] != half


def test_a_link_is_half_the_way_too(coded: tuple[Office, pyotp.TOTP, list[str]]) -> None:
    office, app, _ = coded
    browser = office.at_work("luc")
    assert browser.path == "/sign-in/code"
    assert give(browser, app.at(office.world.now)).status == 200


def test_a_code_is_good_once_and_a_telephone_may_be_half_a_minute_off(
    coded: tuple[Office, pyotp.TOTP, list[str]],
) -> None:
    office, app, _ = coded
    late = app.at(office.world.now - timedelta(seconds=30))
    early = app.at(office.world.now + timedelta(seconds=30))
    far = app.at(office.world.now + timedelta(seconds=90))
    statuses = [give(try_password(office), code).status for code in (far, late, late, early, late)]
    assert statuses == [401, 200, 401, 200, 401]


def test_a_spare_code_lets_in_once(coded: tuple[Office, pyotp.TOTP, list[str]]) -> None:
    office, _, spare = coded
    assert [give(try_password(office), code).status for code in (spare[3].upper(), spare[3])] == [200, 401]
    [kept] = things(office, Authenticator)
    assert len(kept.spare) == 7
    assert "administrator.spare_code_used" in events(office)


def test_guessing_codes_is_throttled(coded: tuple[Office, pyotp.TOTP, list[str]]) -> None:
    office, app, _ = coded
    browser = try_password(office)
    for _ in range(throttle.FREE):
        browser.post("/sign-in/code", {"code": "000000"})
        assert browser.status == 401
    browser.post("/sign-in/code", {"code": app.at(office.world.now)})
    assert browser.status == 429


def test_the_secret_of_an_app_is_sealed_and_shown_once(coded: tuple[Office, pyotp.TOTP, list[str]]) -> None:
    office, app, spare = coded
    [kept] = things(office, Authenticator)
    assert app.secret not in kept.sealed
    assert not set(spare) & set(kept.spare)
    browser = give(try_password(office), app.at(office.world.now))
    assert app.secret[:4] not in browser.open("/account").words


def test_who_no_longer_wants_a_code_shows_one_first(coded: tuple[Office, pyotp.TOTP, list[str]]) -> None:
    office, app, _ = coded
    browser = give(try_password(office), app.at(office.world.now))
    office.world.now += timedelta(minutes=2)
    browser.open("/account")
    browser.press("No longer ask for a code", code="000000")
    assert browser.status == 422
    browser.press("No longer ask for a code", code=app.at(office.world.now))
    assert things(office, Authenticator) == []
    assert "Payment Action Center" in try_password(office).page.words


def test_under_a_new_key_the_secrets_of_apps_are_sealed_anew(coded: tuple[Office, pyotp.TOTP, list[str]]) -> None:
    office, app, _ = coded
    office.world.books.vault = Vault(("another root of thirty-two characters", ROOT))
    assert reseal_all(office.world.books) == 1
    office.world.books.vault = Vault(("another root of thirty-two characters",))
    assert give(try_password(office), app.at(office.world.now)).status == 200
