"""An *Operation* of a client's billing: a form, and the command that it sends through the same inbox as services."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from adapters.web.forms import Typed

Data = dict[str, Any]


class About(StrEnum):
    """What an operation is begun from; the menu shows those about the account."""

    ACCOUNT = "account"
    INVOICE = "invoice"
    PAYMENT = "payment"
    REFUND = "refund"
    ALLOCATION = "allocation"
    UPCOMING = "upcoming"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`fields` are the parts of its form (`fields.html`); `data` makes the command's data of what was typed.
    `makes` names the field of the id that is minted for it, with its prefix."""

    name: str
    act: str
    about: About
    fields: tuple[str, ...]
    data: Callable[[Typed], Data]
    makes: tuple[str, str] | None = None
    of_client: bool = True  # whether the command names the client
