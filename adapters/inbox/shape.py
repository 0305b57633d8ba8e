"""The parts that schemas of commands are made of: ids, amounts, dates, texts, each with its limits."""

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from adapters.scrubbing import looks_like_card_number
from domain.money import MAX_AMOUNT_MINOR
from domain.retrying import MAX_NOTE

FIRST_YEAR, LAST_YEAR = 2000, 2100
MAX_SETTINGS_DEPTH = 6
MAX_SETTINGS_ITEMS = 200
MAX_INTEGER = 2**53
MAX_REFERENCE = 100
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
SPACES = "\n\t"
# As cards are printed.
PRINTED = re.compile(r"[0-9]{13,19}|[0-9]{4}([-._])[0-9]{4}\1[0-9]{4}\1[0-9]{4}|[0-9]{4}([-._])[0-9]{6}\2[0-9]{5}")


class Shape(BaseModel):
    """Nothing unknown, nothing coerced: "12" is not 12, true is not 1."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


def _printable(text: str) -> str:
    for letter in text:
        if letter not in SPACES and unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp"):
            raise PydanticCustomError("control_character", "a character that can't be shown")
    return text


def _no_card(text: str) -> str:
    if looks_like_card_number(text):
        raise PydanticCustomError("card_number", "looks like a card number")
    return text


def is_card_number(id: str) -> bool:
    """Whether an id is a card number as a whole; one that merely holds such digits is not."""
    return PRINTED.fullmatch(id) is not None and looks_like_card_number(id)


def _no_card_id(id: str) -> str:
    return _no_card(id) if is_card_number(id) else id


def _not_blank(text: str) -> str:
    if all(letter.isspace() or unicodedata.category(letter) == "Cf" for letter in text):
        raise PydanticCustomError("invalid_value", "blank")
    return text


def _no_card_token(text: str) -> str:
    """A token may consist of digits; what begins with a 9 is no network's card number."""
    return text if text.isascii() and text.isdigit() and text[0] == "9" else _no_card(text)


def _day(value: Any) -> Any:
    if not isinstance(value, str) or DAY.fullmatch(value) is None:
        raise PydanticCustomError("invalid_value", "not a date")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("invalid_value", "not a date") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise PydanticCustomError("implausible_date", "not a plausible date")
    return day


def _rate(text: str) -> str:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise PydanticCustomError("invalid_value", "not a decimal number") from None
    if not 0 <= rate <= 100:
        raise PydanticCustomError("out_of_range", "not a rate")
    return text


def _percent(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _json(value: Any, depth: int = 0) -> Any:
    """Free settings: plain JSON of a sane size."""
    if depth > MAX_SETTINGS_DEPTH:
        raise PydanticCustomError("out_of_range", "nested too deep")
    if isinstance(value, str):
        if len(value) > 1_000:
            raise PydanticCustomError("text_too_long", "too long")
        return _no_card(_printable(value))
    if isinstance(value, bool) or value is None or isinstance(value, float):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise PydanticCustomError("out_of_range", "too large")
        return value
    if not isinstance(value, dict | list) or len(value) > MAX_SETTINGS_ITEMS:
        raise PydanticCustomError("out_of_range", "too many")
    if isinstance(value, dict):
        return {_json(name, depth + 1): _json(held, depth + 1) for name, held in value.items()}
    return [_json(one, depth + 1) for one in value]


def _text(longest: int, shortest: int = 1) -> Any:
    return Annotated[
        str,
        StringConstraints(min_length=shortest, max_length=longest),
        AfterValidator(_printable),
        AfterValidator(_no_card),
    ]


def _name(longest: int) -> Any:
    return Annotated[_text(longest), AfterValidator(_not_blank)]


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$"), AfterValidator(_no_card_id)]
Name = _name(200)
Line = _text(500)
Note = _text(MAX_NOTE)
OptionalNote = _text(MAX_NOTE, 0)
By = Name
Email = Annotated[
    str,
    StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$"),
    AfterValidator(_printable),
    AfterValidator(_no_card),
]
Brand = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ._-]{0,40}$"), AfterValidator(_no_card)]
Token = Annotated[
    str, StringConstraints(min_length=1, max_length=500), AfterValidator(_printable), AfterValidator(_no_card_token)
]
Amount = Annotated[int, Field(ge=1, le=MAX_AMOUNT_MINOR)]
SignedAmount = Annotated[int, Field(ge=-MAX_AMOUNT_MINOR, le=MAX_AMOUNT_MINOR)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
RATE = r"^[0-9]{1,3}(\.[0-9]{1,6})?$"
Rate = Annotated[str, StringConstraints(pattern=RATE), AfterValidator(_rate)]
Percent = Annotated[
    Rate,
    BeforeValidator(_percent),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": RATE}, {"type": "integer", "minimum": 0, "maximum": 100}]}),
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$"), AfterValidator(_no_card_id)]
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Reference = _text(MAX_REFERENCE, 0)
FreeSettings = Annotated[dict[str, Any], AfterValidator(_json)]
Language = Literal["en", "fr"]
