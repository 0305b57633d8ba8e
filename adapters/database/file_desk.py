"""The desk of bank files in the database: each key written once, in one transaction with its trace and its bytes."""

import base64
import hashlib
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from io import RawIOBase
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy import text as sql_text

from adapters.bank_files.desk import Entered, Known, Waiting
from adapters.bank_files.mailbox import CHUNK
from adapters.bank_files.pens import Head, Pen, Wanted, Written
from adapters.database.bank_tables import bank_file_parts
from adapters.database.books import BookTransaction, DatabaseBooks
from adapters.database.file_entries import entries_wanted, in_chunks
from domain import filing
from domain.bank_file import BankDesk, BankEntry, BankFile, FileState
from domain.bank_mail import about_part
from domain.banking_days import calendar_of
from domain.days import local_date
from domain.decision import Change, Decision, New
from domain.organisation import MerchantAccount, Organisation

STALE = timedelta(days=1)  # a file that can't be laid down for that long is no longer merely late
CREDIT_DAYS = 5  # banking days until a credit has surely not come back; banks have two
PART = 512 * 1024  # characters of a sealed part


class FileDesk:
    """See `adapters.bank_files.desk.Desk`."""

    def __init__(self, books: DatabaseBooks) -> None:
        self._books = books

    def enter(self, account: MerchantAccount, keys: Sequence[str], pen: Pen) -> Entered:
        return self._books.run(lambda tx: _enter(tx, account, keys, pen))

    def known(self, account: MerchantAccount, keys: Sequence[str]) -> dict[str, Known]:
        return self._books.run(lambda tx: _known(tx, account, keys), read_only=True)

    def waiting(self, account: MerchantAccount) -> list[Waiting]:
        return self._books.run(lambda tx: _waiting(tx, account), read_only=True)

    def content(self, file: BankFile) -> Iterator[bytes]:
        opened = zlib.decompressobj()
        part = 0
        while (sealed := self._part(file, part)) is not None:
            squeezed = base64.b64decode(sealed)
            while squeezed:
                yield opened.decompress(squeezed, CHUNK)
                squeezed = opened.unconsumed_tail
            part += 1
        yield opened.flush()

    def _part(self, file: BankFile, part: int) -> str | None:
        one = bank_file_parts.c
        mine = (one.organisation == file.organisation) & (one.file == file.id) & (one.part == part)

        def read(tx: BookTransaction) -> str | None:
            sealed = tx.connection.execute(select(one.sealed).where(mine)).scalar_one_or_none()
            return None if sealed is None else tx.unseal(sealed, about=about_part(file.organisation, file.id, part))

        return self._books.run(read, read_only=True)

    def delivered(self, file: BankFile) -> None:
        self._books.run(lambda tx: tx.write([filing.delivered(_locked(tx, file), now=tx.now)]))

    def missed(self, file: BankFile, why: str) -> None:
        self._books.run(lambda tx: tx.write([filing.missed(_locked(tx, file), why, now=tx.now)]))


def _locked(tx: BookTransaction, file: BankFile) -> BankFile:
    return tx.lock(BankFile, organisation=file.organisation, id=file.id)


def _enter(tx: BookTransaction, account: MerchantAccount, keys: Sequence[str], pen: Pen) -> Entered:
    tx.lock(MerchantAccount, organisation=account.organisation, id=account.id)
    owner = tx.get(Organisation, id=account.organisation)
    before = {one.key for one in _entries(tx, account.organisation, keys)}
    fresh = [key for key in keys if key not in before]
    if not fresh:
        return Entered()
    if owner.currency not in pen.currencies:
        return Entered(refused=dict.fromkeys(fresh, "bank_file_error"))
    found = entries_wanted(tx, account.organisation, fresh)
    groups: dict[str | None, list[Wanted]] = defaultdict(list)
    refused = dict(found.refused)
    for one in found.wanted:
        if pen.refuses(one):
            refused[one.key] = "bank_file_error"
        else:
            groups[found.batch_of[one.key]].append(one)
    for batch, wanted in groups.items():
        _write(tx, account, owner, pen, batch, wanted)
    return Entered(refused=refused)


def _write(
    tx: BookTransaction, account: MerchantAccount, owner: Organisation, pen: Pen, batch: str | None,
    wanted: Sequence[Wanted],
) -> None:  # fmt: skip
    today = local_date(tx.now, owner.timezone)
    desk, opened = _desk(tx, account)
    head = _head(tx, owner, desk, pen, len(wanted))
    if head.of_day > pen.most_of_day:
        return  # tomorrow has places again
    sink = _Sink()
    written = pen.write(sink, wanted, head)  # type: ignore[arg-type]  # it only writes
    sink.end()
    amounts = {one.key: one for one in wanted}
    file = BankFile(
        organisation=owner.id, id=tx.mint("bf_"), merchant_account=account.id, batch=batch,
        name=pen.name(account.id, head), number=head.number, day=today, of_day=head.of_day,
        effective_on=head.effective_on, count=len(wanted), total=sum(one.amount for one in wanted),
        currency=owner.currency, hash=sink.hash.hexdigest(), size=sink.size, written_at=tx.now,
    )  # fmt: skip
    put = {
        "number": head.number, "day": today, "of_day": head.of_day, "trace": head.first_trace + len(wanted) - 1,
    }  # fmt: skip
    count: Decision = (
        Change(thing=BankDesk, key={"organisation": owner.id, "id": account.id}, put=put)
        if opened
        else New(thing=replace(desk, **put)),  # type: ignore[arg-type]
    )
    entries = [New(thing=_entry(file, one, amounts[one.key])) for one in written]
    tx.write([(*count, New(thing=file), filing.written(file, now=tx.now), *entries)])
    rows = [
        {
            "organisation": owner.id, "file": file.id, "part": number,
            "sealed": tx.seal(part, about=about_part(owner.id, file.id, number)),
        }
        for number, part in enumerate(sink.parts)
    ]  # fmt: skip
    tx.connection.execute(bank_file_parts.insert(), rows)


def _desk(tx: BookTransaction, account: MerchantAccount) -> tuple[BankDesk, bool]:
    """What was counted so far, and whether it is written down already; the account's row is locked."""
    found = tx.find(BankDesk, organisation=account.organisation, id=account.id)
    return found or BankDesk(organisation=account.organisation, id=account.id), found is not None


def _head(tx: BookTransaction, owner: Organisation, desk: BankDesk, pen: Pen, count: int) -> Head:
    now = tx.now.astimezone(ZoneInfo(owner.timezone))
    fits = desk.trace + count <= pen.most_traces
    return Head(
        number=desk.number % pen.most_numbers + 1, of_day=desk.of_day + 1 if desk.day == now.date() else 1,
        written_at=now.replace(tzinfo=None), effective_on=calendar_of(owner).after(now.date()),
        first_trace=desk.trace + 1 if fits else 1,
    )  # fmt: skip


def _entry(file: BankFile, one: Written, wanted: Wanted) -> BankEntry:
    return BankEntry(
        organisation=file.organisation, key=one.key, merchant_account=file.merchant_account, file=file.id,
        credit=wanted.credit, trace=one.trace, rdfi=one.rdfi, amount=wanted.amount,
    )  # fmt: skip


def _entries(tx: BookTransaction, organisation: str, keys: Sequence[str]) -> list[BankEntry]:
    return [
        entry for some in in_chunks(keys) for entry in tx.all(BankEntry, organisation=organisation, key=list(some))
    ]  # fmt: skip


def _known(tx: BookTransaction, account: MerchantAccount, keys: Sequence[str]) -> dict[str, Known]:
    entries = _entries(tx, account.organisation, keys)
    ids = sorted({one.file for one in entries})
    files = {
        file.id: file
        for some in in_chunks(ids)
        for file in tx.all(BankFile, organisation=account.organisation, id=list(some))
    }
    owner = tx.get(Organisation, id=account.organisation)
    desk = tx.find(BankDesk, organisation=account.organisation, id=account.id)
    read_on = local_date(desk.collected_at, owner.timezone) if desk and desk.collected_at else None
    over = {
        id: read_on is not None and read_on > calendar_of(owner).after(file.effective_on, CREDIT_DAYS)
        for id, file in files.items()
    }
    return {one.key: Known(entry=one, file=files[one.file], over=over[one.file]) for one in entries}


def _waiting(tx: BookTransaction, account: MerchantAccount) -> list[Waiting]:
    mine: dict[str, Any] = {"organisation": account.organisation, "merchant_account": account.id}
    files = tx.all(BankFile, order_by="written_at id", state=FileState.WRITTEN, **mine)
    withdrawn = set(tx.connection.execute(sql_text(_WITHDRAWN), mine).scalars()) if files else set()
    return [
        Waiting(file=one, withdrawn=one.id in withdrawn, stale=tx.now - one.written_at > STALE) for one in files
    ]  # fmt: skip


_WITHDRAWN = """SELECT DISTINCT f.id FROM bank_files f
    JOIN bank_entries n ON n.organisation = f.organisation AND n.file = f.id
    LEFT JOIN echecks e ON e.organisation = n.organisation AND e.id = n.key
    LEFT JOIN repayments r ON r.organisation = n.organisation AND r.key = n.key
    WHERE f.organisation = :organisation AND f.merchant_account = :merchant_account AND f.state = 'written'
        AND NOT (coalesce(e.state, '') IN ('batched', 'unknown')
            OR coalesce(r.state, '') IN ('submitting', 'unknown', 'in_doubt'))"""


class _Sink(RawIOBase):
    """Takes the bytes of a file as they are written, keeps them compressed in parts, and their digest."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.size = 0
        self.parts: list[str] = []
        self._squeeze = zlib.compressobj()
        self._held = bytearray()

    def write(self, text: Any) -> int:
        self.hash.update(text)
        self.size += len(text)
        self._held += self._squeeze.compress(text)
        if len(self._held) > PART:
            self._keep()
        return len(text)

    def end(self) -> None:
        self._held += self._squeeze.flush()
        self._keep()

    def _keep(self) -> None:
        self.parts.append(base64.b64encode(self._held).decode())
        self._held.clear()
