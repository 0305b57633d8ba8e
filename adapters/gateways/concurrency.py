"""How many requests a processor has in its hands at once: the simulator's own count, of every merchant account."""

import threading
from collections import defaultdict

Whose = tuple[str, str]  # organisation, merchant account


class Concurrency:
    """Thread-safe. `peaks` holds the most that there ever were, since the process began."""

    def __init__(self) -> None:
        self._now: dict[Whose, int] = defaultdict(int)
        self._guard = threading.Lock()
        self.peaks: dict[Whose, int] = {}

    def begin(self, whose: Whose, count: int = 1) -> None:
        with self._guard:
            self._now[whose] += count
            if self._now[whose] > self.peaks.get(whose, 0):
                self.peaks[whose] = self._now[whose]

    def end(self, whose: Whose, count: int = 1) -> None:
        with self._guard:
            self._now[whose] -= count
