"""The settings of a merchant account whose e-checks go by file: who originates, as agreed with the bank, and where."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from adapters.bank_files.cpa005_layout import FEES_AND_DUES, institution
from adapters.bank_files.cpa005_pen import CanadianPen
from adapters.bank_files.cpa005_returns import read_canadian_returns
from adapters.bank_files.cpa005_writer import CanadianOriginator
from adapters.bank_files.nacha_layout import routing_is_valid
from adapters.bank_files.nacha_pen import NachaPen
from adapters.bank_files.nacha_returns import read_returns
from adapters.bank_files.nacha_writer import Originator
from adapters.bank_files.pens import Pen
from domain.bank_return import FromBank
from domain.organisation import MerchantAccount

PORT = 22
DESCRIPTION = "RECFEE"
_NAME = re.compile(r"[A-Za-z0-9._-]{0,64}")  # the name of a secret; a secret itself has a colon
_PATH = re.compile(r"/?[A-Za-z0-9._ -]+(/[A-Za-z0-9._ -]+)*")


class TermsWrong(ValueError):
    """Settings with which no bank would take a file; says the name of the setting."""


class Place(NamedTuple):
    """Where files are laid down: at an SFTP server, or in a folder of this machine where `host` is empty. `out` and
    `returns` are folders of the server."""

    host: str
    port: int
    out: str
    returns: str
    credentials: str


# What each setting has to look like, beside those of the place.
_NACHA: Mapping[str, re.Pattern[str]] = {
    "destination": re.compile(r"[0-9]{9}"), "origin": re.compile(r"[0-9A-Z]{9,10}"),
    "destination_name": re.compile(r"[ -~]{1,23}"), "origin_name": re.compile(r".{1,60}"),
    "company_name": re.compile(r".{1,60}"), "company_id": re.compile(r"[0-9A-Z]{1,10}"),
    "odfi": re.compile(r"[0-9]{8}"),
}  # fmt: skip
_CANADIAN: Mapping[str, re.Pattern[str]] = {
    "originator": re.compile(r"[0-9A-Z]{10}"), "data_centre": re.compile(r"[0-9]{5}"),
    "short_name": re.compile(r".{1,60}"), "long_name": re.compile(r".{1,60}"),
    "return_institution": re.compile(r"[0-9]{3}"), "return_transit": re.compile(r"[0-9]{5}"),
    "return_account": re.compile(r"[0-9]{4,12}"),
}  # fmt: skip
_DESCRIPTION = re.compile(r"[0-9A-Z ]{1,10}")
_PLACE = frozenset(("url", "returns", "credentials", "line_end"))
_LINE_ENDS = {"lf": "\n", "crlf": "\r\n"}


def check_nacha(settings: Mapping[str, Any]) -> None:
    """What is given makes sense; an account may be registered before its bank has said everything. Raises
    TermsWrong."""
    _check(settings, {**_NACHA, "description": _DESCRIPTION})
    if "destination" in settings and not routing_is_valid(settings["destination"]):
        raise TermsWrong("destination")


def check_cpa005(settings: Mapping[str, Any]) -> None:
    """The same of Canada. Raises TermsWrong."""
    _check({name: value for name, value in settings.items() if name != "transaction_type"}, _CANADIAN)
    kind = settings.get("transaction_type", FEES_AND_DUES)
    if type(kind) is not int or not 100 <= kind <= 999:
        raise TermsWrong("transaction_type")


def _check(settings: Mapping[str, Any], known: Mapping[str, re.Pattern[str]]) -> None:
    if unknown := sorted(set(settings) - set(known) - _PLACE):
        raise TermsWrong(unknown[0])  # a password among them is refused, not kept
    for name, pattern in known.items():
        value = settings.get(name, "")
        if name in settings and (type(value) is not str or not pattern.fullmatch(value)):
            raise TermsWrong(name)
    _line_end(settings, "lf")
    read_place(settings)


def nacha_pen(settings: Mapping[str, Any]) -> Pen:
    """`destination`, `origin`, `destination_name`, `origin_name`, `company_name`, `company_id`, `odfi`;
    `description` and `line_end` (lf, crlf) where the bank wants others. Raises TermsWrong."""
    check_nacha(settings)
    given = _needed(settings, _NACHA)
    odfi = int(given.pop("odfi"))
    return NachaPen(
        originator=Originator(**given, odfi=odfi, line_end=_line_end(settings, "lf")),
        description=str(settings.get("description", DESCRIPTION)),
    )  # fmt: skip


def canadian_pen(settings: Mapping[str, Any]) -> Pen:
    """`originator`, `data_centre`, `short_name`, `long_name`, `return_institution`, `return_transit` and
    `return_account`; `transaction_type` and `line_end` where the bank wants others. Raises TermsWrong."""
    check_cpa005(settings)
    given = _needed(settings, _CANADIAN)
    return CanadianPen(
        originator=CanadianOriginator(
            originator=given["originator"], data_centre=int(given["data_centre"]), currency="CAD",
            short_name=given["short_name"], long_name=given["long_name"],
            return_to=institution(given["return_institution"], given["return_transit"]),
            return_account=given["return_account"], transaction_type=settings.get("transaction_type", FEES_AND_DUES),
            line_end=_line_end(settings, "crlf"),
        )
    )  # fmt: skip


READERS: dict[str, Callable[[Iterable[str]], Iterator[FromBank]]] = {
    "nacha": read_returns,
    "cpa005": read_canadian_returns,
}
PENS: dict[str, Callable[[Mapping[str, Any]], Pen]] = {"nacha": nacha_pen, "cpa005": canadian_pen}


def pen_of(account: MerchantAccount) -> Pen:
    """Raises TermsWrong."""
    return PENS[account.processor](account.settings)


def read_place(settings: Mapping[str, Any]) -> Place:
    """`url`: `sftp://bank.example.com:22/inbox`, without whom or what opens it; `returns`: the folder there in which
    the bank lays down its own files. Without a url, a folder of this machine. Raises TermsWrong."""
    credentials, returns, url = (settings.get(name, "") for name in ("credentials", "returns", "url"))
    if type(credentials) is not str or not _NAME.fullmatch(credentials):
        raise TermsWrong("credentials")
    if type(returns) is not str or (returns and not _PATH.fullmatch(returns)):
        raise TermsWrong("returns")
    if type(url) is not str:
        raise TermsWrong("url")
    if not url:
        return Place("", 0, "", "", credentials)
    try:
        parts = urlsplit(url)
        port = parts.port or PORT
    except ValueError:
        raise TermsWrong("url") from None
    path = parts.path or "/"
    plain = parts.scheme == "sftp" and parts.hostname and not parts.query and not parts.fragment
    if not plain or "@" in parts.netloc or (path != "/" and not _PATH.fullmatch(path)):
        raise TermsWrong("url")
    return Place(str(parts.hostname), port, path, returns, credentials)


def _needed(settings: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    for name in names:
        if name not in settings:
            raise TermsWrong(name)
    return {name: str(settings[name]) for name in names}


def _line_end(settings: Mapping[str, Any], default: str) -> str:
    said = settings.get("line_end", default)
    if said not in _LINE_ENDS:
        raise TermsWrong("line_end")
    return _LINE_ENDS[said]
