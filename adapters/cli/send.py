"""Sending: commands from files or a pipe, line by line, through the front door, each answered in order."""

import codecs
import errno
import os
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from adapters.bootstrap import App
from adapters.cli import show
from adapters.cli.working import POLL_S, STUCK_S, Queue, queue_of
from adapters.inbox.accept import Accepted, Answer, accept_all
from adapters.inbox.envelope import MAX_BODY
from adapters.inbox.results import results_of, told, told_at_once
from adapters.locale import say
from domain.command import Command, CommandStatus

DOOR = "cli"
BATCH_SIZE = 200  # lines taken into the inbox in one transaction
LOOKED_AT = 1_000  # answers that are looked for at once


@dataclass(frozen=True, slots=True)
class Line:
    """`place` is the file and the number of the line, for who has to put it right."""

    place: str
    raw: bytes


@dataclass(slots=True, kw_only=True)
class Waiting:
    """A line that was taken in and is still to be answered; `patient_until` once only a verdict is missing."""

    place: str
    answer: Answer
    patient_until: float | None = None


class Sender:
    """One `encaisse send`: takes lines as they come, works or waits, and answers in the order of the lines."""

    def __init__(self, app: App, work: Queue, *, as_json: bool, language: str) -> None:
        self.app = app
        self.work = work
        self.as_json = as_json
        self.language = language
        self.waiting: deque[Waiting] = deque()
        self.all_done = True
        self._progress_at = time.monotonic()

    def run(self, lines: "Lines") -> bool:
        """Answers whether every command was done."""
        while True:
            batch = lines.take(BATCH_SIZE, wait_s=POLL_S if self.waiting else None)
            if batch:
                self._accept(batch)
                self._progress_at = time.monotonic()
            if self.waiting:
                self.work.work()
                self._answer()
            if self.waiting and time.monotonic() - self._progress_at > STUCK_S:
                self._give_up()
            if lines.ended and not self.waiting:
                if lines.broken:
                    show.aside(say("cli.not_read", self.language, file=lines.broken[0], why=lines.broken[1]))
                return self.all_done and not lines.broken

    def _accept(self, batch: Sequence[Line]) -> None:
        raws, places = [line.raw for line in batch], [line.place for line in batch]
        answers = self.app.books.run(lambda tx: accept_all(tx, raws, DOOR, details=places))
        self.waiting += [Waiting(place=place, answer=answer) for place, answer in zip(places, answers, strict=True)]

    def _answer(self) -> None:
        """Tells the first ones that are settled; what follows one that is not waits for its turn."""
        while self.waiting:
            head = list(self.waiting)[:LOOKED_AT]
            seqs = [one.answer.seq for one in head if isinstance(one.answer, Accepted)]
            with self.app.books.begin(read_only=True) as tx:
                found = results_of(tx, seqs)
            for one in head:
                command = found[one.answer.seq] if isinstance(one.answer, Accepted) else None
                if command is not None and not self._settled(one, command):
                    return
                self.waiting.popleft()
                self._progress_at = time.monotonic()
                self._tell(one, told(command) if command is not None else told_at_once(one.answer))

    def _settled(self, one: Waiting, command: Command) -> bool:
        accepted = command.status is CommandStatus.ACCEPTED
        if accepted and not self.work.ours:
            return False
        if not accepted and not command.waits:
            return True
        if one.patient_until is None:
            one.patient_until = time.monotonic() + self.work.patience_s
        return time.monotonic() >= one.patient_until

    def _tell(self, one: Waiting, answer: dict[str, Any]) -> None:
        self.all_done = self.all_done and answer["status"] == CommandStatus.DONE
        if self.as_json:
            show.document({**answer, "line": one.place})
            return
        name = f"{answer['source'] or '?'}/{answer['id'] or one.place}"
        words = [name, say(f"cli.status.{answer['status']}", self.language)]
        if "error" in answer:
            field = answer["error"]["field"]
            words.append(answer["error"]["message"][self.language] + (f" ({field})" if field else ""))
        elif "state" in answer.get("result", {}):
            words.append(answer["result"]["state"])
        show.line("  ".join(words))

    def _give_up(self) -> None:
        """Whoever works the queue is not getting on; the commands stay accepted."""
        self.all_done = False
        show.aside(say("cli.not_getting_on", self.language, count=len(self.waiting)))
        for one in self.waiting:
            self._tell(one, told_at_once(one.answer))
        self.waiting.clear()


class Lines:
    """The lines of files, read ahead by a thread, so that a slow pipe is answered as it goes. `broken` is the file
    that could not be read to its end, and why: what came before it was sent, what follows was not."""

    def __init__(self, files: Sequence[tuple[str, IO[bytes]]]) -> None:
        self._ready: queue.Queue[Line | None] = queue.Queue(maxsize=BATCH_SIZE * 5)
        self.ended = False
        self.broken: tuple[str, str] | None = None
        threading.Thread(target=self._read, args=(files,), name="reading", daemon=True).start()

    def take(self, most: int, *, wait_s: float | None) -> list[Line]:
        """Up to `most` lines; waits for the first one (for ever with None), and not for the others."""
        taken: list[Line] = []
        try:
            while not self.ended and len(taken) < most:
                found = self._ready.get(timeout=wait_s if not taken else 0.02)
                if found is None:
                    self.ended = True
                else:
                    taken.append(found)
        except queue.Empty:
            pass
        if self.ended and not taken and wait_s:
            time.sleep(wait_s)
        return taken

    def _read(self, files: Sequence[tuple[str, IO[bytes]]]) -> None:
        name = ""
        try:
            for name, file in files:
                for number, raw in enumerate(_lines(file), 1):
                    line = (raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw).strip()
                    if line:
                        self._ready.put(Line(f"{name}:{number}", line))
        except OSError as error:  # a directory, a disk that fails: whoever waits for lines must not wait for ever
            self.broken = (name, error.strerror or type(error).__name__)
        finally:
            self._ready.put(None)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines of any length; of one that is too long, as much as it takes to see that."""
    while raw := file.readline(MAX_BODY + 2):
        rest = raw
        while len(rest) == MAX_BODY + 2 and not rest.endswith(b"\n"):
            rest = file.readline(MAX_BODY + 2)
        yield raw


def send_files(app: App, files: Sequence[tuple[str, IO[bytes]]], *, as_json: bool, language: str) -> bool:
    """Sends every line of every file; answers whether all were done."""
    with queue_of(app) as work:
        return Sender(app, work, as_json=as_json, language=language).run(Lines(files))


def standard_input() -> tuple[str, IO[bytes]]:
    """Raises OSError where it was closed: nobody can say that there was nothing to send."""
    if sys.stdin is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return "-", sys.stdin.buffer
