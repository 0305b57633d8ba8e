"""A mailbox that is a folder of this machine: files for the bank in `out`, the bank's own in `in`."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.bank_files.mailbox import CHUNK, Letter, Mailbox, MailboxError, NotReached, NotThere

OUT, IN = "out", "in"


def folder_of(root: Path, organisation: str, account: str) -> Path:
    """Where an account's files lie. An id may be `..`, and never leads out of the root."""
    return root / _safe(organisation) / _safe(account)


def _safe(id: str) -> str:
    return f"%{id}" if id.startswith(".") else id  # no id has a percent sign


@contextmanager
def open_folder(path: Path) -> Iterator[Mailbox]:
    try:
        (path / OUT).mkdir(parents=True, exist_ok=True, mode=0o700)
        (path / IN).mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise NotReached(_word(error)) from error
    yield Folder(path)


class Folder:
    """See `Mailbox`. What is written is on the disk, and its name too, before anybody is told."""

    def __init__(self, path: Path) -> None:
        self._out = path / OUT
        self._in = path / IN

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        try:
            made = os.open(self._out / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(made, "wb") as out:
                out.writelines(parts)
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise MailboxError(_word(error)) from error

    def rename(self, name: str, to: str) -> None:
        try:
            os.rename(self._out / name, self._out / to)
            folder = os.open(self._out, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise MailboxError(_word(error)) from error

    def read(self, name: str) -> Iterator[bytes]:
        yield from _read(self._out / name)

    def remove(self, name: str) -> None:
        try:
            (self._out / name).unlink(missing_ok=True)
        except OSError as error:
            raise MailboxError(_word(error)) from error

    def letters(self) -> list[Letter]:
        try:
            with os.scandir(self._in) as found:
                files = [(one.name, one.stat()) for one in found if one.is_file() and not one.name.startswith(".")]
        except OSError as error:
            raise MailboxError(_word(error)) from error
        return [
            Letter(name=name, size=about.st_size, modified=about.st_mtime_ns // 1_000_000_000)
            for name, about in sorted(files)
        ]

    def open(self, letter: Letter) -> Iterator[bytes]:
        yield from _read(self._in / letter.name)


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as opened:
            while part := opened.read(CHUNK):
                yield part
    except FileNotFoundError:
        raise NotThere(path.name) from None
    except OSError as error:
        raise MailboxError(_word(error)) from error


def _word(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower().replace(" ", "_")
