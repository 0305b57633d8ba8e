"""A scheduler's part in webhooks, turn by turn."""

import time
from datetime import datetime
from typing import Any, cast

from adapters.bootstrap import App
from adapters.outgoing import endpoints
from adapters.outgoing.fan_out import fan_out
from adapters.outgoing.postman import Postman
from adapters.outgoing.wire import Wire
from adapters.settings import Settings
from domain.decision import New
from domain.event import Event
from domain.webhook import Delivery, WebhookEndpoint
from tests import held_back
from tests.adapters.outgoing.receiver import Receiver
from tests.world import ORGANISATION, World

ROOT = "a secret of at least thirty-two characters"
DEADLINE_S = 10.0  # the machine may be busy; tests of those who don't answer have a shorter one
SHORT_S = 0.4


class Sender:
    def __init__(self, world: World, inbox: Receiver, root: str) -> None:
        self.world = world
        self.inbox = inbox
        self.app = App(
            settings=Settings(_env_file=None, database_url=world.url, secret=root), engine=world.engine,
            books=world.books, leases=world.leases, gateways=cast(Any, None), log=world.log,
        )  # fmt: skip
        self.postman = Postman(self.app, Wire(deadline_s=DEADLINE_S, loopback=True))

    def close(self) -> None:
        self.postman.close()

    def add(self, path: str = "/ok", *types: str, organisation: str = ORGANISATION) -> tuple[WebhookEndpoint, str]:
        return self.world.books.run(
            lambda tx: endpoints.add(
                tx, f"{self.inbox.url}{path}", organisation=organisation, types=types, root=ROOT, by="cli"
            )
        )

    def tell(
        self, number: int = 1, type_: str = "invoice.created", *, organisation: str = ORGANISATION, public: bool = True
    ) -> None:
        event = Event(
            organisation=organisation, type=type_, subject=f"invoice:{number}", sequence=1, at=self.world.now,
            public=public, data={"number": number},
        )  # fmt: skip
        self.world.books.run(lambda tx: tx.write([(New(thing=event),)]))

    def fan_out(self) -> None:
        """On PostgreSQL, once no stranger's transaction of the shared server holds anything back."""
        until = time.monotonic() + 20
        while self._held_back() and time.monotonic() < until:
            time.sleep(0.01)
        fan_out(self.app)

    def turn(self) -> int:
        """Sends what is due and waits for it."""
        taken = self.postman.run_once()
        self.postman.settle()
        return taken

    def send(self) -> None:
        self.fan_out()
        while self.turn():
            pass

    def deliveries(self, **key: Any) -> list[Delivery]:
        return self.world.books.run(lambda tx: tx.all(Delivery, order_by="event endpoint", **key), read_only=True)

    def only(self) -> Delivery:
        [one] = self.deliveries()
        return one

    def endpoint(self, id: str) -> WebhookEndpoint:
        return self.world.books.run(lambda tx: tx.get(WebhookEndpoint, organisation=ORGANISATION, id=id))

    def events(self, type_: str) -> list[Event]:
        return self.world.books.run(lambda tx: tx.all(Event, type=type_, order_by="id"))

    @property
    def now(self) -> datetime:
        return self.world.now

    def _held_back(self) -> bool:
        if self.world.engine.dialect.name != "postgresql":
            return False
        return not self.world.scalar(held_back.NOTHING)
