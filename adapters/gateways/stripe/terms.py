"""The settings of a `stripe` merchant account: where it is reached, how it is searched, whose key opens it."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from domain.organisation import MerchantAccount

LIVE = "https://api.stripe.com"
DEADLINE_S = 40.0
KNOWN = frozenset(("url", "look_up", "credentials", "deadline_s"))
LOOK_UPS = ("customer", "whole")  # `whole` is for servers that can't narrow a list: test ones

_NAME = re.compile(r"[A-Za-z0-9.-]{0,64}")  # the name of a secret; a secret itself has an underscore


class Terms(NamedTuple):
    """How an account is asked. `credentials` names a secret key; the key itself is in no database."""

    url: str
    look_up: str
    credentials: str
    deadline_s: float


class TermsWrong(ValueError):
    """Settings that make no sense, or would send credentials to a stranger."""


def check_terms(settings: Mapping[str, Any]) -> None:
    """What can be seen without knowing the installation: an address that is not Stripe's may be the simulator's.
    Raises TermsWrong with the name of the setting."""
    url = settings.get("url")
    _read(settings, simulator_url=url if type(url) is str and url.startswith("http://") else None)


def read_terms(account: MerchantAccount, *, simulator_url: str | None) -> Terms:
    """`{"url"?, "credentials"?, "deadline_s"?, "look_up"?}`; `credentials` is the account's own id when it is not
    named. Raises TermsWrong."""
    terms = _read(account.settings, simulator_url=simulator_url)
    return terms if terms.credentials else terms._replace(credentials=account.id)


def _read(settings: Mapping[str, Any], *, simulator_url: str | None) -> Terms:
    if unknown := sorted(set(settings) - KNOWN):
        raise TermsWrong(unknown[0])  # a key among them is refused, not kept
    look_up, credentials = settings.get("look_up", LOOK_UPS[0]), settings.get("credentials", "")
    if look_up not in LOOK_UPS:
        raise TermsWrong("look_up")
    if type(credentials) is not str or not _NAME.fullmatch(credentials):
        raise TermsWrong("credentials")
    deadline_s = settings.get("deadline_s", DEADLINE_S)
    if isinstance(deadline_s, bool) or not isinstance(deadline_s, int | float) or not 0 < deadline_s <= 300:
        raise TermsWrong("deadline_s")
    url = settings.get("url", LIVE)
    pinned = LIVE if simulator_url is None else simulator_url.rstrip("/")
    if type(url) is not str or url.rstrip("/") not in (LIVE, pinned):
        raise TermsWrong("url")
    return Terms(url=url.rstrip("/"), look_up=str(look_up), credentials=credentials, deadline_s=float(deadline_s))
