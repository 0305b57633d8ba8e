"""Who works the queue: a lock beside the SQLite file, or the workers that beat on PostgreSQL."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from adapters.database.leases import anybody_works
from adapters.settings import Settings

POLL_S = 0.05


class QueueLock:
    """The right to work the queue of an embedded database; gone with its process, however it ends (F-74).

    On PostgreSQL any number of workers share the queue: it is ours when no worker has been heard of lately.
    """

    def __init__(self, settings: Settings, engine: Engine | None = None) -> None:
        database = settings.database_path
        self.path = database.with_name(database.name + ".lock") if database is not None else None
        self.engine = engine
        self._file: int | None = None

    @contextmanager
    def attempt(self, *, wait_s: float = 0.0) -> Iterator[bool]:
        """Whether the queue is ours until the block ends."""
        try:
            yield self.acquire(wait_s=wait_s)
        finally:
            self.release()

    def acquire(self, *, wait_s: float = 0.0) -> bool:
        """Takes the queue if nobody works it; waits that long for whoever does."""
        until = time.monotonic() + wait_s
        while not self._take():
            if time.monotonic() >= until:
                return False
            time.sleep(POLL_S)
        return True

    def is_taken(self) -> bool:
        """Whether somebody else works the queue just now."""
        if self.path is not None and not self.path.exists():
            return False
        with self.attempt() as ours:
            return not ours

    def release(self) -> None:
        """The file stays: taking it away would let two hold the lock."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _take(self) -> bool:
        if self.path is None:
            return self.engine is None or not anybody_works(self.engine)
        if self._file is not None:
            return True
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True
