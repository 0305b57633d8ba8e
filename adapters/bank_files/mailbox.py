"""A mailbox: where files for a bank are laid down and the bank's own are found; how one is laid down exactly once."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Protocol

CHUNK = 256 * 1024  # bytes read or written at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A file that the bank has laid down, as its listing tells it."""

    name: str
    size: int
    modified: int


class MailboxError(Exception):
    """Something failed on the way: what was asked may or may not have been done. `why` is a word."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NotReached(MailboxError):
    """The mailbox was not opened: surely nothing was done."""


class NotThere(MailboxError):
    """No file has this name."""

    def __init__(self, name: str) -> None:
        super().__init__("not_there")
        self.name = name


class Mailbox(Protocol):
    """An open mailbox. Every call may raise MailboxError."""

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        """A new file for the bank, kept for good when this answers."""

    def rename(self, name: str, to: str) -> None: ...

    def read(self, name: str) -> Iterator[bytes]:
        """A file for the bank, as it lies there. Raises NotThere."""

    def remove(self, name: str) -> None: ...

    def letters(self) -> list[Letter]:
        """What the bank has laid down, in the order of names."""

    def open(self, letter: Letter) -> Iterator[bytes]: ...


OpenMailbox = Callable[[], AbstractContextManager[Mailbox]]


class NotKept(MailboxError):
    """The server said yes, and what lies there is not what was sent."""


def lay_down(box: Mailbox, name: str, content: Callable[[], Iterator[bytes]], *, digest: str, draft: str) -> None:
    """The file under its name, whole or not at all, read back before anybody is told. When it is there already, as
    after an answer that was lost, nothing is sent. Raises MailboxError."""
    there = _digest(box, name)
    if there == digest:
        return
    if there is not None:
        raise NotKept("conflict")  # another file has this name: a person has to look
    try:
        box.write(draft, content())
        if _digest(box, draft) != digest:
            raise NotKept("not_kept")
        box.rename(draft, name)
    except MailboxError:
        with suppress(MailboxError):
            box.remove(draft)
        raise
    if _digest(box, name) != digest:
        raise NotKept("not_kept")


def _digest(box: Mailbox, name: str) -> str | None:
    found = hashlib.sha256()
    try:
        for part in box.read(name):
            found.update(part)
    except NotThere:
        return None
    return found.hexdigest()
