"""A rehearsal: a command is carried out in full, looked at, and taken back; nothing of it stays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.inbox.accept import Accepted, Refused, accept
from adapters.inbox.handling import use_case
from domain.command import Command

T = TypeVar("T")


class NotTaken(Exception):
    """Refused at the door, for its shape: `error` is as answers carry it."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(str(error.get("code", "")))
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed(Generic[T]):
    """What was seen before and after, and what the command would answer (None: it waits for a gateway)."""

    before: T
    after: T
    result: dict[str, Any] | None


class _TakenBack(Exception):
    def __init__(self, seen: Rehearsed[Any]) -> None:
        self.seen = seen


def rehearse(app: App, envelope: dict[str, Any], look: Callable[[BookTransaction], T]) -> Rehearsed[T]:
    """By the very code that will do it, so that what is shown is what will be. Raises NotTaken, or the
    Refusal that it meets."""

    def work(tx: BookTransaction) -> None:
        before = look(tx)
        result = use_case(tx, tx.get(Command, seq=taken(accept(tx, envelope, "web")).seq))
        raise _TakenBack(Rehearsed(before=before, after=look(tx), result=result))

    try:
        app.books.run(work)
    except _TakenBack as ended:
        return ended.seen
    raise AssertionError("unreachable")


def taken(answer: object) -> Accepted:
    """The command as it was accepted; raises NotTaken."""
    if isinstance(answer, Refused):
        raise NotTaken(answer.error)
    if not isinstance(answer, Accepted):
        raise TypeError(answer)  # our own envelopes can be read: a bug
    return answer
