"""The loop of a scheduler: every step in its rhythm, none kept from its turn by another that fails."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.bootstrap import App
from adapters.logs import log_event
from scheduler.sweep import SWEEP_EVERY_S, Bells, sweep
from scheduler.timetable import TIMETABLE, Line

RELAY_EVERY_S = 0.25  # a person who pressed Retry is waiting
MAX_WAIT_S = 5.0  # between tries while Redis or the database is away


def steps(*, bells: Bells, relay: Callable[[], int], doors: Sequence[Line] = ()) -> tuple[Line, ...]:
    """All that a scheduler does; `doors` are those that it watches for others."""
    return (
        Line(name="relay", every_s=RELAY_EVERY_S, run_once=lambda _: relay()),
        *doors,
        Line(name="sweep", every_s=SWEEP_EVERY_S, run_once=sweep(bells)),
        *TIMETABLE,
    )


@dataclass(slots=True)
class Turn:
    line: Line
    next_at: float = 0.0
    failures: int = 0

    def take(self, app: App) -> None:
        """One turn; a failure is told once and makes the wait longer, up to MAX_WAIT_S."""
        try:
            self.line.run_once(app)
        except Exception as error:  # Redis or the database is away: the next turn finds what this one missed
            if self.failures == 0:
                log_event("step.failed", step=self.line.name, error=repr(error))
            self.failures += 1
        else:
            if self.failures:
                log_event("step.resumed", step=self.line.name, failures=self.failures)
            self.failures = 0
        wait_s = min(self.line.every_s * 2 ** min(self.failures, 8), max(MAX_WAIT_S, self.line.every_s))
        self.next_at = time.monotonic() + wait_s


def run(app: App, lines: Sequence[Line], *, stopping: threading.Event | None = None) -> None:
    """Runs until the app stops; a stop ends between two steps."""
    stop = stopping or app.stopping
    turns = [Turn(line) for line in lines]
    while not stop.is_set():
        for turn in turns:
            if stop.is_set():
                return
            if time.monotonic() >= turn.next_at:
                turn.take(app)
        stop.wait(max(min(turn.next_at for turn in turns) - time.monotonic(), 0.0))
