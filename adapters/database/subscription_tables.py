"""The tables of subscriptions: what is billed when, and the periods that were."""

from sqlalchemy import CheckConstraint, Column, Date, Index, PrimaryKeyConstraint, Table, UniqueConstraint, text

from adapters.database.columns import at_, int_, json_, metadata, of_, text_
from domain.subscription import Renewal, Subscription

subscriptions = Table(
    "subscriptions", metadata,
    text_("organisation"), text_("id"), text_("client"), text_("description"), int_("amount"), json_("taxes"),
    text_("ledger_code"), text_("every"), Column("anchor", Date, nullable=False), int_("billing_day", null=True),
    text_("payment_method", null=True), text_("state"), int_("version"), int_("number"), int_("billed"),
    Column("next_on", Date, nullable=True), Column("ends_on", Date, nullable=True), json_("revisions"),
    json_("suspensions"), int_("counted_from"), at_("created_at"),
    PrimaryKeyConstraint("organisation", "id"),
    of_("clients", "client"),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_subscriptions_client", "organisation", "client"),
    # What a night bills, oldest first.
    Index(
        "ix_subscriptions_next_on", "organisation", "next_on", "id",
        postgresql_where=text("next_on IS NOT NULL"), sqlite_where=text("next_on IS NOT NULL"),
    ),
)  # fmt: skip

renewals = Table(
    "renewals", metadata,
    text_("organisation"), text_("subscription"), int_("number"), text_("client"),
    Column("on", Date, nullable=False), Column("until", Date, nullable=False), text_("invoice"),
    text_("payment", null=True), int_("amount"), at_("made_at"),
    # A period is billed once, whatever is run twice, late or concurrently (S5): by its number and by its date.
    PrimaryKeyConstraint("organisation", "subscription", "number"),
    UniqueConstraint("organisation", "subscription", "on"),
    of_("invoices", "invoice"),
    # Whose period an invoice is, as the invariants ask.
    Index("ix_renewals_invoice", "organisation", "invoice"),
)  # fmt: skip

SUBSCRIPTION_TABLES: dict[type, Table] = {Subscription: subscriptions, Renewal: renewals}
