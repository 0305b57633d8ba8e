"""The tables: one per thing of the domain, a column per field, rules as constraints and partial indexes."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip

from adapters.database.access_tables import ACCESS_TABLES
from adapters.database.bank_tables import BANK_TABLES
from adapters.database.care_tables import CARE_TABLES
from adapters.database.center_tables import CENTER_TABLES
from adapters.database.columns import Sequence
from adapters.database.columns import at_ as _at
from adapters.database.columns import int_ as _int
from adapters.database.columns import json_ as _json
from adapters.database.columns import metadata as metadata
from adapters.database.columns import of_ as _of
from adapters.database.columns import text_ as _text
from adapters.database.echeck_tables import ECHECK_TABLES
from adapters.database.mail_tables import MAIL_TABLES
from adapters.database.origin_tables import origins as origins
from adapters.database.repayment_tables import REPAYMENT_TABLES
from adapters.database.report_tables import REPORT_TABLES
from adapters.database.subscription_tables import SUBSCRIPTION_TABLES
from adapters.database.types import Uuid
from domain.access import Quarantined, ServiceKey, Session, SignInLink
from domain.action_item import ActionItem
from domain.attempt import Attempt
from domain.command import Command, Identity
from domain.credit import Credit
from domain.event import Event
from domain.instalment import Plan
from domain.invoice import Invoice, InvoiceLine
from domain.ledger import Allocation, Posting
from domain.organisation import MerchantAccount, Organisation
from domain.payment import Payment
from domain.payment_method import PaymentMethod
from domain.people import Administrator, Client
from domain.refund import Consumption, Refund
from domain.run import Run
from domain.scholarship import Fund
from domain.seal import Seal
from domain.webhook import Delivery, WebhookEndpoint

organisations = Table(
    "organisations", metadata,
    Column("id", Text, primary_key=True), _text("name"), _text("timezone"), _text("currency"),
    _text("language"), _json("settings"), _at("created_at"),
)  # fmt: skip

merchant_accounts = Table(
    "merchant_accounts", metadata,
    _text("organisation"), _text("id"), _text("processor"), _json("kinds"), _json("settings"),
    PrimaryKeyConstraint("organisation", "id"),
    ForeignKeyConstraint(["organisation"], ["organisations.id"]),
)  # fmt: skip

administrators = Table(
    "administrators", metadata,
    _text("organisation"), _text("id"), _text("name"), _text("email"), _text("language"),
    _json("permissions"), Column("principal", Boolean, nullable=False), _json("notifications"), _at("created_at"),
    PrimaryKeyConstraint("organisation", "id"),
    ForeignKeyConstraint(["organisation"], ["organisations.id"]),
)  # fmt: skip

clients = Table(
    "clients", metadata,
    _text("organisation"), _text("id"), _text("name"), _text("email"), _text("language"), _at("created_at"),
    PrimaryKeyConstraint("organisation", "id"),
    ForeignKeyConstraint(["organisation"], ["organisations.id"]),
)  # fmt: skip

payment_methods = Table(
    "payment_methods", metadata,
    _text("organisation"), _text("id"), _text("client"), _text("kind"), _text("merchant_account"),
    _text("token"), _text("bank", server_default=""), _text("brand"), _text("last4"), _text("expiry"), _text("holder"),
    _json("mandate"), _text("state"), _text("dead_reason"), _at("created_at"),
    PrimaryKeyConstraint("organisation", "id"),
    _of("clients", "client"), _of("merchant_accounts", "merchant_account"),
    # Cards that end soon.
    Index("ix_payment_methods_expiry", "organisation", "expiry"),
    # What a client has on file; how a person finds a card by what stands on it.
    Index("ix_payment_methods_client", "organisation", "client"),
    Index("ix_payment_methods_last4", "organisation", "last4"),
)  # fmt: skip

invoices = Table(
    "invoices", metadata,
    _text("organisation"), _text("id"), _text("client"), _int("total"), Column("booked_on", Date, nullable=False),
    _text("origin"), _text("note"), _at("created_at"),
    PrimaryKeyConstraint("organisation", "id"),
    _of("clients", "client"),
    CheckConstraint("total >= 0", name="total"),
    Index("ix_invoices_client", "organisation", "client"),
)  # fmt: skip

invoice_lines = Table(
    "invoice_lines", metadata,
    _text("organisation"), _text("invoice"), _text("line"), _int("position"), _text("description"),
    _int("quantity"), _int("amount"), _json("taxes"), _int("tax"), _text("ledger_code"), _int("payable"),
    _int("allocated"),
    PrimaryKeyConstraint("organisation", "invoice", "line"),
    _of("invoices", "invoice"),
    # Money matched to a line never exceeds what the line owes (B12).
    CheckConstraint("allocated >= 0 AND allocated <= payable", name="allocated"),
)  # fmt: skip

plans = Table(
    "plans", metadata,
    _text("organisation"), _text("id"), _text("client"), _text("invoice"), _json("lines"),
    _text("payment_method", null=True), _text("offline", null=True), _int("total"), _int("count"),
    _text("state"), _at("created_at"),
    PrimaryKeyConstraint("organisation", "id"),
    _of("invoices", "invoice"), _of("clients", "client"),
)  # fmt: skip

QUEUE = "CASE state WHEN 'scheduled' THEN 'night' WHEN 'due' THEN 'now' END"

payments = Table(
    "payments", metadata,
    _text("organisation"), _text("id"), _text("kind"), _text("client"), _text("invoice", null=True),
    _text("plan", null=True), _text("subscription", null=True), _int("number", null=True),
    _text("merchant_account", null=True), _text("payment_method", null=True), _text("offline", null=True),
    _int("amount"), Column("due_on", Date, nullable=False), _at("due_at", null=True), _text("state"), _int("version"),
    _int("attempts"), _text("ref"), _int("command", null=True), _text("payer", null=True),
    _text("comment", null=True), _int("refunded"), _text("retry_of", null=True), _at("created_at"),
    PrimaryKeyConstraint("organisation", "id"),
    _of("clients", "client"),
    CheckConstraint("amount >= 0", name="amount"),
    # Never more is given back than was paid (R1).
    CheckConstraint("refunded >= 0 AND refunded <= amount", name="refunded"),
    # What a client owes and what an invoice waits for.
    Index("ix_payments_client", "organisation", "client", "invoice"),
    # In which queue it waits, if in any. The indexes below name this column and not the state, so that the step
    # from submitting to paid changes no index (a heap-only update in PostgreSQL).
    Column("queue", Text, Computed(QUEUE, persisted=True)),
    # What became of a debt whose e-check was returned.
    Index(
        "ix_payments_retry_of", "organisation", "retry_of",
        postgresql_where=text("retry_of IS NOT NULL"), sqlite_where=text("retry_of IS NOT NULL"),
    ),
    # What a night takes, oldest first.
    Index(
        "ix_payments_night", "organisation", "merchant_account", "due_on", "id",
        postgresql_where=text("queue = 'night'"), sqlite_where=text("queue = 'night'"),
    ),
    # What is to be charged at once.
    Index(
        "ix_payments_now", "organisation", "merchant_account", "due_at", "id",
        postgresql_where=text("queue = 'now'"), sqlite_where=text("queue = 'now'"),
    ),
)  # fmt: skip

IN_FLIGHT = "state IN ('submitting', 'unknown', 'in_doubt')"

attempts = Table(
    "attempts", metadata,
    # The key is derived from the payment's ref and the number: no key serves two attempts.
    Column("key", Text, primary_key=True),
    _text("organisation"), _text("payment"), _int("number"), _text("merchant_account"), _text("payment_method"),
    _int("amount"), _text("currency"), _text("parameters_hash"), _text("state"), _text("worker", null=True),
    _int("epoch"), _int("sends"), _int("rung"), _at("missed_at", null=True),
    Column("resend", Boolean, nullable=False), _at("next_at", null=True), _text("reference"), _text("reason"),
    _text("network_code"), _text("advice"), _text("instrument"), _json("detail"),
    _at("promised_at"), _at("ended_at", null=True),
    UniqueConstraint("organisation", "payment", "number"),
    CheckConstraint("amount > 0", name="amount"),
    # No payment has two attempts in flight.
    Index(
        "uq_attempts_in_flight", "organisation", "payment", unique=True,
        postgresql_where=text(IN_FLIGHT), sqlite_where=text(IN_FLIGHT),
    ),
    # What the networks count: declines of an instrument through an acceptor.
    Index(
        "ix_attempts_declined", "organisation", "merchant_account", "instrument", "promised_at",
        postgresql_where=text("state = 'declined'"), sqlite_where=text("state = 'declined'"),
    ),
    # What is to be looked up.
    Index(
        "ix_attempts_next_at", "next_at",
        postgresql_where=text("next_at IS NOT NULL"), sqlite_where=text("next_at IS NOT NULL"),
    ),
    # How a processor's report, or a person, finds the charge by the processor's own reference.
    Index(
        "ix_attempts_reference", "organisation", "reference",
        postgresql_where=text("reference <> ''"), sqlite_where=text("reference <> ''"),
    ),
    # What was asked for on a date, to be compared with its processor's list; they are made in that order.
    Index("ix_attempts_promised_at", "promised_at", postgresql_using="brin"),
)  # fmt: skip

WAITING = "state IN ('open', 'retrying') AND kind <> 'expiring_card'"
UNSETTLED = "state IN ('open', 'retrying')"
SETTLED = "state IN ('resolved', 'rejected')"
EXPIRING = "kind = 'expiring_card' AND state <> 'resolved'"

action_items = Table(
    "action_items", metadata,
    _text("organisation"), _text("id"), _text("kind"), _text("of"), _text("about"), _text("payment"), _text("refund"),
    _text("client"), _text("merchant_account", null=True), _text("payment_method", null=True), _int("amount"),
    _text("reason"),
    _text("reason_class"), _text("network_code"), _text("state"), _int("version"), _int("attempts"),
    _at("failed_at"), _at("opened_at"), _at("changed_at"), _text("by"), _text("note"),
    Column("retry_on", Date, nullable=True),
    PrimaryKeyConstraint("organisation", "id"),
    _of("payments", "payment"),
    # A failed payment, and each failed refund of it, has at most one item that waits for a person (A2).
    Index(
        "uq_action_items_waiting", "organisation", "payment", "refund", unique=True,
        postgresql_where=text(WAITING), sqlite_where=text(WAITING),
    ),
    # A card has one item for the month in which it ends (A1); once rejected, it stays so.
    Index(
        "uq_action_items_expiring", "organisation", "payment_method", "about", unique=True,
        postgresql_where=text(EXPIRING), sqlite_where=text(EXPIRING),
    ),
    # What a night retries by itself (A8).
    Index(
        "ix_action_items_retry_on", "organisation", "retry_on",
        postgresql_where=text("state = 'open' AND retry_on IS NOT NULL"),
        sqlite_where=text("state = 'open' AND retry_on IS NOT NULL"),
    ),
    Index("ix_action_items_state", "organisation", "state", "failed_at"),
    # What the Payment Action Center lists, in its order; its counts and sums; what it searches by.
    Index(
        "ix_action_items_waiting", "organisation", "failed_at", text("amount DESC"), "id",
        postgresql_where=text(UNSETTLED), sqlite_where=text(UNSETTLED),
    ),
    Index(
        "ix_action_items_tally", "organisation", "state", "kind", "amount",
        postgresql_where=text(UNSETTLED), sqlite_where=text(UNSETTLED),
    ),
    Index(
        "ix_action_items_closed", "organisation", text("changed_at DESC"), text("amount DESC"), "id",
        postgresql_where=text(SETTLED), sqlite_where=text(SETTLED),
    ),
    Index("ix_action_items_opened", "organisation", "opened_at"),
    Index("ix_action_items_payment", "organisation", "payment"),
    Index("ix_action_items_client", "organisation", "client"),
    Index("ix_action_items_method", "organisation", "payment_method"),
    Index("ix_action_items_amount", "organisation", "amount"),
)  # fmt: skip

ledger_transactions = Table(
    "ledger_transactions", metadata,
    Column("id", Uuid, primary_key=True),
    _text("organisation"), _text("client"), _text("kind"), _text("subject"), Column("booked_on", Date, nullable=False),
    _int("amount"), _text("currency"), _text("description"), _text("language"), _text("method"),
    _text("reverses"), _text("reference"), _at("at"),
    # The statement of a client; and nothing is posted twice.
    UniqueConstraint("organisation", "client", "kind", "subject"),
    CheckConstraint("amount >= 0", name="amount"),
)  # fmt: skip

ledger_entries = Table(
    "ledger_entries", metadata,
    Column("transaction_id", Uuid, nullable=False), Column("leg", Integer, nullable=False),
    _text("organisation"), _text("account"), _int("amount"),
    PrimaryKeyConstraint("transaction_id", "leg"),
)  # fmt: skip

allocations = Table(
    "allocations", metadata,
    _text("organisation"), _text("id"), _text("line"), _text("client"), _text("source_kind"), _text("source"),
    _text("invoice"), _int("amount"), _at("at"),
    PrimaryKeyConstraint("organisation", "id", "line"),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_allocations_client", "organisation", "client"),
)  # fmt: skip

credits = Table(
    "credits", metadata,
    _text("organisation"), _text("id"), _text("client"), _int("amount"), _int("net"), _json("taxes"),
    _text("origin"), _text("invoice", null=True), _json("lines"), _text("note"),
    Column("booked_on", Date, nullable=False), _at("created_at"),
    PrimaryKeyConstraint("organisation", "id"),
    _of("clients", "client"),
    CheckConstraint("amount >= 0", name="amount"),
    Index("ix_credits_client", "organisation", "client"),
)  # fmt: skip

refunds = Table(
    "refunds", metadata,
    _text("organisation"), _text("id"), _text("client"), _text("payment", null=True), _text("offline", null=True),
    _text("merchant_account", null=True), _text("payment_method", null=True), _int("amount"), _text("state"),
    _int("version"), _text("comment"), Column("asked_on", Date, nullable=False), Column("send_on", Date),
    _at("due_at", null=True), _text("ref"), _int("attempts"), _text("retry_of", null=True),
    _int("command", null=True), _text("reference"), _text("reason"), _text("network_code"),
    _at("submitted_at", null=True), Column("follow_on", Date), Column("settled_on", Date), _at("created_at"),
    PrimaryKeyConstraint("organisation", "id"),
    _of("clients", "client"),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_refunds_client", "organisation", "client"),
    Index("ix_refunds_payment", "organisation", "payment"),
    # What a night sends, or what goes at once.
    Index(
        "ix_refunds_pending", "organisation", "merchant_account", "send_on",
        postgresql_where=text("state = 'pending'"), sqlite_where=text("state = 'pending'"),
    ),
    # What became of those that were sent is asked.
    Index(
        "ix_refunds_submitted", "organisation", "merchant_account", "follow_on",
        postgresql_where=text("state = 'submitted'"), sqlite_where=text("state = 'submitted'"),
    ),
)  # fmt: skip

consumptions = Table(
    "consumptions", metadata,
    _text("organisation"), _text("id"), _text("client"), _text("refund"), _text("source_kind"), _text("source"),
    _int("amount"), _at("at"),
    PrimaryKeyConstraint("organisation", "id"),
    _of("refunds", "refund"),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_consumptions_client", "organisation", "client"),
)  # fmt: skip

funds = Table(
    "funds", metadata,
    _text("organisation"), _text("id"), _int("opened_with"), _int("balance"), _at("created_at"),
    PrimaryKeyConstraint("organisation", "id"),
    ForeignKeyConstraint(["organisation"], ["organisations.id"]),
    # A scholarship fund is never overdrawn (B15).
    CheckConstraint("balance >= 0", name="balance"),
)  # fmt: skip

events = Table(
    "events", metadata,
    Column("id", Sequence, primary_key=True, autoincrement=True),
    # The writing transaction: the relay reads in commit order, never past one that is still open.
    Column("transaction", BigInteger, nullable=False, server_default="0"),
    _text("organisation"), _text("type"), _text("subject"), _int("sequence"), _at("at"), _text("by"),
    Column("public", Boolean, nullable=False), _json("data"), _json("before"),
    Index("ix_events_subject", "organisation", "subject"),
    # What the relay reads next; in SQLite it goes by id.
    Index("ix_events_transaction", "transaction", "id").ddl_if(dialect="postgresql"),
)  # fmt: skip

seals = Table(
    "seals", metadata,
    _text("organisation"), _int("number"), _int("count"), _json("marks"), _text("hash"), _at("sealed_at"),
    PrimaryKeyConstraint("organisation", "number"),
)  # fmt: skip

commands = Table(
    "commands", metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    _text("source"), _text("id"), _text("type"), _text("organisation"), _json("body"), _text("body_hash"),
    _text("door"), _text("status"), Column("waits", Boolean, nullable=False), _json("result"), _json("error"),
    _at("received_at"), _at("done_at", null=True),
    # A command is known by its sender's name and id, for ever.
    UniqueConstraint("source", "id"),
    Index(
        "ix_commands_accepted", "organisation", "seq",
        postgresql_where=text("status = 'accepted'"), sqlite_where=text("status = 'accepted'"),
    ),
)  # fmt: skip

identities = Table(
    "identities", metadata,
    _text("organisation"), _text("kind"), _text("id"), _text("content_hash"), _int("command"),
    PrimaryKeyConstraint("organisation", "kind", "id"),
)  # fmt: skip

quarantine = Table(
    "quarantine", metadata,
    Column("id", Text, primary_key=True),
    _text("door"), _text("raw"), _text("reason"), _text("detail"), _at("at"), _at("replayed_at", null=True),
)  # fmt: skip

runs = Table(
    "runs", metadata,
    _text("organisation"), _text("kind"), Column("business_date", Date, nullable=False), _at("started_at"),
    _at("finished_at", null=True),
    # A night is run once, whoever starts it and however late (I4).
    PrimaryKeyConstraint("organisation", "kind", "business_date"),
    ForeignKeyConstraint(["organisation"], ["organisations.id"]),
)  # fmt: skip

service_keys = Table(
    "service_keys", metadata,
    Column("hash", Text, primary_key=True), _text("name"), _json("organisations"), _at("created_at"),
    _at("revoked_at", null=True),
)  # fmt: skip

sign_in_links = Table(
    "sign_in_links", metadata,
    Column("hash", Text, primary_key=True), _text("organisation"), _text("administrator"), _at("created_at"),
    _at("expires_at"), _at("used_at", null=True),
    _of("administrators", "administrator"),
)  # fmt: skip

sessions = Table(
    "sessions", metadata,
    Column("hash", Text, primary_key=True), _text("organisation"), _text("administrator"), _text("csrf"),
    _text("language"), _at("created_at"), _at("seen_at"), _at("expires_at"), _at("ended_at", null=True),
    _text("awaits"),
    _of("administrators", "administrator"),
)  # fmt: skip

workers = Table(
    "workers", metadata,
    Column("id", Text, primary_key=True), _text("role"), _text("host"), _at("started_at"), _at("beat_at"),
)  # fmt: skip

webhook_endpoints = Table(
    "webhook_endpoints", metadata,
    _text("organisation"), _text("id"), _text("url"), _json("types"), _json("keys"), _at("created_at"),
    _at("disabled_at", null=True), _text("disabled_why"),
    PrimaryKeyConstraint("organisation", "id"),
    ForeignKeyConstraint(["organisation"], ["organisations.id"]),
)  # fmt: skip

deliveries = Table(
    "deliveries", metadata,
    _text("organisation"), _text("id"), _text("endpoint"), _int("event"), _text("type"), _text("state"),
    _int("attempts"), _at("next_at", null=True), _int("status", null=True), _text("why"), _at("created_at"),
    _at("ended_at", null=True),
    PrimaryKeyConstraint("organisation", "id"),
    _of("webhook_endpoints", "endpoint"),
    # An event has one delivery to an endpoint, however often it is read or replayed.
    UniqueConstraint("organisation", "endpoint", "event"),
    # What is to be sent.
    Index(
        "ix_deliveries_next_at", "organisation", "endpoint", "next_at",
        postgresql_where=text("state = 'pending'"), sqlite_where=text("state = 'pending'"),
    ),
    # What a person has to look at.
    Index(
        "ix_deliveries_failed", "organisation", "endpoint",
        postgresql_where=text("state = 'failed'"), sqlite_where=text("state = 'failed'"),
    ),
)  # fmt: skip

relays = Table(
    "relays", metadata,
    # How far each reader of the events has come.
    Column("name", Text, primary_key=True), _int("position"),
)  # fmt: skip

THINGS: dict[type, Table] = {
    Organisation: organisations,
    MerchantAccount: merchant_accounts,
    Administrator: administrators,
    Client: clients,
    PaymentMethod: payment_methods,
    Invoice: invoices,
    InvoiceLine: invoice_lines,
    Plan: plans,
    Payment: payments,
    Attempt: attempts,
    ActionItem: action_items,
    Posting: ledger_transactions,
    Allocation: allocations,
    Credit: credits,
    Refund: refunds,
    Consumption: consumptions,
    Fund: funds,
    Event: events,
    Seal: seals,
    Command: commands,
    Identity: identities,
    Quarantined: quarantine,
    Run: runs,
    ServiceKey: service_keys,
    SignInLink: sign_in_links,
    Session: sessions,
    WebhookEndpoint: webhook_endpoints,
    Delivery: deliveries,
    **MAIL_TABLES,
    **ACCESS_TABLES,
    **SUBSCRIPTION_TABLES,
    **REPAYMENT_TABLES,
    **CARE_TABLES,
    **ECHECK_TABLES,
    **BANK_TABLES,
    **REPORT_TABLES,
    **CENTER_TABLES,
}
