"""Ways in: passwords with throttling, links by mail, codes, and sessions that end where they are kept."""

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from adapters.database.vault import Vault
from adapters.mail.postman import Postman
from adapters.web import passwords, throttle
from adapters.web.passwords import LONGEST, PasswordNotGood, checked
from domain.access import Authenticator, Password, Session, Tries
from domain.event import Event
from domain.mail import LINK_WANTED_FOR, Mail, MailKind, MailState
from domain.people import Administrator
from tests.adapters.mail.server import MailServer, mail_server
from tests.web.browser import Browser
from tests.web.office import Office
from tests.world import ORGANISATION

GOOD = "correct horse battery"
OTHER = "quiet lake, early morning"


@pytest.fixture
def desk(small_office: Office) -> Office:
    """Luc has a password; the books can seal."""
    small_office.world.books.vault = Vault(("a root of at least thirty-two characters",))
    keep(small_office, "luc", GOOD)
    return small_office


def keep(office: Office, who: str, password: str, organisation: str = ORGANISATION) -> None:
    hash = passwords.hashed(password)
    office.world.books.run(
        lambda tx: passwords.keep(tx, tx.get(Administrator, organisation=organisation, id=who), hash)
    )


def try_password(office: Office, password: str = GOOD, email: str = "luc@example.org") -> Browser:
    browser = office.browser()
    browser.open("/action-items")
    browser.press("Sign in", email=email, password=password)
    return browser


def things(office: Office, thing: type, **key: Any) -> list[Any]:
    return office.world.books.run(lambda tx: tx.all(thing, **key))


def events(office: Office) -> list[str]:
    return [one.type for one in things(office, Event, subject="administrator:luc", order_by="id")]


# -- passwords --------------------------------------------------------------------------------------


def test_a_person_signs_in_with_address_and_password_in_whatever_case_they_write_the_address(office: Office) -> None:
    keep(office, "luc", GOOD)
    assert "Payment Action Center" in try_password(office, email=" LUC@example.org ").page.words
    assert events(office)[-1] == "administrator.signed_in"


@pytest.mark.parametrize(("email", "password"), [("luc@example.org", "wrong"), ("nobody@example.org", GOOD), ("", "")])
def test_a_wrong_password_and_an_unknown_address_have_the_same_answer(desk: Office, email: str, password: str) -> None:
    browser = try_password(desk, password, email)
    assert browser.status == 401
    assert "This address and password do not go together." in browser.page.words
    assert "encaisse" not in browser.http.cookies


def test_the_database_keeps_argon2id_and_the_log_keeps_nothing(desk: Office) -> None:
    try_password(desk, "a wrong password")
    [kept] = things(desk, Password)
    assert kept.hash.startswith("$argon2id$")
    assert GOOD not in kept.hash
    assert "wrong password" not in str(desk.logged)
    assert "luc@" not in str(things(desk, Tries))


def test_after_five_misses_whoever_tries_waits_even_with_the_right_password(desk: Office) -> None:
    for _ in range(throttle.FREE):
        assert try_password(desk, "wrong").status == 401
    browser = try_password(desk)
    assert browser.status == 429
    assert int(browser.headers["retry-after"]) == 30
    assert "Too many tries" in browser.page.words
    desk.world.now += timedelta(seconds=31)
    assert try_password(desk).status == 200
    assert things(desk, Tries) == []


def test_waits_grow_to_a_quarter_of_an_hour_and_no_further() -> None:
    waits = [throttle.wait_after(misses).total_seconds() for misses in range(1, 14)]
    assert waits[: throttle.FREE] == [0, 0, 0, 0, 30]
    assert waits == sorted(waits)
    assert waits[-1] == 900


def test_misses_at_an_address_that_nobody_has_are_throttled_alike(desk: Office) -> None:
    statuses = [try_password(desk, "x", "nobody@example.org").status for _ in range(throttle.FREE + 1)]
    assert statuses == [401] * throttle.FREE + [429]
    assert try_password(desk).status == 200  # others are not kept out


def test_who_works_in_several_organisations_says_in_which(desk: Office) -> None:
    desk.world.organisation("other")
    desk.person("luc", "failed_payment", organisation="other", name="Luc Roy")
    keep(desk, "luc", GOOD, "other")
    browser = try_password(desk)
    assert "Where do you want to work?" in browser.page.words
    browser.press("Club other")
    assert "Payment Action Center" in browser.page.words
    assert "Club other" in browser.page.words


def test_a_form_of_another_site_signs_nobody_in(desk: Office) -> None:
    browser = desk.browser()
    data = {"email": "luc@example.org", "password": GOOD}
    browser.post("/sign-in/password", data, origin="https://evil.example")
    assert browser.status == 403
    browser.http.post("/sign-in/password", data=data)  # a browser always says where a form comes from
    assert things(desk, Session) == []


@pytest.mark.parametrize("bad", ["short", "luclucluclucluc", "password1234", "aaaaaaaaaaaaaaaa", "x" * (LONGEST + 1)])
def test_a_password_that_anybody_would_try_is_refused(desk: Office, bad: str) -> None:
    [luc] = things(desk, Administrator, id="luc")
    with pytest.raises(PasswordNotGood):
        checked(luc, bad)
    assert checked(luc, OTHER) == OTHER


def test_a_changed_password_ends_every_other_session(desk: Office) -> None:
    other, own = try_password(desk), try_password(desk)
    own.open("/account")
    own.press("Keep this password", current="not this one", password=OTHER)
    assert own.status == 422
    own.press("Keep this password", current=GOOD, password=OTHER)
    assert "Changed on" in own.page.words
    assert own.open("/action-items").words.count("Please sign in") == 0
    other.open("/action-items")
    assert other.status == 401
    assert try_password(desk).status == 401
    assert try_password(desk, OTHER).status == 200
    assert "administrator.password_changed" in events(desk)


def test_without_a_password_only_who_has_just_signed_in_sets_one(desk: Office) -> None:
    browser = desk.at_work("marie")
    browser.open("/account")
    desk.world.now += timedelta(minutes=16)
    browser.press("Garder ce mot de passe", password=OTHER)
    assert browser.status == 409
    assert things(desk, Password, administrator="marie") == []
    fresh = desk.at_work("marie")
    fresh.open("/account")
    fresh.press("Garder ce mot de passe", password=OTHER)
    assert len(things(desk, Password, administrator="marie")) == 1


def test_sessions_are_listed_and_all_others_end_at_a_press(desk: Office) -> None:
    first, second = try_password(desk), try_password(desk)
    second.open("/account")
    assert second.page.words.count("last used") == 2
    second.press("Sign out everywhere else")
    first.open("/action-items")
    assert (first.status, second.status) == (401, 200)


# -- links by mail ----------------------------------------------------------------------------------


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


# -- codes ------------------------------------------------------------------------------------------


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
        assert browser.post("/sign-in/code", {"code": "000000"}) and browser.status == 401
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


# -- mail that a person wants -----------------------------------------------------------------------


def test_a_person_chooses_the_mail_that_they_want(desk: Office) -> None:
    browser = try_password(desk)
    browser.open("/account")
    browser.http.post(
        "/account/mail", data={"csrf": browser.csrf, "wanted": ["digest", "echeck", "everything"]},
        headers={"origin": "http://127.0.0.1:8000"},
    )  # fmt: skip
    [luc] = things(desk, Administrator, id="luc")
    assert luc.notifications == ("digest", "echeck")
    assert "administrator.changed" in events(desk)
