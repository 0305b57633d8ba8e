"""A small world for e-checks: cut-offs, handing over, watching, on a clock that a test moves."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.echeck import Echeck
from domain.echeck_batch import EcheckBatch
from domain.organisation import Organisation
from domain.use_cases.act_on_item import retry_item
from domain.use_cases.cancel_payment import cancel_payment
from domain.use_cases.freeze_batch import freeze_batch
from domain.use_cases.hand_over_echecks import hand_over_echecks
from domain.use_cases.register import register_organisation, register_payment_method
from domain.use_cases.start_cutoffs import start_cutoffs
from domain.use_cases.start_nights import start_nights
from domain.use_cases.watch_echecks import watch_echecks
from tests.world import ACCOUNT, ORGANISATION, World

ZONE = ZoneInfo("America/Toronto")


class EcheckWorld(World):
    def club(self, currency: str = "CAD", *, processor: str = "simulator", **settings: Any) -> None:
        given = {
            "name": "Club", "timezone": "America/Toronto", "currency": currency, "language": "en", "settings": settings,
        }  # fmt: skip
        account = {"id": ACCOUNT, "processor": processor, "kinds": ("card", "echeck"), "settings": {}}
        self.books.run(
            lambda tx: register_organisation(
                tx, organisation=ORGANISATION, given=given, accounts=[account], by="test"
            )
        )  # fmt: skip

    def account_on_file(self, token: str = "echeck_settle", *, client: str = "c-1", id: str | None = None) -> str:
        id = id or f"pm-{next(self._numbers)}"
        given = {
            "client": client, "kind": "echeck", "merchant_account": ACCOUNT, "token": token, "last4": "6789",
            "mandate": {"channel": "web", "holder": "personal", "recurring": False, "signed_on": "2026-11-01"},
        }  # fmt: skip
        self.books.run(
            lambda tx: register_payment_method(tx, organisation=ORGANISATION, payment_method=id, given=given, by="t")
        )
        return id

    def by_echeck(self, token: str = "echeck_settle", amount: int = 10_000, *, client: str = "c-1") -> str:
        """A client who owes an invoice and pays it by e-check; answers the payment's id."""
        self.client(client)
        invoice = self.invoice(amount, client=client)
        told = self.pay(
            amount, client=client, payment_method=self.account_on_file(token, client=client), invoice=invoice
        )
        assert told is not None
        assert told["state"] == "pending"
        return str(told["payment"])

    def at(self, day: date, hour: int = 18) -> None:
        self.now = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)

    def tomorrow(self, hour: int = 4) -> None:
        self.at(self.today() + timedelta(days=1), hour)

    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    def evening(self) -> int:
        """18:00: the cut-off has struck where the day is a banking day; all that is due is done."""
        self.at(self.today())
        return self.settle_down()

    def day(self) -> None:
        """The night and the cut-off of the next day."""
        self.tomorrow()
        self.settle_down()
        self.evening()

    def until(self, day: date) -> None:
        """This evening, then every day up to `day`; the nights of a long time are caught up, but for its last two."""
        self.evening()
        if (day - self.today()).days > 14:
            self.at(day - timedelta(days=2))
            self.settle_down()
        while self.today() < day:
            self.day()

    def settle_down(self) -> int:
        """Everything that is due at this instant, as `encaisse night` finds it."""
        self.books.run(lambda tx: start_nights(tx, organisation=ORGANISATION))
        self.books.run(lambda tx: start_cutoffs(tx, organisation=ORGANISATION))
        total = 0
        while done := self.work() + self.freeze() + self.hand_over() + self.poll():
            total += done
        return total

    def freeze(self) -> int:
        newest = self.scalar("SELECT max(business_date) FROM runs WHERE kind = 'batch'")
        if newest is None:
            return 0
        day = date.fromisoformat(str(newest))
        batch = self.books.run(lambda tx: freeze_batch(tx, organisation=ORGANISATION, account=ACCOUNT, cutoff_on=day))
        return batch.count if batch is not None else 0

    def hand_over(self) -> int:
        return hand_over_echecks(
            self.books, lambda _: self.gateway, self.leases, self.log, organisation=ORGANISATION, account=ACCOUNT
        )

    def poll(self) -> int:
        return watch_echecks(
            self.books, lambda _: self.gateway, self.leases, self.log, organisation=ORGANISATION, account=ACCOUNT
        )

    def cancel(self, payment: str) -> dict[str, Any] | None:
        return self.books.run(lambda tx: cancel_payment(tx, organisation=ORGANISATION, payment=payment, by="marie"))

    def retry(self, item: str, **more: Any) -> dict[str, Any] | None:
        return self.books.run(lambda tx: retry_item(tx, organisation=ORGANISATION, item=item, by="marie", **more))

    # -- what became of it -----------------------------------------------------------------------

    def echeck(self, payment: str) -> Echeck:
        return self.books.run(lambda tx: tx.get(Echeck, organisation=ORGANISATION, payment=payment))

    def echecks(self, **key: Any) -> list[Echeck]:
        return self.books.run(lambda tx: tx.all(Echeck, order_by="created_at id", limit=100_000, **key))

    def batches(self) -> list[EcheckBatch]:
        return self.books.run(lambda tx: tx.all(EcheckBatch, order_by="cutoff_on id"))

    def owner(self) -> Organisation:
        return self.books.run(lambda tx: tx.get(Organisation, id=ORGANISATION))

    def debited(self) -> int:
        return sum(line["amount"] for line in self.journal() if line["effect"] == "debited")

    def sound(self) -> None:
        """Every invariant holds."""
        from adapters.database.invariants import SIMULATED_LATE, broken

        with self.books.begin(read_only=True) as tx:
            found = {name: rows for name, rows in broken(tx, late=SIMULATED_LATE).items() if rows}
        assert found == {}
