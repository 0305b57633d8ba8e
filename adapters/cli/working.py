"""Working or waiting: a command finishes what it caused when nobody else works the queue."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from adapters.beating import Beating
from adapters.bootstrap import App
from adapters.errands import work_all
from adapters.queue_lock import QueueLock

POLL_S = 0.1  # between two looks at what somebody else works, or at a rung that comes due
DOUBT_S = 10.0  # of real time for the first rungs of a ladder; then the answer is: in doubt
STUCK_S = 120.0  # without any progress of whoever works the queue


class Queue:
    """The queue as one command sees it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._lock = QueueLock(app.settings, app.engine)
        self._ours = False

    def work(self) -> bool:
        """Works until nothing is due, if nobody else does; answers whether we did."""
        if not self._take():
            return False
        work_all(self.app)
        return True

    def finish(self, unsettled: Callable[[], bool]) -> None:
        """Works, or waits for who does, until nothing is unsettled or DOUBT_S have passed since it was ours
        to wait for a verdict; a simulated clock does not move, so nothing is waited for there."""
        until = time.monotonic() + (STUCK_S if not self.work() else self.patience_s)
        while unsettled() and time.monotonic() < until:
            time.sleep(POLL_S)
            if self.work():
                until = min(until, time.monotonic() + self.patience_s)

    @property
    def patience_s(self) -> float:
        """How long an unknown outcome is waited for."""
        return DOUBT_S if self.app.settings.now is None else 0.0

    def close(self) -> None:
        self._lock.release()

    def _take(self) -> bool:
        had = self._ours
        self._ours = self._lock.acquire()
        if self._ours and not had:
            self.app.leases.reap(everyone_else=self.app.settings.embedded)
        return self._ours


@contextmanager
def queue_of(app: App) -> Iterator[Queue]:
    """The queue until the block ends, with a beat where others watch for one."""
    queue = Queue(app)
    try:
        with nullcontext() if app.settings.embedded else Beating(app):
            yield queue
    finally:
        queue.close()
