"""Reading what was typed into the form of an operation: amounts, dates, choices; wrong ones name their field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from adapters.database.desk import Desk
from adapters.inbox.refusals import FieldMissing, InvalidValue
from adapters.web.wording import parse_amount

MAX_LINES_TYPED = 5  # lines of an invoice on the form; a service may send more


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """The fields of a form as they were sent."""

    fields: Mapping[str, Sequence[str]]

    def text(self, name: str) -> str:
        """Without what nobody can see; empty when it was not filled in."""
        given = self.fields.get(name, ())
        typed = given[-1] if given else ""
        return "".join(letter for letter in typed if letter.isprintable() or letter == "\n").strip()

    def must(self, name: str) -> str:
        found = self.text(name)
        if not found:
            raise FieldMissing(name)
        return found

    def all(self, name: str) -> list[str]:
        """What was ticked."""
        return [one for one in self.fields.get(name, ()) if one]

    def ticked(self, name: str) -> bool:
        return bool(self.all(name))

    def day(self, name: str) -> str | None:
        typed = self.text(name)
        if not typed:
            return None
        try:
            return date.fromisoformat(typed).isoformat()
        except ValueError:
            raise InvalidValue(name) from None

    def must_day(self, name: str) -> str:
        found = self.day(name)
        if found is None:
            raise FieldMissing(name)
        return found

    def number(self, name: str) -> int:
        typed = self.must(name)
        if not typed.isdecimal() or len(typed) > 6:
            raise InvalidValue(name)
        return int(typed)

    def percent(self, name: str) -> str:
        """With a decimal comma or point, as it is typed in either language."""
        return self.must(name).rstrip("% \u00a0").replace(",", ".")

    def taxes(self, name: str = "taxes") -> list[dict[str, str]]:
        return [{"code": code} for code in self.all(name)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed(Entered):
    """Those of a client's billing; `desk` is what they choose from."""

    desk: Desk

    @property
    def currency(self) -> str:
        return self.desk.organisation.currency

    def money(self, name: str) -> int | None:
        """Minor units; None when it was left empty."""
        typed = self.text(name)
        if not typed:
            return None
        negative = typed.startswith(("-", "−", "(")) and len(typed) > 1
        amount = parse_amount(typed.strip("-−()"), self.currency)
        if amount is None:
            raise InvalidValue(name)
        return -amount if negative else amount

    def must_money(self, name: str) -> int:
        amount = self.money(name)
        if amount is None:
            raise FieldMissing(name)
        return amount


def given(**fields: Any) -> dict[str, Any]:
    """The fields that hold something: what was left empty is not sent."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
