"""A client's account as the people at the desk work on it: both columns, and the things that operations act on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select

from adapters.database import loader
from adapters.database.barriers import Barriers, barriers
from adapters.database.billing import billing
from adapters.database.books import BookTransaction
from adapters.database.statements import Place
from adapters.database.subscriptions_told import subscriptions_of
from adapters.database.tables import clients
from domain.echeck import UNSETTLED, Echeck
from domain.instalment import Plan
from domain.invoice import Invoice, InvoiceLine
from domain.organisation import Organisation
from domain.payment import Payment, PaymentState
from domain.payment_method import MethodState, PaymentMethod
from domain.people import Client
from domain.refund import Refund
from domain.refunding import refundable
from domain.scholarship import Fund

PAGE_SIZE = 100  # transactions on a page of an account
CLIENTS_SHOWN = 50
MAX_THINGS = 2_000  # of each kind that a form chooses from
PLANNED = (PaymentState.SCHEDULED, PaymentState.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """An invoice with its lines; `open` is what they still owe."""

    invoice: Invoice
    lines: Sequence[InvoiceLine]

    @property
    def open(self) -> int:
        return sum(line.payable - line.allocated for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`told` is what services read (`billing`); the things are of the client, by id, oldest first."""

    organisation: Organisation
    client: Client
    told: dict[str, Any]
    bills: dict[str, Bill]
    payments: dict[str, Payment]
    refunds: dict[str, Refund]
    methods: dict[str, PaymentMethod]
    plans: dict[str, Plan]
    funds: dict[str, Fund]
    available: int  # the credit that may be given back: less e-checks that may still come back (R2)
    barriers: Barriers
    subscriptions: dict[str, dict[str, Any]]  # as services read them, with the next charges of each (S6)
    further: Place | None = None

    @property
    def open_bills(self) -> list[Bill]:
        return [bill for bill in self.bills.values() if bill.open > 0]

    @property
    def usable_methods(self) -> list[PaymentMethod]:
        return [method for method in self.methods.values() if method.state is MethodState.ACTIVE]

    @property
    def planned(self) -> list[Payment]:
        """What can still be changed or cancelled (I3)."""
        return [one for one in self.payments.values() if one.state in PLANNED and one.plan is not None]

    @property
    def refundable(self) -> list[Payment]:
        return [one for one in self.payments.values() if one.state is PaymentState.PAID and refundable(one) > 0]


def desk(tx: BookTransaction, organisation: str, client: str, *, after: Place | None = None) -> Desk:
    """Raises NotKnown."""
    told, further = billing(tx, organisation, client, after=after, limit=PAGE_SIZE)
    own: dict[str, Any] = {"organisation": organisation, "client": client, "limit": MAX_THINGS}
    invoices = tx.all(Invoice, order_by="created_at id", **own)
    lines: dict[str, list[InvoiceLine]] = {invoice.id: [] for invoice in invoices}
    for line in tx.all(
        InvoiceLine, order_by="invoice position", limit=MAX_THINGS * 10, organisation=organisation, invoice=list(lines)
    ):
        lines[line.invoice].append(line)
    owner = tx.get(Organisation, id=organisation)
    payments = {one.id: one for one in tx.all(Payment, order_by="due_on number created_at id", **own)}
    refunds = {one.id: one for one in tx.all(Refund, order_by="created_at id", **own)}
    methods = {one.id: one for one in tx.all(PaymentMethod, order_by="created_at id", **own)}
    echecks = {one.payment: one for one in tx.all(Echeck, **own)}
    unsettled = sum(one.amount for one in echecks.values() if one.state in UNSETTLED)
    shown = {line["id"] for line in told["receipts"]}
    return Desk(
        organisation=owner,
        client=tx.get(Client, organisation=organisation, id=client),
        told=told,
        bills={one.id: Bill(invoice=one, lines=lines[one.id]) for one in invoices},
        payments=payments,
        refunds=refunds,
        methods=methods,
        plans={one.id: one for one in tx.all(Plan, **own)},
        funds={one.id: one for one in tx.all(Fund, order_by="id", organisation=organisation)},
        barriers=barriers(
            tx, owner, client, payments=[one for one in payments.values() if one.id in shown], methods=methods,
            refunds=[one for one in refunds.values() if one.id in shown],
            echecks=echecks,
            credit=-told["balance"] - unsettled,
        ),
        available=max(-told["balance"] - unsettled, 0),
        subscriptions={
            one["subscription"]: one for one in subscriptions_of(tx, organisation, client)["subscriptions"]
        },
        further=further,
    )  # fmt: skip


def find_clients(tx: BookTransaction, organisation: str, words: str) -> list[Client]:
    """Clients by a part of their name or e-mail, or by their id; all of them, by name, where nothing is asked."""
    wanted = select(*loader.columns(Client)).where(clients.c.organisation == organisation)
    if words:
        spellings = {words, words.lower(), words.title()}
        wanted = wanted.where(
            or_(
                clients.c.id == words,
                *(clients.c.name.icontains(one, autoescape=True) for one in spellings),
                clients.c.email.icontains(words, autoescape=True),
            )
        )
    wanted = wanted.order_by(func.lower(clients.c.name), clients.c.id).limit(CLIENTS_SHOWN + 1)
    return [loader.build(Client, row) for row in tx.connection.execute(wanted).all()]
