"""Signing in through an identity provider: believed only when issuer, audience, time, nonce and signature hold."""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from adapters.web.oidc import NotBelieved, Provider
from adapters.web.sign_in_oidc import LASTS
from domain.access import ProvenIdentity, Session
from domain.people import Administrator
from tests.web.browser import Browser
from tests.web.office import Office
from tests.web.provider import CLIENT, Claims, FakeProvider, fake_provider
from tests.web.proving import things

SECRET = "what the provider knows us by"


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as made:
        yield made


@pytest.fixture
def fake(provider: FakeProvider) -> FakeProvider:
    """Honest again for each test."""
    provider.lie, provider.sign, provider.subject, provider.status, provider.about = (
        (lambda x: x),
        None,
        "u-42",
        200,
        {},
    )
    provider.asked.clear()
    return provider


@pytest.fixture
def joined(small_office: Office, fake: FakeProvider) -> Office:
    """Luc has connected his account at the provider."""
    settings = small_office.app.settings
    settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret = fake.issuer, CLIENT, SECRET
    settings.oidc_name = "Club ID"
    small_office.web.state.provider = Provider(settings)
    connect(small_office, fake, "luc")
    return small_office


def connect(office: Office, fake: FakeProvider, who: str) -> Browser:
    browser = office.at_work(who)
    browser.open("/account")
    page = browser.press("Connect to Club ID")
    return back(browser, fake.authorise(page.links["Continue to Club ID"]))


def leave(office: Office) -> tuple[Browser, str]:
    """A browser on its way to the provider, and where it was sent."""
    browser = office.browser()
    browser.http.follow_redirects = False
    browser.open("/sign-in/oidc")
    assert browser.status == 303
    browser.http.follow_redirects = True
    return browser, str(browser.headers["location"])


def back(browser: Browser, told: dict[str, str], **changed: str) -> Browser:
    browser.open(f"/sign-in/oidc/back?{urlencode(told | changed)}")
    return browser


def signed_in(office: Office, fake: FakeProvider) -> Browser:
    browser, address = leave(office)
    return back(browser, fake.authorise(address))


def test_who_has_connected_an_account_signs_in_with_it(joined: Office, fake: FakeProvider) -> None:
    browser = signed_in(joined, fake)
    assert "Payment Action Center" in browser.page.words
    assert "Luc Roy" in browser.page.words


def test_the_way_there_carries_state_nonce_and_pkce(joined: Office, fake: FakeProvider) -> None:
    browser, address = leave(joined)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == ("code", "S256", "openid")
    assert min(len(asked["state"]), len(asked["nonce"])) >= 43
    fake.asked.clear()
    back(browser, fake.authorise(address))
    [form] = fake.asked
    proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
    assert proof == asked["code_challenge"]
    assert form["redirect_uri"] == asked["redirect_uri"]
    assert SECRET not in address


def test_an_address_lets_nobody_in_only_a_connected_account_does(joined: Office, fake: FakeProvider) -> None:
    """The provider says that it is luc@example.org, of another of its accounts."""
    fake.subject = "u-43"
    browser = signed_in(joined, fake)
    assert browser.status == 401
    assert "not connected to anybody here" in browser.page.words


def test_an_account_is_tied_to_one_person_of_an_organisation(joined: Office, fake: FakeProvider) -> None:
    joined.person("omar", "reports")
    assert connect(joined, fake, "omar").status == 401
    [kept] = things(joined, ProvenIdentity)
    assert kept.administrator == "luc"


def test_who_disconnects_can_not_come_in_that_way(joined: Office, fake: FakeProvider) -> None:
    browser = signed_in(joined, fake)
    browser.open("/account")
    browser.press("Disconnect")
    assert signed_in(joined, fake).status == 401


LIES: dict[str, Callable[[Claims], Claims]] = {
    "another issuer": lambda told: told | {"iss": "https://evil.example"},
    "no issuer": lambda told: _without(told, "iss"),
    "another audience": lambda told: told | {"aud": "somebody"},
    "no audience": lambda told: _without(told, "aud"),
    "several audiences": lambda told: told | {"aud": [CLIENT, "somebody"]},
    "another party": lambda told: told | {"aud": [CLIENT, "somebody"], "azp": "somebody"},
    "expired": lambda told: told | {"exp": time.time() - 120},
    "never expires": lambda told: _without(told, "exp"),
    "expires as a word": lambda told: told | {"exp": "tomorrow"},
    "issued tomorrow": lambda told: told | {"iat": time.time() + 86_400},
    "issued yesterday": lambda told: told | {"iat": time.time() - 86_400},
    "issued never": lambda told: _without(told, "iat"),
    "not good yet": lambda told: told | {"nbf": time.time() + 3_600},
    "another nonce": lambda told: told | {"nonce": "of another visit"},
    "no nonce": lambda told: _without(told, "nonce"),
    "no subject": lambda told: _without(told, "sub"),
    "an empty subject": lambda told: told | {"sub": ""},
    "a subject that is no word": lambda told: told | {"sub": ["u-42"]},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_says_something_wrong_lets_nobody_in(joined: Office, fake: FakeProvider, lie: str) -> None:
    fake.lie = LIES[lie]
    refused(joined, fake)


def refused(office: Office, fake: FakeProvider) -> None:
    before = len(things(office, Session))
    browser = signed_in(office, fake)
    assert browser.status == 401
    assert "could not be believed" in browser.page.words
    assert len(things(office, Session)) == before


def forged(fake: FakeProvider) -> dict[str, Callable[[Claims], str]]:
    other = RSAKey.generate_key(2048, {"kid": fake.key.kid or ""})
    public = fake.key.as_pem(private=False)

    def bare(told: Claims) -> str:
        parts = ({"alg": "none"}, told)
        return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + "."

    def cut(told: Claims) -> str:
        head, body, signature = fake.signed(told).split(".")
        return f"{head}.{body}.{signature[:-6]}AAAAAA"

    return {
        "unsigned": bare,
        "signed by a stranger": lambda told: fake.signed(told, key=other),
        "signed by an unknown key": lambda told: fake.signed(told, key=other, kid="unknown"),
        "signed with our public key as a secret": lambda told: jwt.encode(
            {"alg": "HS256", "kid": fake.key.kid}, told, OctKey.import_key(public)
        ),
        "with another's signature": cut,
        "no token at all": lambda told: "not.a.token",
        "empty": lambda told: "",
    }  # fmt: skip


FORGERIES = (
    "unsigned", "signed by a stranger", "signed by an unknown key", "signed with our public key as a secret",
    "with another's signature", "no token at all", "empty",
)  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(
    joined: Office, fake: FakeProvider, forgery: str
) -> None:
    fake.sign = forged(fake)[forgery]
    refused(joined, fake)


def test_a_provider_that_refuses_the_code_lets_nobody_in(joined: Office, fake: FakeProvider) -> None:
    fake.status = 400
    refused(joined, fake)


def test_a_new_key_of_the_provider_is_read_when_it_signs(joined: Office, fake: FakeProvider) -> None:
    assert signed_in(joined, fake).status == 200
    fake.key = RSAKey.generate_key(2048, {"kid": f"{fake.key.kid}-next"})
    assert signed_in(joined, fake).status == 200


def test_what_comes_back_must_be_of_this_browser_and_of_this_visit(joined: Office, fake: FakeProvider) -> None:
    victim, _ = leave(joined)
    _, address = leave(joined)
    attackers = fake.authorise(address)
    assert back(victim, attackers).status == 401  # an attacker's code in a victim's browser
    assert back(joined.browser(), attackers).status == 401
    browser, address = leave(joined)
    told = fake.authorise(address)
    assert back(browser, told, state="made-up").status == 401
    assert back(joined.browser(), {}).status == 401


def test_what_comes_back_is_good_once_and_for_a_while(joined: Office, fake: FakeProvider) -> None:
    browser, address = leave(joined)
    told = fake.authorise(address)
    assert back(browser, told).status == 200
    assert back(browser, told).status == 401
    browser, address = leave(joined)
    joined.world.now += LASTS
    assert back(browser, fake.authorise(address)).status == 401


def test_an_answer_of_another_provider_is_not_taken(joined: Office, fake: FakeProvider) -> None:
    """RFC 9207."""
    browser, address = leave(joined)
    assert back(browser, fake.authorise(address), iss="https://evil.example").status == 401


@pytest.mark.parametrize(
    "about",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": "file:///x"}],
)
def test_a_provider_that_is_somebody_else_or_speaks_in_the_open_is_not_asked(
    joined: Office, fake: FakeProvider, about: dict[str, Any]
) -> None:
    fake.about = about
    from adapters.web.oidc import Visit

    with pytest.raises(NotBelieved):
        Provider(joined.app.settings).way_there(Visit.fresh())


def test_people_have_no_second_name_at_the_provider(joined: Office) -> None:
    [luc] = things(joined, Administrator, id="luc")
    assert [one.subject for one in things(joined, ProvenIdentity, administrator=luc.id)] == ["u-42"]


def _without(told: Claims, name: str) -> Claims:
    return {key: value for key, value in told.items() if key != name}
