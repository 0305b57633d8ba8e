"""Two sessions that take their steps in a given order: transactions stopped where they begin, write and commit."""

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import event

from adapters.database.books import DatabaseBooks
from adapters.database.engine import make_engine
from adapters.locale import render
from domain.refusal import Refusal
from tests.world import World

STEPS = ("begin", "write", "commit")
BLOCKED_S = 0.03  # a session that has not reached its next step by then waits for the other's lock
GIVEN_UP_S = 20.0
WRITES = ("UPDATE", "INSERT", "DELETE")

Job = Callable[["Session"], Any]


def orders() -> list[str]:
    """Every order in which two sessions can take three steps each: 20 of them, such as `aababb`."""
    return ["".join("a" if at in chosen else "b" for at in range(6)) for chosen in itertools.combinations(range(6), 3)]


class Session:
    """One process: a connection of its own to the books of a world, stopped in its `gated`-th transaction."""

    def __init__(self, club: World, job: Job, *, gated: int = 0) -> None:
        self.club = club
        self.engine = make_engine(club.url)
        self.books: Any = DatabaseBooks(self.engine, render=render, clock=lambda: club.now)
        self.answer: Any = None
        self._job = job
        self._transactions = itertools.count()
        self._gated = gated
        self._gates = iter(STEPS)
        self._next = next(self._gates)
        self._permits = threading.Semaphore(0)
        self._moved = threading.Event()
        self._inside = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        event.listen(self.engine, "before_cursor_execute", self._executing)
        event.listen(self.engine, "commit", lambda _: self._pass("commit"))

    def run(self, work: Callable[[Any], Any], **more: Any) -> Any:
        """As `Books.run`; the gated transaction waits at its steps."""
        if next(self._transactions) != self._gated:
            return self.books.run(work, **more)
        self._pass("begin")
        self._inside = True
        try:
            return self.books.run(work, **more)
        finally:
            self._inside = False

    def start(self) -> None:
        self._thread.start()
        self._moved.wait(GIVEN_UP_S)

    def step(self) -> None:
        """Lets it go on to its next step; answers when it is there, has ended, or waits for a lock."""
        self._moved.clear()
        self._permits.release()
        self._moved.wait(BLOCKED_S)

    def end(self) -> None:
        for _ in STEPS:
            self._permits.release()
        self._thread.join(GIVEN_UP_S)
        assert not self._thread.is_alive(), "the sessions wait for each other"
        self.engine.dispose()
        if isinstance(self.answer, Exception) and not isinstance(self.answer, Refusal):
            raise self.answer

    @property
    def refused(self) -> str:
        return self.answer.code if isinstance(self.answer, Refusal) else ""

    def _work(self) -> None:
        try:
            self.answer = self._job(self)
        except Exception as error:
            self.answer = error
        self._moved.set()

    def _executing(self, _c: Any, _k: Any, statement: str, *_: Any) -> None:
        if self._inside and statement.lstrip().startswith(WRITES):
            self._pass("write")

    def _pass(self, gate: str) -> None:
        """Each gate is passed once; a transaction that is tried again runs through."""
        if gate != self._next or (gate != "begin" and not self._inside):
            return
        self._next = next(self._gates, "")
        self._moved.set()
        self._permits.acquire(timeout=GIVEN_UP_S)
        self._moved.clear()


def interleave(club: World, order: str, a: Job, b: Job, *, gated: tuple[int, int] = (0, 0)) -> Iterator[Session]:
    """Runs both jobs, their steps in this order; answers the sessions once both have ended."""
    sessions = {"a": Session(club, a, gated=gated[0]), "b": Session(club, b, gated=gated[1])}
    for one in sessions.values():
        one.start()
    for name in order:
        sessions[name].step()
    for one in sessions.values():
        one.end()
    return iter(sessions.values())
