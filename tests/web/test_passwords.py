"""Passwords with throttling, and sessions that end where they are kept."""

from datetime import timedelta

import pytest

from adapters.web import throttle
from adapters.web.passwords import LONGEST, PasswordNotGood, checked
from domain.access import Password, Session, Tries
from domain.people import Administrator
from tests.web.office import Office
from tests.web.proving import GOOD, OTHER, events, furnish, keep, things, try_password


@pytest.fixture
def desk(small_office: Office) -> Office:
    return furnish(small_office)


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
