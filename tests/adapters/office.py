"""Commands for tests: envelopes as senders write them, and an application that takes and works them."""

import itertools
from pathlib import Path
from typing import Any

from adapters.bootstrap import App, build
from adapters.errands import work_all
from adapters.inbox.accept import Accepted, Answer, accept, accept_all
from adapters.inbox.results import result_of
from adapters.settings import Settings

NUMBERS = itertools.count(1)
SECRET = "what these tests seal and sign with"


def envelope(act: str, *, source: str = "shop", id: str | None = None, **data: Any) -> dict[str, Any]:
    """`payment.make`, client="c-1", … in an envelope with an id of its own."""
    return {
        "specversion": "1.0",
        "id": id or f"e-{next(NUMBERS)}",
        "source": source,
        "type": f"encaisse.{act}.v1",
        "data": {"organisation": "ymca", **data},
    }


def register_organisation(**more: Any) -> dict[str, Any]:
    account = {"id": "main", "processor": "simulator", "kinds": ["card"], "settings": {"deadline_s": 0.2}}
    data = {"name": "YMCA", "timezone": "America/Toronto", "currency": "CAD", "language": "en"}
    return envelope("organisation.register", **{**data, "merchant_accounts": [account], **more})


def register_client(client: str = "c-1", **more: Any) -> dict[str, Any]:
    data = {"name": f"Client {client}", "email": f"{client}@example.org", "language": "fr"}
    return envelope("client.register", client=client, **{**data, **more})


def register_card(
    id: str = "pm-1", token: str = "tok_approve", client: str = "c-1", *, brand: str = "visa"
) -> dict[str, Any]:
    return envelope(
        "payment_method.register", client=client, payment_method=id, kind="card", merchant_account="main",
        token=token, brand=brand, last4="4242", expiry="2028-03",
    )  # fmt: skip


def register_administrator(id: str = "marie", *permissions: str) -> dict[str, Any]:
    return envelope(
        "administrator.register", administrator=id, name=id.title(), email=f"{id}@example.org", language="fr",
        permissions=list(permissions),
    )  # fmt: skip


def create_invoice(id: str = "inv-1", *amounts: int, client: str = "c-1", **more: Any) -> dict[str, Any]:
    lines = [
        {"line": f"l{number}", "description": f"Activity {number}", "amount": amount}
        for number, amount in enumerate(amounts or (10_000,), 1)
    ]
    return envelope("invoice.create", client=client, invoice=id, lines=lines, **more)


def make_payment(amount: int = 4_500, *, client: str = "c-1", **more: Any) -> dict[str, Any]:
    return envelope("payment.make", client=client, amount=amount, **more)


def create_plan(id: str, dates: list[str], *, total: int, **more: Any) -> dict[str, Any]:
    data = {"client": "c-1", "invoice": "inv-1", "payment_method": "pm-1", "schedule": {"dates": dates}, **more}
    return envelope("instalment_plan.create", plan=id, total=total, **data)


class Office:
    """An application on a database, with everything that a first purchase needs."""

    def __init__(self, url: str, folder: Path) -> None:
        settings = Settings(_env_file=None, database_url=url, simulator_journal=folder / "journal.jsonl", secret=SECRET)
        self.settings = settings
        self.app: App = build(settings, role="test")

    def furnish(self) -> None:
        self.send(register_organisation(), register_client(), register_card())

    def accept(self, raw: Any, door: str = "test") -> Answer:
        return self.app.books.run(lambda tx: accept(tx, raw, door))

    def accept_all(self, *raws: Any, door: str = "test") -> list[Answer]:
        return self.app.books.run(lambda tx: accept_all(tx, raws, door))

    def work(self) -> int:
        return work_all(self.app)

    def result(self, source: str, id: str) -> dict[str, Any]:
        with self.app.books.begin(read_only=True) as tx:
            found = result_of(tx, source, id)
        assert found is not None, f"{source}/{id} is not kept"
        return found

    def send(self, *envelopes: dict[str, Any]) -> list[dict[str, Any]]:
        """Through the front door, worked until nothing is due; the results in order."""
        answers = self.accept_all(*envelopes)
        self.work()
        return [
            self.result(answer.source, answer.id) if isinstance(answer, Accepted) else {"answer": answer}
            for answer in answers
        ]

    def scalar(self, sql: str) -> Any:
        with self.app.books.begin(read_only=True) as tx:
            return tx.connection.exec_driver_sql(sql).scalar_one()

    def close(self) -> None:
        self.app.close()
