"""The simulated processor: it does, journals, remembers, and leaves it to its callers to answer."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.gateways.concurrency import Concurrency
from adapters.gateways.journal import Journal, JournalCorrupt, render_line, script_of
from adapters.gateways.simulator_rules import (
    READS,
    Book,
    Operation,
    Remembered,
    Reply,
    Request,
    apply_to_charge,
    fingerprint,
    first,
    listing,
    look_up,
    repeat,
    status,
)
from adapters.gateways.tokens import Answer, Script


class Simulator:
    """All merchant accounts of all organisations behind one journal. Thread-safe.

    `clock` stamps the journal's lines, and its dates in UTC are the simulator's days. The journal is opened, and
    the memory rebuilt from it, at the first request.
    """

    def __init__(self, journal_path: Path, *, clock: Callable[[], datetime]) -> None:
        self._journal = Journal(journal_path)
        self._clock = clock
        self._books: dict[tuple[str, str], Book] = {}
        self._scripts: dict[Script, Script] = {}
        self._lock = threading.Lock()
        self.concurrency = Concurrency()

    def perform(self, requests: Sequence[Request]) -> list[Reply]:
        """Does what is asked, in order, and journals all of it in one write before it returns.

        Raises JournalInUse, JournalCorrupt or OSError; then nobody may be answered.
        """
        with self._lock:
            self._open()
            at = self._clock().astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
            try:
                lines: list[str] = []
                replies = [self._perform(request, at, lines) for request in requests]
                self._journal.append(lines)
            except BaseException:
                # Memory ran ahead of the journal: forget it all, the next request rebuilds what is written.
                self._forget()
                raise
            return replies

    def now(self) -> datetime:
        """The simulator's clock, in UTC."""
        return self._clock().astimezone(UTC)

    def book(self, organisation: str, merchant_account: str) -> Mapping[str, Remembered]:
        """What is remembered of an account, by key, oldest first: to be read only."""
        with self._lock:
            self._open()
            return self._books.setdefault((organisation, merchant_account), {})

    def open(self) -> None:
        """Opens the journal now, so that trouble with it shows before the first request."""
        with self._lock:
            self._open()

    def close(self) -> None:
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        self._books = {}
        self._journal.close()

    def _open(self) -> None:
        if self._journal.is_open:
            return
        self._journal.open()
        try:
            for entry in self._journal.entries():
                self._remember_entry(entry)
        except (KeyError, TypeError, ValueError) as error:
            self._forget()
            raise JournalCorrupt(f"a line of {self._journal.path} is not one of ours") from error
        except BaseException:
            self._forget()
            raise

    def _perform(self, request: Request, at: str, lines: list[str]) -> Reply:
        book = self._books.setdefault((request.organisation, request.merchant_account), {})
        parameters = "" if request.operation in READS else fingerprint(request)
        match request.operation:
            case Operation.LOOK_UP:
                reply = look_up(book, request)
            case Operation.STATUS:
                reply = status(book, request, at)
            case Operation.LIST:
                reply = listing(book, request)
            case _:
                reply = repeat(book, request, parameters) or first(book, request, parameters, at)
        lines.append(
            render_line(
                at=at,
                organisation=request.organisation,
                merchant_account=request.merchant_account,
                operation=request.operation.value,
                key=request.key,
                of=request.of,
                reference=reply.reference,
                amount=reply.amount,
                currency=reply.currency,
                effect=reply.effect.value,
                script=reply.script,
                parameters=parameters,
            )
        )
        return reply

    def _remember_entry(self, entry: Mapping[str, Any]) -> None:
        """A line of the journal changes the memory just as its request did."""
        if entry["operation"] in READS or entry["answer"] == Answer.CONFLICT:
            return
        book = self._books.setdefault((entry["organisation"], entry["merchant_account"]), {})
        known = book.get(entry["key"])
        if known is not None and known.script.answer is not Answer.SERVER_ERROR:
            return  # a repetition
        script = script_of(entry)
        script = self._scripts.setdefault(script, script)  # one object for all the lines that say the same
        remembered = Remembered(
            script, entry["reference"], entry["amount"], entry["currency"], entry["parameters"], entry["at"],
            entry["operation"], entry.get("of", ""),
        )  # fmt: skip
        book[entry["key"]] = remembered
        apply_to_charge(book.get(entry.get("of", "")), remembered)
