"""Settings of a `cardpointe` account: no secret in them, and no stranger who gets one."""

import pytest
from pydantic import ValidationError

from adapters.gateways.cardpointe.gateway import CardPointeGateway
from adapters.gateways.cardpointe.terms import TermsWrong, check_terms, read_terms
from adapters.inbox.refusals import of_shape
from adapters.inbox.schemas import RegisterOrganisation
from adapters.settings import Settings
from domain.organisation import MerchantAccount
from domain.outcome import Charge, NotSent

GOOD = {"url": "https://fts-uat.cardconnect.com", "merchid": "100000000001"}
SIMULATOR = "http://127.0.0.1:8089"


def account(**settings) -> MerchantAccount:
    return MerchantAccount(
        organisation="ymca", id="main", processor="cardpointe", kinds=("card",), settings={**GOOD, **settings}
    )


def test_an_account_names_its_site_its_merchant_and_a_secret_elsewhere():
    terms = read_terms(account(), simulator_url=None)

    assert terms == (GOOD["url"], GOOD["merchid"], "main", 40.0)
    assert read_terms(account(credentials="shared"), simulator_url=None).credentials == "shared"


@pytest.mark.parametrize(
    "url",
    [
        "http://fts-uat.cardconnect.com",
        "https://cardconnect.com.evil.example",
        "https://evil.example/.cardconnect.com",
        "https://user@fts.cardconnect.com",
        "https://fts.cardconnect.com:8443",
        "https://fts.cardconnect.com/elsewhere",
        "https://fts.cardconnect.com?x=1",
        "https://169.254.169.254",
        SIMULATOR,
        "",
        None,
    ],
)
def test_credentials_are_never_sent_to_a_stranger(url):
    with pytest.raises(TermsWrong, match="url"):
        read_terms(account(url=url), simulator_url=None)


def test_the_simulator_of_the_installation_is_no_stranger():
    assert read_terms(account(url=SIMULATOR + "/"), simulator_url=SIMULATOR).url == SIMULATOR


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"password": "hunter2"}, "password"),
        ({"credentials": "user:hunter2"}, "credentials"),
        ({"merchid": "1" * 17}, "merchid"),
        ({"deadline_s": "40"}, "deadline_s"),
        ({"deadline_s": 0}, "deadline_s"),
        ({"url": "ftp://fts.cardconnect.com"}, "url"),
    ],
)
def test_a_secret_or_nonsense_in_the_settings_is_refused_by_its_shape_and_kept_nowhere(settings, field):
    with pytest.raises(TermsWrong, match=field):
        check_terms({**GOOD, **settings})
    shape = {"organisation": "ymca", "merchant_accounts": [
        {"id": "main", "processor": "cardpointe", "kinds": ["card"], "settings": {**GOOD, **settings}}
    ]}  # fmt: skip
    with pytest.raises(ValidationError) as refused:
        RegisterOrganisation.model_validate(shape)
    refusal = of_shape(refused.value)
    assert (refusal.code, refusal.field) == ("out_of_range", f"merchant_accounts.0.settings.{field}")


def test_P1_one_organisations_secret_never_opens_anothers_account():
    settings = Settings(_env_file=None, credentials={"ymca": {"main": "user:hunter2"}})

    assert settings.credential("ymca", "main") == "user:hunter2"
    with pytest.raises(LookupError):
        settings.credential("club", "main")
    assert "hunter2" not in repr(settings) + settings.model_dump_json()


def test_F122_without_its_secret_nothing_is_sent(caplog):
    settings = Settings(_env_file=None)
    gateway = CardPointeGateway(settings.credential, today=lambda: None, simulator_url=None)  # type: ignore[arg-type,return-value]
    charge = Charge(key="abcdefghijklmx1", amount_minor=100, currency="USD", token="9401234567890123")

    assert gateway.charge(account(), [charge, charge]) == [NotSent(why="account_not_usable")] * 2
    assert "gateway.account_not_usable" in caplog.text
