"""A mail room: what a scheduler does for mail, turn by turn, under a clock that the test moves."""

import time
from datetime import date, datetime
from typing import Any, cast

from adapters.bootstrap import App
from adapters.mail.digests import start_digests
from adapters.mail.planning import plan_all
from adapters.mail.postman import Postman
from adapters.settings import Settings
from domain.event import Event
from domain.mail import Mail
from domain.use_cases.register import register_administrator, register_client, register_organisation
from tests.adapters.mail.server import MailServer
from tests.world import ORGANISATION, World

SECRET = "a secret of at least thirty-two characters"
EVERYTHING = ("digest", "instalment", "subscription", "echeck", "refund")


class MailRoom:
    def __init__(self, world: World, server: MailServer) -> None:
        self.world = world
        self.server = server
        settings = Settings(
            _env_file=None, database_url=world.url, secret=SECRET, smtp_url=server.url,
            mail_from="Encaisse <no-reply@encaisse.example>", public_url="https://pay.example.org",
        )  # fmt: skip
        self.app = App(
            settings=settings, engine=world.engine, books=world.books, leases=world.leases, gateways=cast(Any, None),
            log=world.log,
        )  # fmt: skip
        self.postman = Postman(self.app)

    def close(self) -> None:
        self.postman.close()

    # -- people ----------------------------------------------------------------------------------

    def administrator(
        self, id: str, *notifications: str, permissions: tuple[str, ...] = ("failed_payment",), language: str = "en",
        organisation: str = ORGANISATION, **more: Any,
    ) -> str:  # fmt: skip
        given = {
            "name": id.title(), "email": f"{id}@club.example", "language": language, "permissions": permissions,
            "notifications": notifications, **more,
        }  # fmt: skip
        self.world.books.run(
            lambda tx: register_administrator(tx, organisation=organisation, administrator=id, given=given, by="test")
        )
        return f"{id}@club.example"

    def settings(self, **settings: Any) -> None:
        given = {"settings": settings}
        self.world.books.run(
            lambda tx: register_organisation(tx, organisation=ORGANISATION, given=given, accounts=[], by="test")
        )

    def client(self, id: str, **given: Any) -> None:
        self.world.books.run(
            lambda tx: register_client(tx, organisation=ORGANISATION, client=id, given=given, by="test")
        )

    # -- work ------------------------------------------------------------------------------------

    def plan(self) -> None:
        until = time.monotonic() + 20
        plan_all(self.app)
        while self._held_back() and time.monotonic() < until:
            plan_all(self.app)

    def digest(self, through: date | None = None) -> int:
        self.plan()
        return start_digests(self.app, through=through)

    def send(self) -> int:
        return self.postman.send_all()

    def day(self) -> None:
        """A scheduler's turn: plans what happened, the digests that are due, sends what is due."""
        self.digest()
        self.send()

    def at(self, instant: str) -> None:
        self.world.now = datetime.fromisoformat(instant)

    # -- what became of it -----------------------------------------------------------------------

    def mails(self, **key: Any) -> list[Mail]:
        return self.world.books.run(lambda tx: tx.all(Mail, order_by="planned_at id", **key), read_only=True)

    def kinds(self, **key: Any) -> list[tuple[str, str]]:
        """(recipient, kind) of what was planned."""
        return sorted((one.recipient, one.kind.value) for one in self.mails(**key))

    def events(self, type_: str) -> list[Event]:
        return self.world.books.run(lambda tx: tx.all(Event, type=type_, order_by="id"), read_only=True)

    def _held_back(self) -> bool:
        """On PostgreSQL a stranger's transaction on the shared server may hold our reading back."""
        column = "transaction" if self.world.engine.dialect.name == "postgresql" else "id"
        reached = "coalesce((SELECT position FROM relays WHERE name = 'mail'), 0)"
        return bool(self.world.scalar(f"SELECT coalesce(max({column}), 0) > {reached} FROM events"))
