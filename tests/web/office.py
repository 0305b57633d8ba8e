"""An office: a small world with the web in front of it, people who sign in and services with keys."""

import secrets
from typing import Any, cast

from starlette.testclient import TestClient

from adapters.bootstrap import App
from adapters.errands import work_all
from adapters.settings import Settings
from adapters.web.app import create_app
from adapters.web.sessions import hash_of, invite
from domain.access import ServiceKey
from domain.action_item import ActionItem
from domain.decision import New
from domain.use_cases.register import register_administrator, register_client
from domain.withdrawing import HOLD
from tests.web.browser import ORIGIN, Browser
from tests.world import ORGANISATION, World


class Office:
    """The pages and the API over a `World`, whose clock the test moves."""

    def __init__(self, world: World, **settings: Any) -> None:
        self.world = world
        self.logged: list[tuple[str, dict[str, Any]]] = []
        given = {"database_url": world.url, "public_url": ORIGIN} | settings
        self.app = App(
            settings=Settings(**given), engine=world.engine, books=world.books, leases=world.leases,
            gateways=cast(Any, lambda _: world.gateway), log=lambda event, **more: self.logged.append((event, more)),
        )  # fmt: skip
        self.web = create_app(self.app)

    def work(self) -> None:
        """Whatever is due once a retry can no longer be taken back: commands, charges, look-ups."""
        self.world.wait(seconds=HOLD.total_seconds())
        work_all(self.app)

    def person(self, id: str, *permissions: str, organisation: str = ORGANISATION, **given: Any) -> str:
        """An administrator who speaks English unless said otherwise."""
        given = {
            "name": id.title(), "email": f"{id}@example.org", "language": "en", "permissions": permissions,
        } | given  # fmt: skip
        self.world.books.run(
            lambda tx: register_administrator(tx, organisation=organisation, administrator=id, given=given, by="test")
        )
        return id

    def link(self, who: str, *, organisation: str = ORGANISATION) -> str:
        token = self.world.books.run(lambda tx: invite(tx, organisation=organisation, administrator=who))
        return f"/sign-in?token={token}"

    def browser(self) -> Browser:
        return Browser(self.web)

    def at_work(self, who: str, *, organisation: str = ORGANISATION) -> Browser:
        """A browser in which this person has signed in."""
        browser = self.browser()
        page = browser.open(self.link(who, organisation=organisation))
        browser.press(page.forms[-1].buttons[0])
        return browser

    def failed(self, token: str = "tok_insufficient_funds", amount: int = 4500, **more: Any) -> ActionItem:
        """An instalment that failed last night, as its item."""
        payment = self.world.owing(token, amount, **more)
        self.world.night()
        if token.startswith("tok_timeout"):
            self.world.climb()
        return self.world.item(payment)

    def failed_elsewhere(self, organisation: str = "other") -> ActionItem:
        """An item of another organisation."""
        world = self.world
        world.organisation(organisation)
        world.client("c-9", organisation=organisation)
        card = world.card("tok_insufficient_funds", client="c-9", organisation=organisation)
        invoice = world.invoice(7700, client="c-9", organisation=organisation)
        payment = world.plan(card, invoice, 7700, [world.now.date()], client="c-9", organisation=organisation)[0]
        world.work(organisation=organisation)
        return world.items(payment=payment, organisation=organisation)[0]

    def rename(self, client: str, name: str) -> None:
        self.world.books.run(
            lambda tx: register_client(tx, organisation=ORGANISATION, client=client, given={"name": name}, by="test")
        )

    def item(self, id: str) -> ActionItem:
        return self.world.items(id=id)[0]

    def key(self, *organisations: str) -> str:
        """A service's key, as `encaisse key create` makes it."""
        key = secrets.token_urlsafe(32)
        kept = ServiceKey(
            hash=hash_of(key), name="shop", organisations=organisations or (ORGANISATION,),
            created_at=self.world.now,
        )  # fmt: skip
        self.world.books.run(lambda tx: tx.write([(New(thing=kept),)]))
        return key

    def service(self, *organisations: str, key: str | None = None) -> TestClient:
        """An HTTP client with a key."""
        sent = key if key is not None else self.key(*organisations)
        headers = {"authorization": f"Bearer {sent}"} if sent else {}
        return TestClient(self.web, base_url=ORIGIN, headers=headers, raise_server_exceptions=False)
