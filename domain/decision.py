"""A decision: a value that lists everything to be written, and nothing else is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from domain.machine import Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A thing that comes into being: an organisation, a payment, a posting with its entries, an event."""

    thing: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A step of a state machine: written only if the row is still in `before` (and in epoch `fence`, if given).

    `put` names further columns and their new values; `version` is stepped by the database where the thing
    has one.
    """

    thing: type
    key: Mapping[str, Any]
    before: StrEnum
    after: StrEnum
    fence: int | None = None
    put: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """New values for columns of a thing that has no state machine, or of one that keeps its state."""

    thing: type
    key: Mapping[str, Any]
    put: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """A match that is undone: allocations and consumptions only, never anything posted (B12)."""

    thing: type
    key: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocate:
    """Adds to what is allocated on an invoice line, or takes from it; never below zero or above what is payable."""

    organisation: str
    invoice: str
    line: str
    amount: int


Decision = tuple[New | Move | Change | Remove | Allocate, ...]


def move(
    machine: Machine[Any],
    thing: Any,
    event: str,
    *,
    key: tuple[str, ...] = ("organisation", "id"),
    fence: int | None = None,
    **put: Any,
) -> Move:
    """The step `event` of `thing`, checked against its table (raises IllegalTransition)."""
    return Move(
        thing=type(thing),
        key={name: getattr(thing, name) for name in key},
        before=thing.state,
        after=machine.step(thing.state, event),
        fence=fence,
        put=put,
    )
