"""The simulator's append-only journal: a JSON line per request, written before any answer is given."""

import fcntl
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from json.encoder import encode_basestring_ascii as quoted
from pathlib import Path
from typing import Any

from adapters.gateways.tokens import Answer, Effect, Script

LINES_AT_ONCE = 1_000  # parsed as one JSON array: several times cheaper than line by line
COPY_BYTES = 1 << 20


class JournalInUse(Exception):
    """Somebody else owns this journal: a simulator's memory has one owner."""


class JournalCorrupt(Exception):
    """A line before the last cannot be read: somebody else wrote into the journal."""


class Journal:
    """One file, one owner (a lock file beside it), appended to and never rewritten.

    Only a last line without its end is ever cut: it is what a crash in the middle of a write leaves, and
    nobody was answered yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = -1
        self._lock = -1
        self._owner = 0

    @property
    def is_open(self) -> bool:
        return self._file >= 0

    def open(self) -> None:
        """Takes the lock and cuts a torn last line. Raises JournalInUse."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise JournalInUse(f"the simulator's journal {self.path} is in use by another process") from error
        self._lock = lock
        self._owner = os.getpid()
        self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._cut_torn_line()

    def entries(self) -> Iterator[dict[str, Any]]:
        """All lines, oldest first. Raises JournalCorrupt."""
        with open(self.path, "rb") as file:
            lines: list[bytes] = []
            first = 1
            for line in file:
                lines.append(line)
                if len(lines) == LINES_AT_ONCE:
                    yield from self._parse(lines, first)
                    first += len(lines)
                    lines.clear()
            yield from self._parse(lines, first)

    def append(self, lines: Sequence[str]) -> None:
        """One write for all of them; when it returns the kernel has them, whatever kills the process."""
        if self._owner != os.getpid():
            raise JournalInUse(f"the simulator's journal {self.path} belongs to the process that opened it")
        rest = memoryview("".join(lines).encode())
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def close(self) -> None:
        for descriptor in (self._file, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._lock = -1

    def _parse(self, lines: list[bytes], first: int) -> list[dict[str, Any]]:
        try:
            entries: list[dict[str, Any]] = json.loads(b"[" + b",".join(lines) + b"]")
        except ValueError as error:
            raise JournalCorrupt(f"{self.path}: unreadable in lines {first} to {first + len(lines) - 1}") from error
        return entries

    def _cut_torn_line(self) -> None:
        size = end = os.fstat(self._file).st_size
        while end > 0:
            start = max(0, end - COPY_BYTES)
            newline = os.pread(self._file, end - start, start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end < size:
            os.ftruncate(self._file, end)


def render_line(
    *,
    at: str,
    organisation: str,
    merchant_account: str,
    operation: str,
    key: str,
    of: str,
    reference: str,
    amount: int | None,
    currency: str | None,
    effect: str,
    script: Script,
    parameters: str,
) -> str:
    """A line of the journal (CONTRACT section 1). There is no way to hand it a token."""
    extra = f',"of":{quoted(of)}' if of else ""
    if script.code:
        extra += f',"code":"{script.code}","network_code":"{script.network_code}"'
    if script.refund:
        extra += f',"refund":"{script.refund}"'
    if script.course:
        extra += f',"course":"{script.course}"'
    if script.after_s and script.after_s < math.inf:
        extra += f',"after_s":{script.after_s}'
    return (
        f'{{"at":"{at}","organisation":{quoted(organisation)},"merchant_account":{quoted(merchant_account)}'
        f',"operation":"{operation}","key":{quoted(key)},"reference":"{reference}"'
        f',"amount":{"null" if amount is None else amount}'
        f',"currency":{"null" if currency is None else quoted(currency)}'
        f',"effect":"{effect}","answer":"{script.answer.value}","parameters":"{parameters}"{extra}}}\n'
    )


def script_of(entry: Mapping[str, Any]) -> Script:
    """What a line of the journal says that was done and answered."""
    answer = Answer(entry["answer"])
    return Script(
        effect=Effect(entry["effect"]),
        answer=answer,
        code=entry.get("code", ""),
        network_code=entry.get("network_code", ""),
        after_s=math.inf if answer is Answer.SILENCE else entry.get("after_s", 0.0),
        refund=entry.get("refund", ""),
        course=entry.get("course", ""),
    )
