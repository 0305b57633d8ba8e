"""Knowing: the things that a batch of events is about, read at once, and what a mail says of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from adapters.database.books import BookTransaction
from domain.action_item import ActionItem
from domain.credit import Credit
from domain.instalment import Plan
from domain.invoice import Invoice, InvoiceLine
from domain.notifying import People
from domain.organisation import Organisation
from domain.payment import Payment
from domain.payment_method import PaymentMethod
from domain.people import Administrator, Client

T = TypeVar("T")
MAX_NAMED = 20  # lines of an invoice that a mail names
MAX_ADMINISTRATORS = 1_000
MAX_THINGS = 1_000_000


def people_of(tx: BookTransaction, organisation: str) -> People:
    """Whoever could be told, as things are at this instant."""
    found = tx.all(Administrator, organisation=organisation, order_by="created_at id", limit=MAX_ADMINISTRATORS)
    return People(organisation=tx.get(Organisation, id=organisation), administrators=tuple(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Things of one organisation, by id."""

    people: People
    clients: dict[str, Client]
    payments: dict[str, Payment]
    methods: dict[str, PaymentMethod]
    plans: dict[str, Plan]
    items: dict[str, ActionItem]
    invoices: dict[str, Invoice]
    lines: dict[str, list[InvoiceLine]]
    credits: dict[str, Credit]

    def client_facts(self, id: str) -> dict[str, Any]:
        found = self.clients.get(id)
        return {"client": id, "client_name": found.name if found else id}

    def method_facts(self, payment: Payment | None, method: str | None = None) -> dict[str, Any]:
        """How it was paid or was to be paid: a method on file, or offline."""
        if payment is not None and payment.offline:
            return {"offline": payment.offline}
        named = method or (payment.payment_method if payment else None)
        found = self.methods.get(named or "")
        if found is None:
            return {}
        return {"kind": found.kind, "brand": found.brand, "last4": found.last4, "expiry": found.expiry}

    def payment_facts(self, id: str) -> dict[str, Any]:
        payment = self.payments.get(id)
        facts: dict[str, Any] = {"payment": id, "method": self.method_facts(payment)}
        if payment is None:
            return facts
        facts["amount"] = payment.amount
        facts["payer"] = payment.payer or ""
        plan = self.plans.get(payment.plan or "")
        if plan is not None and payment.number is not None:
            facts |= {"number": payment.number, "count": plan.count}
        return facts | {"what": self.named_lines(payment.invoice or "")}

    def named_lines(self, invoice: str) -> list[str]:
        return [line.description for line in self.lines.get(invoice, ())[:MAX_NAMED]]


def know(tx: BookTransaction, organisation: str, events: Sequence[Any]) -> Known:
    """What these events, all of one organisation, are about: a statement for each kind of thing."""

    def named(*names: str) -> set[str]:
        return {str(event.data[name]) for event in events for name in names if event.data.get(name)}

    def load(thing: type[T], ids: set[Any], column: str = "id") -> list[T]:
        key: dict[str, Any] = {column: sorted(id for id in ids if id)}
        return tx.all(thing, organisation=organisation, limit=MAX_THINGS, **key) if key[column] else []

    items = load(ActionItem, named("item"))
    payments = load(Payment, named("payment") | {one.payment for one in items})
    notes = load(Credit, named("credit", "credit_note"))
    methods = {one.payment_method for one in payments} | {one.payment_method for one in items}
    invoices = {one.invoice for one in payments} | {one.invoice for one in notes} | named("invoice")
    clients = named("client") | {one.client for one in payments} | {one.client for one in items}
    lines: dict[str, list[InvoiceLine]] = {}
    for line in sorted(load(InvoiceLine, invoices, "invoice"), key=lambda line: line.position):
        lines.setdefault(line.invoice, []).append(line)
    return Known(
        people=people_of(tx, organisation),
        clients={one.id: one for one in load(Client, clients)},
        payments={one.id: one for one in payments},
        methods={one.id: one for one in load(PaymentMethod, methods)},
        plans={one.id: one for one in load(Plan, {one.plan for one in payments})},
        items={one.id: one for one in items},
        invoices={one.id: one for one in load(Invoice, invoices)},
        lines=lines,
        credits={one.id: one for one in notes},
    )
