"""A small world whose e-checks go by bank file: a bank that collects them as a real one would, and a folder."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from adapters.bank_files.cpa005_reader import read_cpa005
from adapters.bank_files.folder import IN, OUT, folder_of, open_folder
from adapters.bank_files.mailbox import Mailbox
from adapters.bank_files.nacha_reader import read_nacha
from adapters.collecting import collect
from adapters.database.file_desk import FileDesk
from adapters.database.invariants import broken
from adapters.database.vault import Vault
from adapters.gateways.bank_file.gateway import BankFileGateway
from adapters.gateways.bank_file.terms import READERS, pen_of
from domain.bank_account import BankAccount
from domain.bank_file import BankEntry, BankFile
from domain.bank_mail import BankRecord, RecordState
from domain.banking_days import calendar_of
from domain.organisation import MerchantAccount
from domain.use_cases.register import register_organisation, register_payment_method
from domain.use_cases.start_cutoffs import start_cutoffs
from tests.bank_letters import letter, returned
from tests.echeck_world import EcheckWorld
from tests.world import ACCOUNT, ORGANISATION

NACHA = {
    "destination": "091000019", "origin": "1234567890", "destination_name": "Bank of the Lake",
    "origin_name": "YMCA of Duluth", "company_name": "YMCA of Duluth", "company_id": "1234567890", "odfi": "09100001",
}  # fmt: skip
CPA005 = {
    "originator": "YMCAQC0001", "data_centre": "81510", "short_name": "YMCA Québec",
    "long_name": "YMCA de Québec et Lévis", "return_institution": "815", "return_transit": "20001",
    "return_account": "0012345",
}  # fmt: skip
RAILS = {"nacha": ("USD", NACHA), "cpa005": ("CAD", CPA005)}


class Refused(Exception):
    """What the bank says of a file that it has seen before, or that does not follow the one before."""


class Bank:
    """Collects what lies in a folder: a file that it has had before is refused by its own marks, and entries that
    it takes are in `entries`, by our key. `collect` takes the files away, as banks do."""

    def __init__(self, folder: Path, rail: str) -> None:
        self.folder = folder
        self.rail = rail
        self.entries: dict[str, int] = {}
        self.files: list[str] = []
        self.refused: list[str] = []
        self.marks: list[Any] = []

    def collect(self) -> None:
        for path in sorted((self.folder / OUT).glob("[!.]*")):
            text = path.read_bytes().decode("ascii")
            mark, entries = (self._nacha if self.rail == "nacha" else self._canadian)(text)
            path.unlink()
            if mark in self.marks:
                self.refused.append(path.name)
                continue
            self.files.append(text)
            self.marks.append(mark)
            for key, amount in entries:
                assert key not in self.entries, f"{key} is at the bank twice"
                self.entries[key] = amount

    def _nacha(self, text: str) -> tuple[Any, list[tuple[str, int]]]:
        """The operator's own test: origin, date, time and modifier."""
        found = read_nacha(text.splitlines())
        mark = tuple(found.header[name] for name in ("origin", "created_on", "created_at", "modifier"))
        return mark, [(one.individual_id, one.amount) for batch in found.batches for one in batch.entries]

    def _canadian(self, text: str) -> tuple[Any, list[tuple[str, int]]]:
        """Numbers that follow each other strictly; one that comes again is refused."""
        found = read_cpa005(text.splitlines())
        number = found.header["creation_number"]
        assert number <= len(self.marks) + 1, "a number is missing before it"
        return number, [(one.cross_reference, one.amount) for one in found.entries]

    def say(self, name: str, text: str) -> None:
        """Lays down a file of its own."""
        (self.folder / IN).mkdir(parents=True, exist_ok=True)
        (self.folder / IN / name).write_bytes(text.encode("ascii"))


class FileWorld(EcheckWorld):
    """`mailbox` may stand in the way of the folder."""

    def __init__(self, url: str, folder: Path, rail: str) -> None:
        super().__init__(url, folder)
        self.books.vault = Vault(("a root of the tests, long enough to seal",))
        self.rail = rail
        self.folder = folder_of(folder / "bank", ORGANISATION, ACCOUNT)
        self.bank = Bank(self.folder, rail)
        self.box: Any = lambda box: box
        self.gateway = BankFileGateway(FileDesk(self.books), pen_of, lambda _: self.opened)
        self._accounts = itertools.count(1)
        self._letters = itertools.count(1)
        self._method = ""
        self.club(RAILS[rail][0], processor=rail)

    @contextmanager
    def opened(self) -> Iterator[Mailbox]:
        with open_folder(self.folder) as box:
            yield self.box(box)

    def club(self, currency: str = "CAD", *, processor: str = "simulator", **settings: Any) -> None:
        given = {
            "name": "Club", "timezone": "America/Toronto", "currency": currency, "language": "en", "settings": settings,
        }  # fmt: skip
        account = {"id": ACCOUNT, "processor": processor, "kinds": ("echeck",), "settings": RAILS[processor][1]}
        self.books.run(
            lambda tx: register_organisation(tx, organisation=ORGANISATION, given=given, accounts=[account], by="t")
        )

    def account_on_file(
        self, token: str = "", *, client: str = "c-1", id: str | None = None, **mandate: Any
    ) -> str:  # fmt: skip
        number = next(self._accounts)
        id = id or f"ba-{number}"
        given = {
            "client": client, "kind": "echeck", "merchant_account": ACCOUNT,
            "mandate": {"channel": "web", "holder": "personal", "recurring": False, **mandate},
        }  # fmt: skip
        bank = (
            BankAccount(account=f"{4000 + number}", routing="091000019", type="checking")
            if self.rail == "nacha"
            else BankAccount(account=f"{4000 + number}", institution="815", transit="20001")
        )
        self.books.run(
            lambda tx: register_payment_method(
                tx, organisation=ORGANISATION, payment_method=id, given=given, by="t", bank=bank
            )
        )  # fmt: skip
        return id

    def cut_off(self, *amounts: int) -> list[str]:
        """E-checks of the next banking day, and its cut-off has struck: they are frozen and wait to be handed over."""
        self.at(calendar_of(self.owner()).after(self.today()), 10)
        ids = [self.pay_by_echeck(amount) for amount in amounts]
        self.at(self.today())
        self.books.run(lambda tx: start_cutoffs(tx, organisation=ORGANISATION))
        return ids

    def pay_by_echeck(self, amount: int) -> str:
        """On the account of the one client, by the one method: cheap, where neither is looked at."""
        if not self._method:
            self.client()
            self._method = self.account_on_file()
        told = self.pay(amount, payment_method=self._method)
        assert told is not None
        return str(told["payment"])

    def recover(self) -> None:
        """The next process frees what the dead one held, and does what is due until all of it is handed over."""
        self.leases.reap(everyone_else=True)
        for _ in range(20):
            while self.freeze() + self.hand_over():
                pass
            if not self.scalar("SELECT count(*) FROM echecks WHERE state IN ('pending', 'batched', 'unknown')"):
                return
            self.wait(minutes=11)
        raise AssertionError("it is never handed over")

    def poll(self) -> int:
        """The bank's letters first, as the errand does: silence is a verdict only then."""
        self.collect()
        return super().poll()

    def collect(self) -> int:
        account = self.books.run(lambda tx: tx.get(MerchantAccount, organisation=ORGANISATION, id=ACCOUNT))
        return collect(self.books, lambda: self.opened(), READERS[self.rail], self.log, account)

    def hear(self, *records: list[str], name: str = "") -> int:
        """The bank lays down a letter of these records, and it is collected."""
        self.bank.say(name or f"returns-{next(self._letters)}.txt", letter(*records))
        return self.collect()

    def say(self, payment: str, code: str, **more: Any) -> list[str]:
        """The records of a return of this payment."""
        return returned(self.rail, self.entry(payment), code, **more)

    def records(self, **key: Any) -> list[BankRecord]:
        return self.books.run(lambda tx: tx.all(BankRecord, order_by="at letter line", **key))

    def parked(self) -> list[str]:
        return [one.why for one in self.records(state=RecordState.PARKED)]

    def files(self) -> list[BankFile]:
        return self.books.run(lambda tx: tx.all(BankFile, order_by="written_at id"))

    def entry(self, payment: str) -> BankEntry:
        key = self.echeck(payment).id
        return self.books.run(lambda tx: tx.get(BankEntry, organisation=ORGANISATION, key=key))

    def lying(self) -> list[str]:
        """What lies in the folder, drafts too."""
        out = self.folder / OUT
        return sorted(path.name for path in out.iterdir()) if out.is_dir() else []

    def agreed(self) -> None:
        """The bank has what was submitted, each once, to the cent."""
        self.bank.collect()
        ours = {one.id[:15] if self.rail == "nacha" else one.id: one.amount for one in self.echecks()}
        assert self.bank.entries == ours
        assert sum(file.total for file in self.files()) == sum(self.bank.entries.values())
        with self.books.begin(read_only=True) as tx:
            assert {name: rows for name, rows in broken(tx, late=timedelta(days=365)).items() if rows} == {}


TUESDAY = date(2026, 11, 24)
