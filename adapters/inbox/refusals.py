"""Refusals of shape, and how any refusal is told: a code, words in both languages, the path of the field."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from adapters.locale import both
from domain.bank_account import TokenOrBank
from domain.refusal import OutOfRange, Refusal


class UnknownType(Refusal):
    """No command has this type."""

    code = "unknown_type"


class Conflict(Refusal):
    """The sender used this id before for another body."""

    code = "conflict"


class FieldMissing(Refusal):
    code = "field_missing"


class UnknownField(Refusal):
    code = "unknown_field"


class InvalidValue(Refusal):
    code = "invalid_value"


class TextTooLong(Refusal):
    code = "text_too_long"


class ImplausibleDate(Refusal):
    code = "implausible_date"


class ControlCharacter(Refusal):
    code = "control_character"


class CardNumber(Refusal):
    """Free text and tokens that look like a card number are never kept."""

    code = "card_number"


# fmt: off
OF_SHAPE: dict[str, type[Refusal]] = {  # the type of a validation error -> the refusal
    "missing":            FieldMissing,
    "extra_forbidden":    UnknownField,
    "string_too_long":    TextTooLong,
    "text_too_long":      TextTooLong,
    "implausible_date":   ImplausibleDate,
    "control_character":  ControlCharacter,
    "card_number":        CardNumber,
    "token_or_bank":      TokenOrBank,
    "out_of_range":       OutOfRange,
    "greater_than_equal": OutOfRange,
    "less_than_equal":    OutOfRange,
    "too_long":           OutOfRange,
    "too_short":          OutOfRange,
}
# fmt: on
INTERNAL_ERROR = "internal_error"


def of_shape(error: ValidationError) -> Refusal:
    """The first thing that is wrong with a command, by the path of the field within its data."""
    first = error.errors(include_url=False, include_input=False)[0]
    below = first.get("ctx", {}).get("below")  # where a rule of a whole thing knows which of its fields is meant
    path = ".".join(str(part) for part in (*first["loc"], *([below] if below else ())))
    return OF_SHAPE.get(first["type"], InvalidValue)(_printable(path))


def as_written(kind: Any, text: str, field: str) -> str:
    """What came by no command, from a form or a terminal, held to the rules of `kind`, such as shape.Note."""
    try:
        return str(TypeAdapter(kind).validate_python(text))
    except ValidationError as error:
        raise type(of_shape(error))(field) from None


def told(refusal: Refusal) -> dict[str, Any]:
    """The `error` of an answer."""
    return {
        "code": refusal.code,
        "message": both(f"refusal.{refusal.code}", **refusal.params),
        "field": refusal.field or None,
    }


def internal_error() -> dict[str, Any]:
    return {"code": INTERNAL_ERROR, "message": both(f"refusal.{INTERNAL_ERROR}"), "field": None}


def _printable(path: str) -> str:
    return path[:200].encode("ascii", "backslashreplace").decode()
