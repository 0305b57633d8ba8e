"""The table of repayments: each key that was asked of a gateway to give money back."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Table, Text, UniqueConstraint, text

from adapters.database.tables import IN_FLIGHT, THINGS, _at, _int, _json, _of, _text, metadata
from domain.repayment import Repayment

repayments = Table(
    "repayments", metadata,
    # The key is derived from the ref of the refund, or of the payment, and the number: no key serves two.
    Column("key", Text, primary_key=True),
    _text("organisation"), _text("client"), _text("payment"), _text("refund", null=True), _int("number"),
    _text("about"), _text("merchant_account"), _text("payment_method"), _int("amount"), _text("currency"),
    _text("of_key"), _text("of_reference"), _text("parameters_hash"), _text("state"), _text("worker", null=True),
    _int("epoch"), _int("sends"), _int("rung"), _at("missed_at", null=True),
    Column("resend", Boolean, nullable=False), _at("next_at", null=True), _text("reference"), _text("reason"),
    _text("network_code"), _json("detail"), _int("command", null=True), _text("by"), _at("promised_at"),
    _at("ended_at", null=True),
    UniqueConstraint("organisation", "payment", "refund", "number"),
    _of("payments", "payment"),
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
)  # fmt: skip

THINGS[Repayment] = repayments
