"""The sweep: rings for whatever is due and frees what the dead held. What it finds, the broker may forget."""

from collections.abc import Callable
from typing import Protocol

from adapters.bootstrap import App
from adapters.errands import Errand, due_errands, in_turns

SWEEP_EVERY_S = 1.0
MAX_WAITING_BELLS = 500  # a bell more would only wait; the next sweep rings it


class Bells(Protocol):
    def __call__(self, errand: Errand) -> None: ...

    def waiting(self) -> int: ...


def sweep(bells: Bells) -> Callable[[App], int]:
    """A step of the loop; answers how many bells were rung."""

    def run_once(app: App) -> int:
        app.leases.reap()
        return ring_due(app, bells)

    return run_once


def ring_due(app: App, bells: Bells) -> int:
    """Rings at most once for each errand, and not at all while the workers have enough before them."""
    errands = app.books.run(due_errands, read_only=True)
    if not errands:
        return 0
    room = MAX_WAITING_BELLS - bells.waiting()
    for errand in in_turns(errands)[: max(room, 0)]:
        bells(errand)
    return max(min(room, len(errands)), 0)
