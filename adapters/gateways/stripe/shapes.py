"""Reading Stripe's objects without trusting their shape."""

from collections.abc import Mapping
from typing import Any

KEY = "encaisse_key"  # the name in `metadata` under which our key travels with a payment and a refund


def text_of(thing: Mapping[str, Any], name: str) -> str:
    """A text, or empty for whatever is not one."""
    value = thing.get(name)
    return value if type(value) is str else ""


def map_of(thing: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = thing.get(name)
    return dict(value) if isinstance(value, Mapping) else {}


def id_of(value: Any) -> str:
    """A reference to another object, which may come expanded."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if type(value) is str else ""


def brand_of(error: Mapping[str, Any]) -> str:
    """The card's brand, from an error or from the charge within a payment."""
    return text_of(map_of(map_of(error, "payment_method"), "card"), "brand")
