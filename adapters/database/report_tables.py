"""The tables of what processors say by themselves: reports of webhooks, and breaks between their books and ours."""

from sqlalchemy import Column, Date, Index, PrimaryKeyConstraint, Table, UniqueConstraint, text

from adapters.database.columns import at_, int_, json_, metadata, of_, text_
from domain.reconciliation import Break, Comparison
from domain.report import Report

RECEIVED = text("state = 'received'")
PARKED = text("state = 'parked'")
OPEN = text("state = 'open'")
WAITING = text("state = 'waiting'")

reports = Table(
    "reports", metadata,
    text_("organisation"), text_("id"), text_("merchant_account"), text_("event_id"), text_("kind"), text_("said"),
    text_("key"), text_("reference"), text_("of"), int_("amount", null=True), text_("currency"), text_("code"),
    text_("network_code"), at_("occurred_at"), json_("raw"), text_("state"), at_("next_at", null=True),
    text_("payment", null=True), text_("why"), text_("by"), text_("note"), at_("received_at"), at_("changed_at"),
    PrimaryKeyConstraint("organisation", "id"),
    of_("merchant_accounts", "merchant_account"),
    # An event is kept once, however often its processor sends it.
    UniqueConstraint("organisation", "merchant_account", "event_id"),
    # What has been said about one thing.
    Index("ix_reports_key", "organisation", "key"),
    # What is to be looked into, and what waits for a person.
    Index("ix_reports_received", "organisation", "merchant_account", "next_at",
          postgresql_where=RECEIVED, sqlite_where=RECEIVED),
    Index("ix_reports_parked", "organisation", postgresql_where=PARKED, sqlite_where=PARKED),
)  # fmt: skip

breaks = Table(
    "breaks", metadata,
    text_("organisation"), text_("id"), text_("merchant_account"), text_("subject"), text_("kind"), text_("about"),
    Column("on", Date, nullable=False), text_("key"), text_("reference"), text_("payment", null=True),
    int_("amount_here", null=True), int_("amount_there", null=True), text_("currency"), text_("state"),
    int_("version"), at_("opened_at"), at_("changed_at"), text_("by"), text_("note"),
    PrimaryKeyConstraint("organisation", "id"),
    of_("merchant_accounts", "merchant_account"),
    # A difference is one break, however often the lists are compared.
    Index("uq_breaks_open", "organisation", "merchant_account", "subject", unique=True,
          postgresql_where=OPEN, sqlite_where=OPEN),
    Index("ix_breaks_subject", "organisation", "merchant_account", "subject"),
)  # fmt: skip

comparisons = Table(
    "comparisons", metadata,
    text_("organisation"), text_("merchant_account"), Column("on", Date, nullable=False), text_("state"),
    int_("version"), int_("tries"), int_("listed"), at_("next_at", null=True), at_("compared_at", null=True),
    PrimaryKeyConstraint("organisation", "merchant_account", "on"),
    of_("merchant_accounts", "merchant_account"),
    # What is to be compared.
    Index("ix_comparisons_waiting", "next_at", postgresql_where=WAITING, sqlite_where=WAITING),
)  # fmt: skip

REPORT_TABLES: dict[type, Table] = {Report: reports, Break: breaks, Comparison: comparisons}
