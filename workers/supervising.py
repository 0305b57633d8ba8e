"""Supervising: dramatiq ends as a whole when one of its processes is killed; a small parent starts it again."""

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from types import FrameType

from dramatiq import cli

from adapters.logs import log_event

RESTART_AFTER_S = 1.0  # whatever killed it, such as a lack of memory, gets a moment to pass
MAX_RESTARTS = 10  # in RESTARTS_WITHIN_S; what dies more often is for an orchestrator, and a person, to see
RESTARTS_WITHIN_S = 60.0
LASTING = (cli.RET_IMPORT, cli.RET_CONNECT)  # nothing was killed, and another start would end alike
GAVE_UP = 1
TOLD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # how we are told to stop


class Supervisor:
    """Runs `serve` in a child process until we are told to stop, which it is told in turn; it drains then.

    A child that ends by itself, or is killed, is started again after `restart_after_s`. A child whose parent was
    killed drains and ends too.
    """

    def __init__(
        self, serve: Callable[[], int], *, restart_after_s: float = RESTART_AFTER_S, max_restarts: int = MAX_RESTARTS
    ) -> None:
        self._serve = serve
        self._restart_after_s = restart_after_s
        self._restarts: deque[float] = deque(maxlen=max_restarts)
        self._stopping = threading.Event()
        self._child: ForkProcess | None = None

    def run(self) -> int:
        """Answers the exit status."""
        for number in TOLD:
            signal.signal(number, self._stop)
        while True:
            status = self._once()
            if self._stopping.is_set():
                return 0 if status == -signal.SIGTERM else abs(status)  # it was still being born
            if status in LASTING:
                return status
            if not self._may_restart():
                log_event("workers.given_up", status=status, restarts=len(self._restarts))
                return abs(status) or GAVE_UP
            log_event("workers.restarting", status=status, seconds=self._restart_after_s)
            if self._stopping.wait(self._restart_after_s):
                return 0

    def _once(self) -> int:
        """A child from its birth to its end; no signal falls between its birth and our knowing it."""
        signal.pthread_sigmask(signal.SIG_BLOCK, TOLD)
        self._child = multiprocessing.get_context("fork").Process(target=_live, args=(self._serve,), name="workers")
        self._child.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TOLD)
        self._child.join()
        return int(self._child.exitcode or 0)

    def _may_restart(self) -> bool:
        now = time.monotonic()
        full = len(self._restarts) == self._restarts.maxlen
        if full and (not self._restarts or now - self._restarts[0] < RESTARTS_WITHIN_S):
            return False
        self._restarts.append(now)
        return True

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping.set()
        if self._child is not None:
            self._child.terminate()


def _live(serve: Callable[[], int]) -> None:
    """The child: signals end it until `serve` handles them, and so does the death of its parent."""
    for number in TOLD:
        signal.signal(number, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TOLD)
    raise SystemExit(serve())


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        log_event("workers.orphaned")
        os.kill(os.getpid(), signal.SIGTERM)
