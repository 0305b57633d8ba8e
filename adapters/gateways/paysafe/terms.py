"""The settings of a `paysafe` merchant account: which API, which accounts there, whose secret opens them."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from domain.organisation import MerchantAccount

LIVE = "https://api.paysafe.com"
HOSTS = (LIVE, "https://api.test.paysafe.com")  # credentials are sent nowhere else, whatever a message may say
DEADLINE_S = 45.0  # Paysafe's own simulator answers after 35 s, its SDK waits for 60
CLEARING_DAYS = 6  # banking days after which a bank debit counts as cleared
KNOWN = frozenset(("url", "api", "account", "debit_account", "scheme", "credentials", "deadline_s"))

_NAME = re.compile(r"[A-Za-z0-9._-]{0,64}")  # the name of a secret; a secret itself has a colon
_ACCOUNT = re.compile(r"[A-Za-z0-9-]{0,36}")


class Terms(NamedTuple):
    """`api` is `cards` (with Direct Debit for e-checks) or `payments`. `credentials` names a secret; the secret
    itself is in no database."""

    url: str
    api: str
    account: str
    debit_account: str
    scheme: str
    credentials: str
    deadline_s: float


class TermsWrong(ValueError):
    """Settings that make no sense, or would send credentials to a stranger."""


def check_terms(settings: Mapping[str, Any]) -> None:
    """What can be seen without knowing the installation: an address that is not Paysafe's may be the simulator's.
    Raises TermsWrong with the name of the setting."""
    url = settings.get("url")
    _read(settings, simulator_url=url if type(url) is str and url.startswith("http://") else None)


def read_terms(account: MerchantAccount, *, simulator_url: str | None) -> Terms:
    """`{"account", "debit_account"?, "scheme"?, "api"?, "url"?, "credentials"?, "deadline_s"?}`; `credentials` is
    the account's own id when it is not named. Raises TermsWrong."""
    terms = _read(account.settings, simulator_url=simulator_url)
    return terms if terms.credentials else terms._replace(credentials=account.id)


def _read(settings: Mapping[str, Any], *, simulator_url: str | None) -> Terms:
    if unknown := sorted(set(settings) - KNOWN):
        raise TermsWrong(unknown[0])  # a password among them is refused, not kept
    api = _one_of(settings, "api", ("cards", "payments"))
    account, debit_account = _text(settings, "account", _ACCOUNT), _text(settings, "debit_account", _ACCOUNT)
    if api == "cards" and not (account or debit_account):
        raise TermsWrong("account")
    deadline_s = settings.get("deadline_s", DEADLINE_S)
    if isinstance(deadline_s, bool) or not isinstance(deadline_s, int | float) or not 0 < deadline_s <= 300:
        raise TermsWrong("deadline_s")
    return Terms(
        url=_url(settings.get("url", LIVE), simulator_url),
        api=api,
        account=account,
        debit_account=debit_account,
        scheme=_one_of(settings, "scheme", ("ach", "eft")),
        credentials=_text(settings, "credentials", _NAME),
        deadline_s=float(deadline_s),
    )


def _text(settings: Mapping[str, Any], name: str, shape: re.Pattern[str]) -> str:
    value = settings.get(name, "")
    if type(value) is not str or not shape.fullmatch(value):
        raise TermsWrong(name)
    return value


def _one_of(settings: Mapping[str, Any], name: str, values: tuple[str, ...]) -> str:
    value = settings.get(name, values[0])
    if value not in values:
        raise TermsWrong(name)
    return str(value)


def _url(url: Any, simulator_url: str | None) -> str:
    """One of Paysafe's two hosts, or the simulator's address as this installation knows it."""
    if type(url) is str:
        url = url.rstrip("/")
        if url in HOSTS or (simulator_url is not None and url == simulator_url.rstrip("/")):
            return str(url)
    raise TermsWrong("url")
