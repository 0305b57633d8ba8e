"""The table of repayments: each key that was asked of a gateway to give money back."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Table, Text, UniqueConstraint, text

from adapters.database.columns import at_, int_, json_, metadata, of_, text_
from domain.repayment import Repayment

IN_FLIGHT = "state IN ('submitting', 'unknown', 'in_doubt')"

repayments = Table(
    "repayments", metadata,
    # The key is derived from the ref of the refund, or of the payment, and the number: no key serves two.
    Column("key", Text, primary_key=True),
    text_("organisation"), text_("client"), text_("payment"), text_("refund", null=True), int_("number"),
    text_("about"), text_("merchant_account"), text_("payment_method"), int_("amount"), text_("currency"),
    text_("of_key"), text_("of_reference"), text_("parameters_hash"), text_("state"), text_("worker", null=True),
    int_("epoch"), int_("sends"), int_("rung"), at_("missed_at", null=True),
    Column("resend", Boolean, nullable=False), at_("next_at", null=True), text_("reference"), text_("reason"),
    text_("network_code"), json_("detail"), int_("command", null=True), text_("by"), at_("promised_at"),
    at_("ended_at", null=True),
    UniqueConstraint("organisation", "payment", "refund", "number"),
    of_("payments", "payment"),
    CheckConstraint("amount > 0", name="amount"),
    # No refund has two repayments in flight: never another key while the first may live.
    Index(
        "uq_repayments_of_refund", "organisation", "refund", unique=True,
        postgresql_where=text(f"refund IS NOT NULL AND {IN_FLIGHT}"),
        sqlite_where=text(f"refund IS NOT NULL AND {IN_FLIGHT}"),
    ),
    # Nor is a payment cancelled twice at once.
    Index(
        "uq_repayments_of_payment", "organisation", "payment", unique=True,
        postgresql_where=text("refund IS NULL AND state IN ('due', 'submitting', 'unknown', 'in_doubt')"),
        sqlite_where=text("refund IS NULL AND state IN ('due', 'submitting', 'unknown', 'in_doubt')"),
    ),
    # What is to be cancelled now.
    Index(
        "ix_repayments_due", "organisation", "merchant_account",
        postgresql_where=text("state = 'due'"), sqlite_where=text("state = 'due'"),
    ),
    # What is to be looked up.
    Index(
        "ix_repayments_next_at", "next_at",
        postgresql_where=text("next_at IS NOT NULL"), sqlite_where=text("next_at IS NOT NULL"),
    ),
    # What is in workers' hands: at the processor, or about to be.
    Index(
        "ix_repayments_held", "organisation", "merchant_account",
        postgresql_where=text("worker IS NOT NULL"), sqlite_where=text("worker IS NOT NULL"),
    ),
    # How a processor's report finds the refund that it names by its own reference.
    Index(
        "ix_repayments_reference", "organisation", "reference",
        postgresql_where=text("reference <> ''"), sqlite_where=text("reference <> ''"),
    ),
    # What was given back on a date, to be compared with its processor's list.
    Index("ix_repayments_promised_at", "organisation", "merchant_account", "promised_at"),
)  # fmt: skip

REPAYMENT_TABLES: dict[type, Table] = {Repayment: repayments}
