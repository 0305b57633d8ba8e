"""The settings of a `cardpointe` merchant account: where it is reached, which merchant it is, whose secret opens it."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from domain.organisation import MerchantAccount

SITES = ".cardconnect.com"  # credentials are sent nowhere else, whatever a message may say
DEADLINE_S = 40.0  # CardPointe itself gives up after 32 s and says so: we wait for that
KNOWN = frozenset(("url", "merchid", "credentials", "deadline_s"))

_NAME = re.compile(r"[A-Za-z0-9._-]{0,64}")  # the name of a secret; a secret itself has a colon
_MERCHANT = re.compile(r"[A-Za-z0-9._-]{1,16}")


class Terms(NamedTuple):
    """How an account is asked. `credentials` names a secret; the secret itself is in no database."""

    url: str
    merchant: str
    credentials: str
    deadline_s: float


class TermsWrong(ValueError):
    """Settings that make no sense, or would send credentials to a stranger."""


def check_terms(settings: Mapping[str, Any]) -> None:
    """What can be seen without knowing the installation: an address that is not CardPointe's may be the simulator's.
    Raises TermsWrong with the name of the setting."""
    url = settings.get("url")
    _read(settings, simulator_url=url if type(url) is str and url.startswith("http://") else None)


def read_terms(account: MerchantAccount, *, simulator_url: str | None) -> Terms:
    """`{"url", "merchid", "credentials"?, "deadline_s"?}`; `credentials` is the account's own id when it is not
    named. Raises TermsWrong."""
    terms = _read(account.settings, simulator_url=simulator_url)
    return terms if terms.credentials else terms._replace(credentials=account.id)


def _read(settings: Mapping[str, Any], *, simulator_url: str | None) -> Terms:
    if unknown := sorted(set(settings) - KNOWN):
        raise TermsWrong(unknown[0])  # a password among them is refused, not kept
    merchant, deadline_s = settings.get("merchid"), settings.get("deadline_s", DEADLINE_S)
    if type(merchant) is not str or not _MERCHANT.fullmatch(merchant):
        raise TermsWrong("merchid")
    credentials = settings.get("credentials", "")
    if type(credentials) is not str or not _NAME.fullmatch(credentials):
        raise TermsWrong("credentials")
    if isinstance(deadline_s, bool) or not isinstance(deadline_s, int | float) or not 0 < deadline_s <= 300:
        raise TermsWrong("deadline_s")
    return Terms(
        url=_url(settings.get("url"), simulator_url),
        merchant=merchant,
        credentials=credentials,
        deadline_s=float(deadline_s),
    )


def _url(url: Any, simulator_url: str | None) -> str:
    """`https://<site>.cardconnect.com`, or the simulator's address as this installation knows it."""
    if type(url) is not str:
        raise TermsWrong("url")
    if simulator_url is not None and url.rstrip("/") == simulator_url.rstrip("/"):
        return url.rstrip("/")
    try:
        parts = urlsplit(url)
        pinned = parts.scheme == "https" and parts.port in (None, 443, 6443) and (parts.hostname or "").endswith(SITES)
    except ValueError:
        raise TermsWrong("url") from None
    if not pinned or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise TermsWrong("url")
    return f"https://{parts.netloc}"
