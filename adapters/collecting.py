"""Collects what banks lay down: every letter once, every record of it applied or parked, nothing lost."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from adapters.bank_files.mailbox import Letter, Mailbox, MailboxError, OpenMailbox
from adapters.bootstrap import App
from adapters.database.books import BookTransaction, DatabaseBooks
from adapters.gateways.bank_file.mailboxes import mailbox_of
from adapters.gateways.bank_file.terms import READERS
from adapters.logs import log_failure
from domain.bank_file import BankDesk
from domain.bank_mail import MOST_UNREADABLE, BankLetter, RecordState
from domain.bank_return import FromBank, Unreadable
from domain.capabilities import capability_for
from domain.decision import Change, New
from domain.organisation import MerchantAccount
from domain.ports import Log
from domain.use_cases.hear_from_bank import InSomebodysHands, Whence, hear_from_bank
from domain.use_cases.watch_echecks import watch_echecks

NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # until it is written down
EVERY = timedelta(minutes=15)  # banks send returns several times a day
MOST_BYTES = 64 * 1024 * 1024  # of a letter; a hundred thousand returns are twenty
Read = Callable[[Iterable[str]], Iterator[FromBank]]


def collect_due(app: App, *, organisation: str, account: str) -> int:
    """Looks for letters of one account, when it is time for that; answers how many records were new."""
    through = app.books.run(lambda tx: tx.get(MerchantAccount, organisation=organisation, id=account), read_only=True)
    if not app.books.run(partial(_is_due, through), read_only=True):
        return 0
    opened = mailbox_of(through, app.settings)
    return collect(app.books, opened, READERS[through.processor], app.log, through)


def watch_after_letters(app: App, *, organisation: str, account: str) -> int:
    """Silence is a verdict only once the bank's own files have been read."""
    through = app.books.run(lambda tx: tx.get(MerchantAccount, organisation=organisation, id=account), read_only=True)
    if capability_for(through).by_file:
        collect_due(app, organisation=organisation, account=account)
    return watch_echecks(
        app.books, app.gateways, app.leases, app.log, organisation=organisation, account=account
    )  # fmt: skip


def collect(books: DatabaseBooks, opened: OpenMailbox, read: Read, log: Log, account: MerchantAccount) -> int:
    """Every letter that was not read yet; one that can't be read to its end is read again another time."""
    total, well = 0, True
    try:
        with opened() as box:
            for letter in box.letters():
                if not books.run(partial(_is_known, account, letter), read_only=True):
                    done = _read_letter(books, box, letter, read, log, account)
                    total, well = total + (done or 0), well and done is not None
    except MailboxError as error:
        log("bank_mail.not_collected", organisation=account.organisation, account=account.id, why=error.why)
        well = False
    books.run(lambda tx: _note(tx, account, well=well))
    return total


def _read_letter(
    books: DatabaseBooks, box: Mailbox, letter: Letter, read: Read, log: Log, account: MerchantAccount
) -> int | None:
    """Answers how many records it has; None when it is to be read again."""
    content = b"".join(box.open(letter))[:MOST_BYTES]
    digest = hashlib.sha256(content).hexdigest()
    done = BankLetter(
        organisation=account.organisation, merchant_account=account.id, name=letter.name, size=letter.size,
        modified=letter.modified, digest=digest, records=0, parked=0, read_at=NEVER,
    )  # fmt: skip
    if books.run(partial(_is_read, account, digest), read_only=True):
        books.run(lambda tx: _close(tx, done))  # the same under another name
        return 0
    whence = Whence(organisation=account.organisation, account=account.id, letter=letter.name)
    states: list[RecordState] = []
    try:
        for said in _limited(read(content.decode("latin-1").split("\n"))):
            states.append(books.run(partial(_hear, said, whence)))
    except InSomebodysHands:
        return None
    except Exception as error:  # this letter waits; the others don't wait for it
        log_failure("bank_letter.not_read", error, organisation=account.organisation, account=account.id)
        return None
    parked = states.count(RecordState.PARKED)
    books.run(lambda tx: _close(tx, replace(done, records=len(states), parked=parked)))
    log("bank_letter.read", organisation=account.organisation, letter=letter.name, records=len(states), parked=parked)
    return len(states)


def _limited(said: Iterable[FromBank]) -> Iterator[FromBank]:
    """A letter may be anything at all: after so many unreadable records one tells of all the others."""
    unreadable = 0
    for one in said:
        unreadable += isinstance(one, Unreadable)
        if isinstance(one, Unreadable) and unreadable > MOST_UNREADABLE:
            if unreadable == MOST_UNREADABLE + 1:
                yield replace(one, why="more_unreadable")
            continue
        yield one


def _hear(said: FromBank, whence: Whence, tx: BookTransaction) -> RecordState:
    return hear_from_bank(tx, said, whence)


def _is_due(account: MerchantAccount, tx: BookTransaction) -> bool:
    desk = tx.find(BankDesk, organisation=account.organisation, id=account.id)
    return desk is not None and (desk.next_at is None or desk.next_at <= tx.now)


def _is_known(account: MerchantAccount, letter: Letter, tx: BookTransaction) -> bool:
    key = {"organisation": account.organisation, "merchant_account": account.id, "name": letter.name}
    return tx.find(BankLetter, size=letter.size, modified=letter.modified, **key) is not None


def _is_read(account: MerchantAccount, digest: str, tx: BookTransaction) -> bool:
    key = {"organisation": account.organisation, "merchant_account": account.id, "digest": digest}
    return tx.find(BankLetter, **key) is not None


def _close(tx: BookTransaction, letter: BankLetter) -> None:
    tx.write([(New(thing=replace(letter, read_at=tx.now)),)])


def _note(tx: BookTransaction, account: MerchantAccount, *, well: bool) -> None:
    """When it is looked for next; and, if all was read, that nothing more is there so far."""
    key: dict[str, Any] = {"organisation": account.organisation, "id": account.id}
    tx.lock(MerchantAccount, **key)
    put: dict[str, Any] = {"next_at": tx.now + EVERY, **({"collected_at": tx.now} if well else {})}
    desk = tx.find(BankDesk, **key)
    tx.write([(Change(thing=BankDesk, key=key, put=put) if desk is not None else New(thing=BankDesk(**key, **put)),)])
