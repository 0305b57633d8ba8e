"""The axe over bank files: dead at every step of freeze, write, upload, rename, mark; each entry is there once."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from adapters.bank_files.mailbox import Letter, Mailbox, MailboxError
from adapters.database.file_desk import FileDesk
from adapters.gateways.bank_file.gateway import BankFileGateway
from adapters.gateways.bank_file.terms import pen_of
from domain.use_cases.hand_over_echecks import hand_over_echecks
from tests.bank_world import FileWorld
from tests.use_cases.test_crash_points import Crash, crash_at_commit, crash_before_statement
from tests.world import ACCOUNT, ORGANISATION


class Failing:
    """A mailbox whose `number`-th call fails: before it did anything, or after it did all of it."""

    def __init__(self, box: Mailbox, number: int, *, after: bool, error: Callable[[], BaseException]) -> None:
        self.box = box
        self.left = number
        self.after = after
        self.error = error

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        self._call(lambda: self.box.write(name, parts))

    def rename(self, name: str, to: str) -> None:
        self._call(lambda: self.box.rename(name, to))

    def read(self, name: str) -> Iterator[bytes]:
        return iter(self._call(lambda: list(self.box.read(name))))

    def remove(self, name: str) -> None:
        self._call(lambda: self.box.remove(name))

    def letters(self) -> list[Letter]:
        return self.box.letters()

    def open(self, letter: Letter) -> Iterator[bytes]:
        return self.box.open(letter)

    def _call(self, work: Callable[[], Any]) -> Any:
        self.left -= 1
        if self.left == 0:
            if self.after:
                with suppress(MailboxError):
                    work()
            raise self.error()
        return work()


ERRORS: dict[str, Callable[[], BaseException]] = {
    "crash": lambda: Crash("in the mailbox"),
    "lost": lambda: MailboxError("connection_lost"),
}


def failing_at(filed: FileWorld, number: int, *, after: bool, how: str) -> bool:
    """Hands a new batch over with a mailbox that fails at its `number`-th call; answers whether it came to that."""
    filed.cut_off(1_000, 2_500)
    made: list[Failing] = []

    def box(real: Mailbox) -> Failing:
        made.append(Failing(real, number, after=after, error=ERRORS[how]))
        return made[-1]

    filed.box = box
    with suppress(Crash):
        filed.freeze()
        filed.hand_over()
    filed.box = lambda real: real
    return made[0].left <= 0


@pytest.mark.parametrize("how", ERRORS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_E3_a_failure_at_every_call_to_the_mailbox_leaves_each_entry_at_the_bank_once(
    filed: FileWorld, after: bool, how: str
) -> None:
    number = 1
    while failing_at(filed, number, after=after, how=how):
        if number % 2:  # the bank collects while nobody here knows, or only later
            filed.bank.collect()
        filed.recover()
        number += 1
    assert number > 5
    filed.agreed()
    assert len(filed.bank.files) == len(filed.batches())


def hand_over(filed: FileWorld, books: Any = None) -> None:
    """As the errands do it; `books` may die, in the use case and in the desk alike."""
    used = books or filed.books
    gateway = BankFileGateway(FileDesk(used), pen_of, lambda _: filed.opened)
    filed.freeze()
    hand_over_echecks(used, lambda _: gateway, filed.leases, filed.log, organisation=ORGANISATION, account=ACCOUNT)


class DyingBooks:
    """Dies right after the `number`-th transaction was committed: the caller never learns of it (F-06)."""

    def __init__(self, filed: FileWorld, number: int) -> None:
        self.filed = filed
        self.left = number

    def run(self, work: Callable[[Any], Any], *, read_only: bool = False) -> Any:
        result = self.filed.books.run(work, read_only=read_only)
        self.left -= 1
        if self.left == 0:
            raise Crash("after the commit")
        return result


def test_E3_a_crash_before_any_statement_of_freeze_write_and_mark(filed: FileWorld) -> None:
    number = 0
    while True:
        number += 3 if filed.rail == "nacha" else 8
        filed.cut_off(1_000, 2_500)
        try:
            with crash_before_statement(filed.engine, number):
                hand_over(filed)
        except Crash:
            filed.recover()
            continue
        break
    assert number > 30
    filed.agreed()
    assert len(filed.bank.files) == len(filed.batches())


def test_E3_a_crash_at_and_after_each_commit_of_freeze_write_and_mark(filed: FileWorld) -> None:
    number = 0
    while True:
        number += 1
        filed.cut_off(1_000, 2_500)
        try:
            with crash_at_commit(filed.engine, number):
                hand_over(filed)
        except Crash:
            filed.recover()
            filed.cut_off(1_000, 2_500)
            with suppress(Crash):
                hand_over(filed, DyingBooks(filed, number))
            filed.bank.collect()
            filed.recover()
            continue
        break
    assert number > 6
    filed.agreed()
