"""The filters of the Payment Action Center as they stand in an address: read, written, told as chips."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, HTTPException
from starlette.requests import Request

from adapters.database.action_centre import Cursor
from adapters.database.item_filter import ECHECK, Filter, Tab
from adapters.web.wording import Wording, parse_amount
from adapters.wording import BRANDS
from domain.action_item import ItemKind
from domain.declines import REASONS, ReasonClass
from domain.organisation import Organisation

LIST = "/action-items"
MAX_TEXT = 100
MAX_IDS = 200
# The filters in the order of their form; `tab`, `q` and `ids` have places of their own on the page.
FILTERS = ("type", "reason", "account", "method", "owner", "from", "to", "min", "max", "attempts")
PARTS = ("tab", "q", *FILTERS, "ids")
ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
TYPES = tuple(kind.value for kind in ItemKind if kind is not ItemKind.IN_DOUBT)  # which has a tab
# fmt: off
CHOICES: dict[str, tuple[str, ...]] = {
    "tab":    tuple(tab.value for tab in Tab),
    "type":   TYPES,
    "reason": (*(one.value for one in ReasonClass), *REASONS),
    "method": (*BRANDS, ECHECK),
}
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One filter in words, and the address of the list without it."""

    name: str
    words: str
    without: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What stands in the address, cleaned, without what is empty."""

    parts: Mapping[str, str] = field(default_factory=dict)

    def part(self, name: str) -> str:
        return self.parts.get(name, "")

    @property
    def tab(self) -> Tab:
        return Tab(self.parts.get("tab", Tab.ALL.value))

    @property
    def query(self) -> str:
        kept = {name: self.parts[name] for name in PARTS if name in self.parts}
        return urlencode({name: value for name, value in kept.items() if (name, value) != ("tab", Tab.ALL.value)})

    @property
    def narrowed(self) -> bool:
        """Whether anything but the tab was asked for."""
        return any(name != "tab" for name in self.parts)

    def address(self, path: str = LIST, **changes: str) -> str:
        """With other values for some parts; an empty one takes a part out."""
        query = Asked(parts={name: value for name, value in {**self.parts, **changes}.items() if value}).query
        extra = {name: value for name, value in changes.items() if name not in PARTS and value}
        whole = "&".join(one for one in (query, urlencode(extra)) if one)
        return f"{path}?{whole}" if whole else path

    def filter(self, owner: Organisation) -> Filter:
        """Raises the page of what can't be read: a filter that is ignored would show, and act on, too much."""
        words = self.part("q")
        return Filter(
            tab=self.tab, words=words, amount=parse_amount(words, owner.currency) if words else None,
            kind=self.part("type"), reason=self.part("reason"), account=self.part("account"),
            method=self.part("method"), owner=self.part("owner"), since=_day(self.part("from")),
            until=_day(self.part("to")), least=_money(self.part("min"), owner.currency),
            most=_money(self.part("max"), owner.currency), attempts=_number(self.part("attempts")),
            ids=tuple(one for one in self.part("ids").split(",") if one),
        )  # fmt: skip

    def chips(self, w: Wording, owner_name: str = "") -> list[Chip]:
        told = []
        for name in ("ids", *FILTERS):
            value = self.part(name)
            if value:
                shown = owner_name if name == "owner" and owner_name else _in_words(name, value, w)
                words = w(f"web.chip.{name}", value=shown)
                told.append(Chip(name=name, words=words, without=self.address(**{name: ""})))
        return told


def _in_words(name: str, value: str, w: Wording) -> str:
    match name:
        case "type":
            return w(f"web.kind.{value}")
        case "reason":
            return w(f"web.reason_class.{value}") if value in set(ReasonClass) else w.reason(value, "staff").rstrip(".")
        case "method":
            return BRANDS.get(value) or w(f"web.method.{value}")
        case "from" | "to":
            return w.day(date.fromisoformat(value))
        case "min" | "max":
            return w.money(parse_amount(value, w.currency) or 0)
        case "ids":
            return str(value.count(",") + 1)
        case _:
            return value


def clean(typed: str) -> str:
    """What a person typed, without the characters that nobody can see or store."""
    return "".join(letter for letter in typed if letter.isprintable() or letter == "\n").strip()


def read_asked(given: Mapping[str, str]) -> Asked:
    """Raises the page of what can't be read."""
    parts = {name: clean(given[name]) for name in PARTS if name in given}
    parts = {name: value for name, value in parts.items() if value}
    for name, value in parts.items():
        wrong = len(value) > (MAX_IDS * 65 if name == "ids" else MAX_TEXT)
        wrong = wrong or (name in CHOICES and value not in CHOICES[name])
        if name == "ids":
            ids = [one for one in value.split(",") if one]
            wrong = wrong or len(ids) > MAX_IDS or not all(ID.fullmatch(one) for one in ids)
        if wrong:
            raise HTTPException(422)
    for name in ("from", "to"):
        _day(parts.get(name, ""))
    return Asked(parts=parts)


def asked(request: Request) -> Asked:
    return read_asked(request.query_params)


OfQuery = Annotated[Asked, Depends(asked)]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise HTTPException(422) from None


def _number(text: str) -> int | None:
    if text and not (text.isdecimal() and len(text) <= 3):
        raise HTTPException(422)
    return int(text) if text else None


def _money(text: str, currency: str) -> int | None:
    amount = parse_amount(text, currency) if text else None
    if text and amount is None:
        raise HTTPException(422)
    return amount


def write_cursor(cursor: Cursor) -> str:
    at, amount, id = cursor
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), amount, id]).encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor | None:
    """None for anything that is not a cursor of ours: the list then begins at its beginning."""
    try:
        at, amount, id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        instant = datetime.fromisoformat(at)
        return (instant, int(amount), str(id)) if instant.tzinfo else None
    except (ValueError, TypeError, binascii.Error):
        return None


def form_choices(w: Wording, accounts: list[str]) -> dict[str, list[tuple[str, Any]]]:
    """The choices of the form: (value, words) of each filter that has a list."""
    return {
        "type": [(kind, w(f"web.kind.{kind}")) for kind in TYPES],
        "reason": [(one.value, w(f"web.reason_class.{one}")) for one in ReasonClass],
        "account": [(id, id) for id in accounts],
        "method": [*BRANDS.items(), (ECHECK, w(f"web.method.{ECHECK}"))],
    }
