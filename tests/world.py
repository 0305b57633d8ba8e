"""A small world for tests: an organisation, clients, plans, a clock that a test moves, a real simulator.

The past is told through the same use cases as in production; nothing is patched.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.database.books import DatabaseBooks
from adapters.database.leases import Leases
from adapters.gateways.in_process import SimulatedGateway
from adapters.gateways.simulator import Simulator
from adapters.locale import render
from domain.action_item import ActionItem
from domain.attempt import Attempt
from domain.instalment import Schedule
from domain.invoice import AskedLine
from domain.ledger import Posting
from domain.payment import Payment
from domain.ports import Gateway
from domain.subscription import Renewal
from domain.use_cases.charge_payments import charge_payments
from domain.use_cases.create_invoice import create_invoice
from domain.use_cases.make_payment import make_payment
from domain.use_cases.plan_instalments import create_plan
from domain.use_cases.register import (
    register_administrator,
    register_client,
    register_organisation,
    register_payment_method,
)  # fmt: skip
from domain.use_cases.renew_subscriptions import renew_subscriptions
from domain.use_cases.resolve_unknowns import resolve_unknowns
from domain.use_cases.retry_automatically import retry_automatically
from domain.use_cases.start_nights import start_nights
from domain.use_cases.subscribe import start_subscription
from domain.use_cases.watch_cards import watch_cards
from tests import world_refunds
from tests.databases import kept_engine
from tests.world_refunds import GivingBack

START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # 10:00 in Montréal
ORGANISATION = world_refunds.ORGANISATION
ACCOUNT = world_refunds.ACCOUNT


class World(GivingBack):
    """What a test needs to tell a past and look at what became of it."""

    def __init__(self, url: str, folder: Path, *, gateway: Gateway | None = None) -> None:
        self.now = START
        self.url = url
        self.engine = kept_engine(url)
        self.books = DatabaseBooks(self.engine, render=render, clock=lambda: self.now)
        self.leases = Leases(self.books, self.engine, role="test")
        self.simulator = Simulator(folder / "journal.jsonl", clock=lambda: self.now)
        self.gateway: Gateway = gateway or SimulatedGateway(self.simulator, clock_is_real=False)
        self.logged: list[tuple[str, dict[str, Any]]] = []
        self._numbers = itertools.count(1)

    def close(self) -> None:
        self.simulator.close()

    # -- the past --------------------------------------------------------------------------------

    def organisation(
        self, id: str = ORGANISATION, timezone: str = "America/Toronto", account: dict[str, Any] | None = None,
        **settings: Any,
    ) -> str:  # fmt: skip
        given = {"name": f"Club {id}", "timezone": timezone, "currency": "CAD", "language": "en"}
        merchant = {"id": ACCOUNT, "processor": "simulator", "kinds": ("card",), "settings": account or {}}
        self.books.run(
            lambda tx: register_organisation(
                tx, organisation=id, given={**given, "settings": settings}, accounts=[merchant], by="test"
            )
        )
        return id

    def account(self, organisation: str = ORGANISATION, **settings: Any) -> None:
        """Other settings for the merchant account."""
        account = {"id": ACCOUNT, "processor": "simulator", "kinds": ("card",), "settings": settings}
        self.books.run(
            lambda tx: register_organisation(tx, organisation=organisation, given={}, accounts=[account], by="test")
        )

    def administrator(self, id: str = "marie", *permissions: str, organisation: str = ORGANISATION) -> str:
        given = {
            "name": id.title(), "email": f"{id}@example.org", "language": "fr",
            "permissions": permissions or ("failed_payment", "payment_processing"),
        }  # fmt: skip
        self.books.run(
            lambda tx: register_administrator(tx, organisation=organisation, administrator=id, given=given, by="test")
        )
        return id

    def client(self, id: str = "c-1", *, organisation: str = ORGANISATION, language: str = "en") -> str:
        given = {"name": f"Client {id}", "email": f"{id}@example.org", "language": language}
        self.books.run(lambda tx: register_client(tx, organisation=organisation, client=id, given=given, by="test"))
        return id

    def card(
        self, token: str = "tok_approve", *, client: str = "c-1", id: str | None = None,
        organisation: str = ORGANISATION, brand: str = "visa", expiry: str = "2028-03",
    ) -> str:  # fmt: skip
        id = id or f"pm-{next(self._numbers)}"
        given = {
            "client": client, "kind": "card", "merchant_account": ACCOUNT, "token": token, "brand": brand,
            "last4": "4242", "expiry": expiry,
        }  # fmt: skip
        self.books.run(
            lambda tx: register_payment_method(tx, organisation=organisation, payment_method=id, given=given, by="test")
        )
        return id

    def invoice(
        self, *amounts: int, client: str = "c-1", id: str | None = None, organisation: str = ORGANISATION
    ) -> str:
        id = id or f"inv-{next(self._numbers)}"
        lines = [
            AskedLine(line=f"l{position}", description=f"Activity {position}", amount=amount)
            for position, amount in enumerate(amounts, 1)
        ]
        self.books.run(
            lambda tx: create_invoice(tx, organisation=organisation, client=client, id=id, lines=lines, by="test")
        )
        return id

    def plan(
        self, card: str, invoice: str, total: int, dates: list[date], *, client: str = "c-1",
        organisation: str = ORGANISATION, lines: list[str] | None = None,
    ) -> list[str]:  # fmt: skip
        """A plan of equal instalments; answers their ids, in order."""
        result = self.books.run(
            lambda tx: create_plan(
                tx, organisation=organisation, client=client, plan=f"plan-{next(self._numbers)}",
                invoice=invoice, lines=lines, payment_method=card, offline=None, total=total, initial=None,
                schedule=Schedule(dates=tuple(dates)), by="test",
            )
        )  # fmt: skip
        return [told["instalment"] for told in result["instalments"]]

    def owing(self, token: str = "tok_approve", amount: int = 10_000, *, days: int = 1, client: str = "c-1") -> str:
        """A client with one instalment, due `days` from today, on a card with that token; answers its id."""
        self.client(client)
        invoice = self.invoice(amount, client=client)
        due_on = (self.now + timedelta(days=days)).date()
        return self.plan(self.card(token, client=client), invoice, amount, [due_on], client=client)[0]

    def subscribe(
        self, card: str | None = None, amount: int = 3_000, *, every: str = "month", start: date | None = None,
        client: str = "c-1", id: str | None = None, organisation: str = ORGANISATION, **more: Any,
    ) -> str:  # fmt: skip
        """A subscription from `start` on (today, unless said); answers its id."""
        id = id or f"sub-{next(self._numbers)}"
        given: dict[str, Any] = {"taxes": [], "ledger_code": "", "billing_day": None, "description": "Pass"} | more
        self.books.run(
            lambda tx: start_subscription(
                tx, organisation=organisation, client=client, id=id, amount=amount, every=every,
                start=start or self.now.date(), payment_method=card, by="test", **given,
            )
        )  # fmt: skip
        return id

    def retry_by_schedule(self, *, organisation: str = ORGANISATION) -> int:
        return self.books.run(lambda tx: retry_automatically(tx, organisation=organisation))

    def watch(self, *, organisation: str = ORGANISATION) -> int:
        if not self.scalar(f"SELECT count(*) FROM runs WHERE kind = 'night' AND organisation = '{organisation}'"):
            return 0
        return self.books.run(lambda tx: watch_cards(tx, organisation=organisation))

    def renew(self, *, organisation: str = ORGANISATION) -> int:
        return renew_subscriptions(self.books, self.log, organisation=organisation)

    def pay(self, amount: int, *, client: str = "c-1", **more: Any) -> dict[str, Any] | None:
        return self.books.run(
            lambda tx: make_payment(
                tx, organisation=ORGANISATION, client=client, payment=more.pop("payment", None), amount=amount,
                by="test", **more,
            )
        )  # fmt: skip

    # -- time and work ---------------------------------------------------------------------------

    def wait(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def night(self, *, days: int = 1, organisation: str = ORGANISATION) -> int:
        """Time goes on to 04:00 of a later day, the night starts and everything due is worked."""
        local = self.now + timedelta(days=days)
        self.now = local.replace(hour=9, minute=0)
        self.books.run(lambda tx: start_nights(tx, organisation=organisation))
        return self.work(organisation=organisation)

    def work(self, *, organisation: str = ORGANISATION) -> int:
        """Everything that is due at this instant; answers how many payments were taken in hand."""
        total = 0
        while self.watch(organisation=organisation):
            pass
        steps: tuple[Any, ...] = (self.renew, self.retry_by_schedule, self.charge, self.resolve, self.repay)
        while done := sum(step(organisation=organisation) for step in steps):
            total += done
        return total

    def charge(self, *, organisation: str = ORGANISATION, limit: int = 500) -> int:
        return charge_payments(
            self.books, lambda _: self.gateway, self.leases, self.log, organisation=organisation, account=ACCOUNT,
            limit=limit,
        )  # fmt: skip

    def resolve(self, *, organisation: str = ORGANISATION) -> int:
        return resolve_unknowns(
            self.books,
            lambda _: self.gateway,
            self.leases,
            self.log,
            organisation=organisation,
            account=ACCOUNT,
        )

    def climb(self) -> None:
        """The whole ladder: every look-up in its time, until nothing is left to ask."""
        while self.scalar(
            "SELECT (SELECT count(*) FROM attempts WHERE next_at IS NOT NULL) "
            "+ (SELECT count(*) FROM repayments WHERE next_at IS NOT NULL)"
        ):
            self.wait(seconds=31)
            self.work()

    def log(self, event: str, **fields: Any) -> None:
        self.logged.append((event, fields))

    # -- what became of it -----------------------------------------------------------------------

    def payment(self, id: str) -> Payment:
        return self.books.run(lambda tx: tx.get(Payment, organisation=ORGANISATION, id=id))

    def attempts(self, payment: str) -> list[Attempt]:
        return self.books.run(lambda tx: tx.all(Attempt, order_by="number", payment=payment))

    def items(self, **key: Any) -> list[ActionItem]:
        return self.books.run(lambda tx: tx.all(ActionItem, order_by="opened_at id", **key))

    def item(self, payment: str) -> ActionItem:
        return self.items(payment=payment)[0]

    def renewals(self, subscription: str) -> list[Renewal]:
        """The periods that were billed, in order."""
        return self.books.run(lambda tx: tx.all(Renewal, order_by="number", subscription=subscription))

    def postings(self, **key: Any) -> list[Posting]:
        return self.books.run(lambda tx: tx.all(Posting, order_by="at id", **key))

    def planned_of(self, client: str) -> list[Payment]:
        """The payments of a client's plans, by date."""
        found = self.books.run(lambda tx: tx.all(Payment, order_by="due_on number", client=client))
        return [payment for payment in found if payment.plan is not None]

    def language_of_descriptions(self, language: str, client: str) -> None:
        """Every posting of a client was written in this language (B4)."""
        assert {posting.language for posting in self.postings(client=client)} == {language}

    def balance(self, client: str = "c-1") -> int:
        from domain.ledger import SIGN

        return sum(SIGN[posting.kind] * posting.amount for posting in self.postings(client=client))

    def allocated(self) -> int:
        return int(self.scalar("SELECT coalesce(sum(amount), 0) FROM allocations"))

    def scalar(self, sql: str) -> Any:
        with self.books.begin(read_only=True) as tx:
            return tx.connection.exec_driver_sql(sql).scalar_one()

    def journal(self) -> list[dict[str, Any]]:
        """The simulator's own book, as it stands on disk."""
        import json

        path = self.simulator._journal.path
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def captured(self) -> int:
        """The money that moved, as the simulator's own book says."""
        return sum(line["amount"] for line in self.journal() if line["effect"] == "captured")


@contextmanager
def world(url: str, folder: Path, **more: Any) -> Iterator[World]:
    made = World(url, folder, **more)
    try:
        yield made
    finally:
        made.close()
