"""The kernel of every state machine: a table of (state, event) -> state, and one door through it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S", bound=StrEnum)


class IllegalTransition(Exception):
    """A bug: code asked for a step that the table does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine(Generic[S]):
    """A state machine that is read like a table; SQL triggers and the docs are made from it."""

    name: str
    starts: tuple[S, ...]
    table: Mapping[tuple[S, str], S]

    def step(self, state: S, event: str) -> S:
        """Answers the state after `event`; raises IllegalTransition when the table has no such row."""
        try:
            return self.table[state, event]
        except KeyError:
            raise IllegalTransition(f"{self.name}: no {event!r} from {state.value!r}") from None

    def allows(self, state: S, event: str) -> bool:
        return (state, event) in self.table

    def pairs(self) -> list[tuple[str, str]]:
        """Every (from, to) that the database accepts, sorted."""
        return sorted({(before.value, after.value) for (before, _), after in self.table.items()})

    def ends(self) -> list[str]:
        """States without a way out, sorted."""
        sources = {state for state, _ in self.table}
        return sorted({state.value for state in self.table.values() if state not in sources})
