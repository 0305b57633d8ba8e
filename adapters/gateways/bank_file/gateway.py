"""Bank files as a gateway: what is handed in is written once, delivered in order, and looked for in return files.

A key stands in one file for ever, and that file has one name and the same bytes each time: whatever crashes, the
same is handed in again, and a bank takes a file of the same name, date and number once.
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date

from adapters.bank_files.desk import Desk, Known, Waiting
from adapters.bank_files.mailbox import Mailbox, MailboxError, NotReached, OpenMailbox, lay_down
from adapters.bank_files.pens import Pen
from domain.bank_file import WITHDRAWN, FileState
from domain.bank_return import meaning
from domain.organisation import MerchantAccount
from domain.outcome import (
    Approved,
    Cancellation,
    Charge,
    Debit,
    Declined,
    Finding,
    Listed,
    LookUp,
    NoAnswer,
    NotFound,
    NotSent,
    Outcome,
    Pending,
    RefundOrder,
    Returned,
    Settled,
    Standing,
)
from domain.ports import ListNotAvailable

Trouble = NoAnswer | NotSent
PenOf = Callable[[MerchantAccount], Pen]
MailboxOf = Callable[[MerchantAccount], OpenMailbox]


class BankFileGateway:
    """See `domain.ports.Gateway`. Its pen and its mailbox are those of each merchant account."""

    def __init__(self, desk: Desk, pen_of: PenOf, mailbox_of: MailboxOf) -> None:
        self._desk = desk
        self._pen_of = pen_of
        self._mailbox_of = mailbox_of

    def charge(self, account: MerchantAccount, charges: Sequence[Charge]) -> list[Outcome]:
        return [Declined(code="not_allowed") for _ in charges]  # a bank file takes no cards

    def cancel(self, account: MerchantAccount, cancellations: Sequence[Cancellation]) -> list[Outcome]:
        return [Declined(code="not_allowed") for _ in cancellations]  # what a bank has can't be called back

    def debit(self, account: MerchantAccount, debits: Sequence[Debit]) -> list[Outcome]:
        return self._hand_in(account, debits)

    def refund(self, account: MerchantAccount, orders: Sequence[RefundOrder]) -> list[Outcome]:
        return self._hand_in(account, orders)

    def look_up(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Finding]:
        """Our own books say whether it stands in a file; one that is not delivered yet is delivered now."""
        known = self._desk.known(account, [one.key for one in questions])
        trouble: dict[str, Trouble] = {}
        if any(one.file.state is not FileState.DELIVERED for one in known.values()):
            with suppress(ValueError):  # its settings were taken away: it is not delivered, and that is all we know
                trouble = self._deliver(account, self._pen_of(account))
            known = self._desk.known(account, [one.key for one in questions])
        return [
            _outcome(known[one.key], one.currency, trouble) if one.key in known else NotFound() for one in questions
        ]

    def status(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Standing]:
        known = self._desk.known(account, [one.key for one in questions])
        return [_standing(known.get(one.key)) for one in questions]

    def listed(self, account: MerchantAccount, on: date) -> Iterable[Listed]:
        raise ListNotAvailable("a bank sends no list")

    def _hand_in(self, account: MerchantAccount, asked: Sequence[Debit | RefundOrder]) -> list[Outcome]:
        try:
            keys, pen = [one.key for one in asked], self._pen_of(account)
        except ValueError as error:  # the bank has not said everything yet: nothing can be written
            return [NotSent(why=f"setting_{error}") for _ in asked]
        refused = self._desk.enter(account, keys, pen).refused
        trouble = self._deliver(account, pen)
        known = self._desk.known(account, keys)
        return [
            Declined(code=refused[one.key])
            if one.key in refused
            else _outcome(known.get(one.key), one.currency, trouble)
            for one in asked
        ]

    def _deliver(self, account: MerchantAccount, pen: Pen) -> dict[str, Trouble]:
        """Everything that waits, in the order of the numbers; answers what went wrong, by file."""
        trouble: dict[str, Trouble] = {}
        waiting = list(self._desk.waiting(account))
        if not waiting:
            return trouble
        try:
            with self._mailbox_of(account)() as box:
                held = False
                for one in waiting:
                    if found := (NoAnswer(why="earlier_file") if held else self._lay_down(box, one)):
                        trouble[one.file.id] = found
                        held = held or pen.consecutive
        except NotReached as error:
            for one in waiting:
                self._desk.missed(one.file, error.why)
                trouble[one.file.id] = NoAnswer(why=error.why) if one.stale else NotSent(why=error.why)
        return trouble

    def _lay_down(self, box: Mailbox, one: Waiting) -> Trouble | None:
        if one.withdrawn:
            self._desk.missed(one.file, WITHDRAWN)
            return NoAnswer(why=WITHDRAWN)
        draft = f".{one.file.name}.{secrets.token_hex(4)}.part"  # its own, so that two workers never write into one
        try:
            lay_down(box, one.file.name, lambda: self._desk.content(one.file), digest=one.file.hash, draft=draft)
        except MailboxError as error:
            self._desk.missed(one.file, error.why)
            return NoAnswer(why=error.why)
        self._desk.delivered(one.file)
        return None


def _outcome(known: Known | None, currency: str, trouble: dict[str, Trouble]) -> Approved | NoAnswer | NotSent:
    if known is None:
        return NotSent(why="not_written")
    entry, file = known.entry, known.file
    if file.state is FileState.DELIVERED:
        return Approved(
            reference=entry.trace, amount_minor=entry.amount, currency=currency, effective_on=file.effective_on
        )  # fmt: skip
    return trouble.get(file.id, NoAnswer(why="not_delivered"))


def _standing(known: Known | None) -> Standing:
    """No news is good news, once the time for news is over."""
    if known is None or known.file.state is not FileState.DELIVERED:
        return Pending()
    entry = known.entry
    if entry.code and entry.returned_on is not None:
        return Returned(code=meaning(entry.code), network_code=entry.code, on=entry.returned_on)
    return Settled(on=known.file.effective_on) if known.over else Pending()
