"""Working or waiting: a command finishes what it caused when nobody else works the queue."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial

from adapters.beating import Beating
from adapters.bootstrap import App
from adapters.errands import Errand, run_apart, work_all
from adapters.queue_lock import QueueLock
from domain.payment import PaymentState

POLL_S = 0.1  # between two looks at what somebody else works, or at a rung that comes due
DOUBT_S = 10.0  # of real time for the first rungs of a ladder; then the answer is: in doubt
STUCK_S = 120.0  # without any progress of whoever works the queue


class Queue:
    """The queue as one command sees it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._lock = QueueLock(app.settings, app.engine)
        self.ours = False
        self._run = partial(run_apart, failed=set[Errand]())

    def work(self) -> bool:
        """Works until nothing is due, if nobody else does; answers whether we did."""
        if not self._take():
            return False
        work_all(self.app, self._run)
        return True

    def finish(self, waiting: Callable[[], Collection[str]]) -> None:
        """Works, or waits for who does, until no state is left in `waiting()`; for what is only unknown, or
        waits for something itself, as long as an answer is waited for."""
        started = time.monotonic()
        patient_since: float | None = None
        while True:
            ours = self.work()
            states = waiting()
            if not states or time.monotonic() - started > STUCK_S:
                return
            if ours or set(states) == {PaymentState.UNKNOWN}:
                patient_since = patient_since or time.monotonic()
                if time.monotonic() - patient_since >= self.patience_s:
                    return
            time.sleep(POLL_S)

    @property
    def patience_s(self) -> float:
        """How long an unknown outcome is waited for; a simulated clock stands still, no rung comes due."""
        return DOUBT_S if self.app.settings.now is None else 0.0

    def close(self) -> None:
        self._lock.release()

    def _take(self) -> bool:
        had = self.ours
        self.ours = self._lock.acquire()
        if self.ours and not had:
            self.app.leases.reap(everyone_else=self.app.settings.embedded)
        return self.ours


@contextmanager
def queue_of(app: App) -> Iterator[Queue]:
    """The queue until the block ends, with a beat where others watch for one."""
    queue = Queue(app)
    try:
        with nullcontext() if app.settings.embedded else Beating(app):
            yield queue
    finally:
        queue.close()
