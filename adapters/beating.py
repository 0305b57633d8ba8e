"""Beating: a thread that says that this process lives, and takes notice of who does not."""

import os
import signal
import threading
import time
from typing import Self

from sqlalchemy import text

from adapters.bootstrap import App
from adapters.database.leases import BEAT_S
from adapters.logs import log_event

STUCK_S = 300.0  # a batch ends within its gateway's deadline; one in hand for this long will not end at all
STUCK_EXIT = 70
LEAVE_WITHIN_S = 5.0
FORGOTTEN_AFTER_S = 86_400.0  # until then a person may wonder where a process has gone


def forget_the_dead(app: App) -> int:
    """Takes the rows of long silent processes away; their claims were freed long before."""
    forget = text(_FORGET[app.engine.dialect.name]).bindparams(silence=FORGOTTEN_AFTER_S)
    return app.books.run(lambda tx: tx.connection.execute(forget).rowcount)


_FORGET = {
    "postgresql": "DELETE FROM workers WHERE beat_at < clock_timestamp() - make_interval(secs => :silence)",
    "sqlite": "DELETE FROM workers WHERE beat_at < (unixepoch('subsec') - :silence) * 1000000",
}


class Beating:
    """`with Beating(app):` beats every BEAT_S and reaps the dead, through restarts of the database.

    With `watch`, a process whose batch makes no progress ends itself: its claims are open ten seconds later,
    and whoever runs it starts another (F-54). So does one whose parent was killed.
    """

    def __init__(self, app: App, *, watch: bool = False, stuck_s: float = STUCK_S) -> None:
        self.app = app
        self.watch = watch
        self.stuck_s = stuck_s
        self._parent = os.getppid()
        self._seen: dict[str, float] = {}
        self._ended = threading.Event()
        self._away = False
        self._thread = threading.Thread(target=self._run, name="beating", daemon=True)

    def start(self) -> None:
        """The first beat is over when this returns, if the database is there."""
        self._once()
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(LEAVE_WITHIN_S)
        try:
            self.app.leases.leave()
        except Exception as error:  # silence says the same, a little later
            log_event("worker.left_silently", error=repr(error))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._ended.wait(BEAT_S):
            self._once()

    def _once(self) -> None:
        if self.watch and os.getppid() != self._parent:  # nobody would ever end us: drain, and go
            log_event("worker.orphaned", process=self.app.leases.process)
            os.kill(os.getpid(), signal.SIGTERM)
        try:
            self.app.leases.beat()
            reaped = self.app.leases.reap()
        except Exception as error:  # the database is away: said once, tried again at the next beat
            if not self._away:
                log_event("beat.missed", error=repr(error))
            self._away = True
            return
        if self._away:
            log_event("beat.resumed")
        self._away = False
        if reaped:
            log_event("claims.reaped", count=reaped)
        if self.watch and self._is_stuck():
            log_event("worker.stuck", process=self.app.leases.process, seconds=self.stuck_s)
            os._exit(STUCK_EXIT)

    def _is_stuck(self) -> bool:
        now = time.monotonic()
        self._seen = {label: self._seen.get(label, now) for label in self.app.leases.held()}
        return any(now - since > self.stuck_s for since in self._seen.values())
