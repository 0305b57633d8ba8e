"""Two organisations that know nothing of each other, each with something of everything, and what one could see."""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from starlette.testclient import TestClient

from adapters.bulk_acting import freeze
from adapters.database.books import BookTransaction
from adapters.database.tables import ledger_entries, ledger_transactions, metadata
from adapters.inbox.schemas import SCHEMAS, act_of
from adapters.mail.planning import plan_all
from adapters.web.app import create_app
from adapters.web.sessions import hash_of, invite
from domain.access import Quarantined, ServiceKey
from domain.action_item import ActionItem
from domain.bulk_act import Bulk
from domain.decision import Decision, New
from domain.echeck_batch import EcheckBatch
from domain.outcome import About
from domain.permissions import Permission
from domain.processor_event import ReportedState, ReportKind
from domain.reconciliation import Break, BreakKind
from domain.report import Report, ReportState
from domain.saved_view import SavedView
from tests.adapters.contract.examples import example
from tests.adapters.office import Office, envelope
from tests.web.browser import ORIGIN, Browser

TODAY, LATER = "2026-01-02", "2040-01-31"
# What each field of a command, or parameter of a route, names. A new one belongs here, and into `furnishing`.
# fmt: off
NAMES = {
    "client": "client", "administrator": "administrator", "by": "administrator", "payment_method": "payment_method",
    "merchant_account": "merchant_account", "invoice": "invoice", "payment": "payment", "plan": "plan",
    "instalment": "cheque", "instalments": "instalment", "credit": "credit", "credits": "credit",
    "credit_note": "credit", "refund": "refund", "fund": "fund", "allocation": "allocation", "item": "item",
    "subscription": "subscription", "mail": "mail", "break": "break", "report": "report",
    "batch": "batch", "message": "message", "bulk": "bulk", "view": "view",
}
# fmt: on
FITTING = {  # what is open on the first invoice; less than is left of the credit
    "instalment_plan.create": {"total": 10_300},
    "allocation.create": {"amount": 10},
}  # fmt: skip
NO_NAMES = {"organisation", "line", "lines", "id", "timezone"}  # ids of nothing that a neighbour has, or of the sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """An organisation: its ids by kind, a word that stands in everything it holds, its service's key."""

    organisation: str
    word: str
    key: str
    ids: Mapping[str, list[str]]
    commands: list[tuple[str, str]] = field(default_factory=list)

    def one(self, kind: str) -> str:
        return self.ids[kind][0]


def furnishing(organisation: str, p: str, word: str) -> Iterator[dict[str, Any]]:
    """One of everything, with ids that begin with `p`; what carries text carries the word."""

    def told(act: str, **data: Any) -> dict[str, Any]:
        return envelope(act, source=f"{organisation}-shop", **{**data, "organisation": organisation})

    def invoice(number: int, *amounts: int) -> dict[str, Any]:
        lines = [
            {"line": f"l{n}", "description": f"{word} {n}", "amount": amount} for n, amount in enumerate(amounts, 1)
        ]
        return told("invoice.create", client=f"{p}c-1", invoice=f"{p}inv-{number}", lines=lines, note=word)

    def plan(number: int, dates: list[str], total: int, **how: Any) -> dict[str, Any]:
        what = {"client": f"{p}c-1", "plan": f"{p}pl-{number}", "invoice": f"{p}inv-{number}", "total": total}
        return told("instalment_plan.create", schedule={"dates": dates}, **what, **how)

    card = {"client": f"{p}c-1", "kind": "card", "merchant_account": f"{p}main", "last4": "4242", "holder": word}
    account = {"id": f"{p}main", "processor": "simulator", "kinds": ["card", "echeck"], "settings": {"deadline_s": 0.2}}
    yield told("organisation.register", name=word, timezone="America/Toronto", currency="CAD", language="en",
               merchant_accounts=[account], settings={"taxes": [{"code": "GST", "rate": "5"}]})  # fmt: skip
    person = {"name": word, "email": f"{word}@example.org", "language": "en"}
    yield told("administrator.register", administrator=f"{p}marie", **person, permissions=list(Permission))
    yield told("client.register", client=f"{p}c-1", **person)
    yield told("payment_method.register", payment_method=f"{p}pm-1", token="tok_approve", **card)
    yield told("payment_method.register", payment_method=f"{p}pm-2", token="tok_insufficient_funds", **card)
    yield from (invoice(number, 10_000, 5_000) for number in range(1, 5))
    yield told("payment.make", client=f"{p}c-1", payment=f"{p}p-1", amount=4_000, payment_method=f"{p}pm-1",
               invoice=f"{p}inv-1", payer=word)  # fmt: skip
    yield told("payment.make", client=f"{p}c-1", payment=f"{p}p-2", amount=90_000, offline="cash", comment=word)
    yield told("credit.create", client=f"{p}c-1", credit=f"{p}cr-1", amount=2_500, tax_mode="waived", note=word)
    yield told("allocation.create", client=f"{p}c-1", allocation=f"{p}al-1", amount=700,
               **{"from": {"credit": f"{p}cr-1"}, "to": {"invoice": f"{p}inv-1", "line": "l1"}})  # fmt: skip
    yield plan(2, [LATER, "2040-03-01"], 15_000, payment_method=f"{p}pm-1")
    yield plan(3, [LATER], 15_000, offline="cheque")
    yield plan(4, [TODAY], 15_000, payment_method=f"{p}pm-2")  # fails at once: an item
    yield told("refund.request", refund=f"{p}ref-1", payment=f"{p}p-1", amount=300)
    yield told("refund.record", client=f"{p}c-1", refund=f"{p}ref-2", amount=200, offline="cash", comment=word)
    yield told("subscription.start", client=f"{p}c-1", subscription=f"{p}sub-1", description=word, amount=900,
               every="month", **{"from": LATER}, payment_method=f"{p}pm-1")  # fmt: skip
    yield told("scholarship.open", fund=f"{p}f-1", amount=50_000)


def differences(at: datetime, organisation: str, p: str, word: str) -> Decision:
    """What its processor's books say otherwise, and a report that nobody could place."""
    here: dict[str, Any] = {"organisation": organisation, "merchant_account": f"{p}main", "changed_at": at}
    broken = Break(
        id=f"{p}brk-1", subject=word, reference=word, kind=BreakKind.MISSING_HERE, about=next(iter(About)),
        on=at.date(), amount_there=1_234, currency="CAD", opened_at=at, **here,
    )  # fmt: skip
    parked = Report(
        id=f"{p}rep-1", event_id=word, kind=next(iter(ReportKind)), said=next(iter(ReportedState)), reference=word,
        occurred_at=at, received_at=at, state=ReportState.PARKED, why="unknown", **here,
    )  # fmt: skip
    batch = EcheckBatch(
        organisation=organisation, id=f"{p}bat-1", merchant_account=f"{p}main", cutoff_on=at.date(), count=1,
        total=1_234, currency="CAD", frozen_at=at,
    )  # fmt: skip
    aside = Quarantined(
        id=f"{organisation}-qua-1", door="http", reason="no_id", at=at,
        raw=json.dumps({"source": "s", "data": {"organisation": organisation, "name": word}}),
    )  # fmt: skip
    return New(thing=broken), New(thing=parked), New(thing=batch), New(thing=aside)


def move_in(office: Office, organisation: str, p: str, word: str) -> Neighbour:
    sent = list(furnishing(organisation, p, word))
    for told in office.send(*sent):
        assert told["status"] == "done", told
    plan_all(office.app)
    office.app.books.run(lambda tx: tx.write([differences(tx.now, organisation, p, word)]))
    office.app.books.run(lambda tx: keep(tx, organisation, p, word))
    return Neighbour(
        organisation=organisation, word=word, key=key_of(office, organisation), ids=ids_of(office, organisation),
        commands=[(one["source"], one["id"]) for one in sent],
    )  # fmt: skip


def keep(tx: BookTransaction, organisation: str, p: str, word: str) -> None:
    """A view, and a bulk act that waits for a yes."""
    view = SavedView(
        organisation=organisation, id=f"{p}view-1", by=f"{p}marie", name=word, query=f"q={word}", shared=True,
        created_at=tx.now,
    )  # fmt: skip
    item = tx.all(ActionItem, organisation=organisation)[0]
    tx.write([(New(thing=view),)])
    freeze(tx, organisation, Bulk.REJECT, f"{p}marie", [(item.id, item.version, item.amount, "")])


def ids_of(office: Office, organisation: str) -> dict[str, list[str]]:
    """Every id that the organisation has, by kind."""
    kinds = {
        "client": "clients", "administrator": "administrators", "payment_method": "payment_methods",
        "merchant_account": "merchant_accounts", "invoice": "invoices", "payment": "payments", "plan": "plans",
        "credit": "credits", "refund": "refunds", "fund": "funds", "allocation": "allocations", "item": "action_items",
        "subscription": "subscriptions", "mail": "mails", "break": "breaks", "report": "reports",
        "batch": "echeck_batches", "bulk": "bulk_acts", "view": "saved_views",
    }  # fmt: skip
    with office.app.books.begin(read_only=True) as tx:

        def read(table: str, where: str = "1 = 1") -> list[str]:
            sql = f"SELECT DISTINCT id FROM {table} WHERE organisation = '{organisation}' AND {where} ORDER BY id"
            return list(tx.connection.exec_driver_sql(sql).scalars())

        found = {kind: read(table) for kind, table in kinds.items()}
        found["instalment"] = read("payments", "state = 'scheduled' AND offline IS NULL")
        found["message"] = [f"{organisation}-qua-1"]
        found["cheque"] = read("payments", "offline = 'cheque' AND plan IS NOT NULL")
    assert all(found.values()), found
    return found


def key_of(office: Office, *organisations: str) -> str:
    key = secrets.token_urlsafe(32)
    kept = ServiceKey(
        hash=hash_of(key), name=organisations[0], organisations=organisations, created_at=office.app.now()
    )
    office.app.books.run(lambda tx: tx.write([(New(thing=kept),)]))
    return key


def everything(office: Office, organisation: str) -> dict[str, list[str]]:
    """Every row of the organisation in every table."""
    with office.app.books.begin(read_only=True) as tx:
        found = {
            table.name: sorted(
                str(tuple(row))
                for row in tx.connection.execute(select(table).where(table.c.organisation == organisation))
            )
            for table in metadata.sorted_tables
            if "organisation" in table.c and table is not ledger_entries
        }
        own = select(ledger_transactions.c.id).where(ledger_transactions.c.organisation == organisation)
        entries = select(ledger_entries).where(ledger_entries.c.transaction_id.in_(own))
        return found | {"entries": sorted(str(tuple(row)) for row in tx.connection.execute(entries))}


def service(office: Office, key: str) -> TestClient:
    headers = {"authorization": f"Bearer {key}"}
    return TestClient(create_app(office.app), base_url=ORIGIN, headers=headers, raise_server_exceptions=False)


def at_work(office: Office, who: Neighbour) -> Browser:
    """The browser of its administrator, signed in."""
    person = who.one("administrator")
    token = office.app.books.run(lambda tx: invite(tx, organisation=who.organisation, administrator=person))
    browser = Browser(create_app(office.app))
    page = browser.open(f"/sign-in?token={token}")
    browser.press(page.forms[-1].buttons[0])
    return browser


# -- commands, from their schemas ---------------------------------------------------------------------


def own_command(act: str, who: Neighbour) -> dict[str, Any]:
    """The published example, about what the organisation has itself."""
    data: dict[str, Any] = json.loads(json.dumps(example(act)["valid"][0]["data"]))
    _fill(data, who)
    return data | FITTING.get(act, {}) | {"organisation": who.organisation}


def _fill(data: dict[str, Any], who: Neighbour) -> None:
    for name, value in data.items():
        if isinstance(value, dict):
            _fill(value, who)
        elif name in NAMES:
            data[name] = [who.one(NAMES[name])] if isinstance(value, list) else who.one(NAMES[name])
        elif name in ("line", "lines") and isinstance(value, str | list):
            data[name] = "l1" if isinstance(value, str) else [one if isinstance(one, dict) else "l1" for one in value]


def names_in(data: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of the fields that name something."""
    for name, value in data.items():
        if isinstance(value, dict):
            yield from names_in(value, (*path, name))
        elif name in NAMES:
            yield (*path, name)


def with_theirs(data: dict[str, Any], path: tuple[str, ...], id: str) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(data))
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = [id] if isinstance(inner[path[-1]], list) else id
    return changed


def id_fields() -> set[str]:
    """Every field of every command that holds an id, by the pattern of its schema."""
    found: set[str] = set()
    for type_ in SCHEMAS:
        found |= set(_id_fields(SCHEMAS[type_].model_json_schema()))
    return found


def _id_fields(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for name, held in schema.get("properties", {}).items():
            if "{1,64}" in json.dumps(held):
                yield name
        for inner in schema.values():
            yield from _id_fields(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _id_fields(inner)


def acts() -> Iterable[str]:
    return [act_of(type_) for type_ in SCHEMAS]
