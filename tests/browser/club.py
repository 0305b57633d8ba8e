"""A believable club on a standing clock, with the pages in front of it and one of everything behind."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.embedded import web
from adapters.errands import work_all
from adapters.inbox.accept import Accepted, accept_all
from adapters.inbox.results import result_of
from adapters.mail.smtp import MAILBOX
from adapters.night import Night
from adapters.web import passwords
from domain.people import Administrator
from domain.permissions import Permission
from tests.web.office import Office
from tests.world import World, world

ZONE = ZoneInfo("America/Toronto")
CLUB = "plateau"
PEOPLE = {"en": ("emma", "Emma Fraser"), "fr": ("marie", "Marie Tremblay")}
PASSWORD = "une clé pour la piscine"
TAXES = [{"code": "TPS", "rate": "5", "compound": False}, {"code": "TVQ", "rate": "9.975", "compound": False}]
TODAY = date(2026, 11, 24)
Told = tuple[str, dict[str, Any]]  # an act, and its data


class Club:
    """Commands through the front door, at the hour that the clock is put to; `url` once the pages are served."""

    def __init__(self, made: World) -> None:
        self.world = made
        self.office = Office(made, smtp_url=MAILBOX, secret="what seals bank accounts here")
        self.app: App = replace(self.office.app, log=lambda event, **more: None)
        self.url = ""
        self._numbers = itertools.count(1)

    # -- the clock ---------------------------------------------------------------------------------

    def at(self, day: date, hour: int, minute: int = 0) -> None:
        self.world.now = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)

    def wait(self, **delta: float) -> None:
        self.world.now += timedelta(**delta)
        self.work()

    def night(self, day: date) -> None:
        self.at(day, 4)
        Night(app=self.app, organisation=CLUB).run()

    def work(self) -> None:
        work_all(self.app)

    # -- what is told ------------------------------------------------------------------------------

    def tell(self, act: str, **data: Any) -> dict[str, Any]:
        """One command, worked to the end; answers its result."""
        return self.tell_all((act, data))[0]

    def tell_all(self, *commands: Told) -> list[dict[str, Any]]:
        envelopes = [
            {
                "specversion": "1.0", "id": f"t-{next(self._numbers)}", "source": "shop",
                "type": f"encaisse.{act}.v1", "data": {"organisation": CLUB, **data},
            }
            for act, data in commands
        ]  # fmt: skip
        answers = self.app.books.run(lambda tx: accept_all(tx, envelopes, "test"))
        self.work()
        results = []
        for answer in answers:
            assert isinstance(answer, Accepted), answer
            with self.app.books.begin(read_only=True) as tx:
                told = result_of(tx, answer.source, answer.id)
            assert told is not None
            assert told["status"] == "done", told
            results.append(told)
        return results

    def one(self, sql: str) -> str:
        """The first id that a query finds."""
        return str(self.ids(sql)[0])

    def ids(self, sql: str) -> list[str]:
        with self.app.books.begin(read_only=True) as tx:
            return list(tx.connection.exec_driver_sql(sql).scalars())

    def client(
        self, id: str, name: str, *, language: str = "fr", token: str = "tok_approve", last4: str = "4242",
        brand: str = "visa", expiry: str = "2028-03",
    ) -> str:  # fmt: skip
        """Somebody with a card on file."""
        self.tell_all(*newcomer(id, name, language=language, token=token, last4=last4, brand=brand, expiry=expiry))
        return id

    def invoice(self, client: str, what: str, price: int, *, id: str = "", code: str = "programmes") -> str:
        id = id or f"{client}-inv{next(self._numbers)}"
        taxes = [{"code": tax["code"]} for tax in TAXES]
        line = {"line": "l1", "description": what, "amount": price, "ledger_code": code, "taxes": taxes}
        self.tell("invoice.create", client=client, invoice=id, lines=[line])
        return id

    def plan(self, client: str, invoice: str, dates: list[date]) -> None:
        total = int(self.one(f"SELECT sum(amount + tax) FROM invoice_lines WHERE invoice = '{invoice}'"))
        self.tell(
            "instalment_plan.create", client=client, plan=f"{invoice}-plan", invoice=invoice, total=total,
            payment_method=f"{client}-card", schedule={"dates": [day.isoformat() for day in dates]},
        )  # fmt: skip

    # -- who works here ----------------------------------------------------------------------------

    def open(self) -> None:
        account = {"id": "main", "processor": "simulator", "kinds": ["card", "echeck"], "settings": {"deadline_s": 0.2}}
        self.tell(
            "organisation.register", name="Centre sportif du Plateau", timezone="America/Toronto", currency="CAD",
            language="fr", merchant_accounts=[account], settings={"taxes": TAXES, "night_at": "03:00"},
        )  # fmt: skip
        for language, (id, name) in PEOPLE.items():
            self.tell(
                "administrator.register", administrator=id, name=name, email=self.email(language), language=language,
                permissions=[permission.value for permission in Permission], principal=language == "fr",
                notifications=["digest", "instalment"],
            )  # fmt: skip

    def give_passwords(self) -> None:
        """They have chosen their passwords, as the page of the account lets them."""
        for id, _ in PEOPLE.values():
            self.app.books.run(partial(_keep_password, id=id))

    @staticmethod
    def email(language: str) -> str:
        return f"{PEOPLE[language][0]}@plateau.example"


def newcomer(id: str, name: str, *, language: str = "fr", **card: str) -> list[Told]:
    """Somebody, and their card."""
    given = {"token": "tok_approve", "brand": "visa", "last4": "4242", "expiry": "2028-03"} | card
    who = {"client": id, "name": name, "email": f"{id}@courriel.example", "language": language}
    return [("client.register", who), ("payment_method.register", card_of(id, f"{id}-card", **given))]


def card_of(client: str, id: str, **given: str) -> dict[str, Any]:
    return {"client": client, "payment_method": id, "kind": "card", "merchant_account": "main", **given}


def _keep_password(tx: BookTransaction, id: str) -> None:
    person = tx.get(Administrator, organisation=CLUB, id=id)
    passwords.keep(tx, person, passwords.hashed(passwords.checked(person, PASSWORD)))


@contextmanager
def open_club(url: str, folder: Path) -> Iterator[Club]:
    """With its pages served, until the block ends."""
    with world(url, folder) as made:
        club = Club(made)
        club.at(TODAY, 8)
        club.open()
        club.give_passwords()
        with web(club.app, host="127.0.0.1", port=0) as address:
            club.url = address
            yield club
