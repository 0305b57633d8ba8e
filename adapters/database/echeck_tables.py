"""The tables of e-checks: each presentment, and the batches that they go in."""

from sqlalchemy import CheckConstraint, Column, Date, Index, PrimaryKeyConstraint, Table, UniqueConstraint, text

from adapters.database.columns import at_, int_, json_, metadata, of_, text_
from domain.echeck import Echeck
from domain.echeck_batch import EcheckBatch


def _date(name: str, null: bool = True) -> Column[object]:
    return Column(name, Date, nullable=null)


LOOKED_AT = "next_at IS NOT NULL"

echecks = Table(
    "echecks", metadata,
    text_("organisation"), text_("id"), text_("payment"), text_("client"), text_("merchant_account"),
    text_("payment_method"), int_("amount"), text_("currency"), text_("state"), int_("version"), text_("first"),
    int_("presented"), _date("first_on"), _date("cutoff_on", null=False), text_("batch", null=True),
    text_("reference"), text_("worker", null=True), int_("epoch"), int_("sends"), int_("rung"),
    at_("missed_at", null=True), at_("next_at", null=True), text_("code"), text_("network_code"), json_("detail"),
    at_("created_at"), _date("submitted_on"), _date("verdict_on"), _date("settled_on"), _date("returned_on"),
    _date("watched_until"),
    PrimaryKeyConstraint("organisation", "id"),
    # A payment is presented once: what is presented again is another payment.
    UniqueConstraint("organisation", "payment"),
    of_("payments", "payment"), of_("clients", "client"),
    CheckConstraint("amount > 0", name="amount"),
    # The available credit of a client is less what may still come back (R2).
    Index("ix_echecks_client", "organisation", "client"),
    # What waits for a cut-off.
    Index(
        "ix_echecks_pending", "organisation", "merchant_account", "cutoff_on",
        postgresql_where=text("state = 'pending'"), sqlite_where=text("state = 'pending'"),
    ),
    Index("ix_echecks_batch", "organisation", "batch"),
    # What is to be handed over, looked up, polled.
    Index(
        "ix_echecks_next_at", "organisation", "merchant_account", "next_at",
        postgresql_where=text(LOOKED_AT), sqlite_where=text(LOOKED_AT),
    ),
    # What is in workers' hands: at the processor, or about to be.
    Index(
        "ix_echecks_held", "organisation", "merchant_account",
        postgresql_where=text("worker IS NOT NULL"), sqlite_where=text("worker IS NOT NULL"),
    ),
    # How a processor's report finds the e-check that it names by its own reference.
    Index(
        "ix_echecks_reference", "organisation", "reference",
        postgresql_where=text("reference <> ''"), sqlite_where=text("reference <> ''"),
    ),
    # What was handed over on a date, to be compared with its processor's list.
    Index("ix_echecks_submitted_on", "organisation", "merchant_account", "submitted_on"),
    Index("ix_echecks_first", "organisation", "first"),
)  # fmt: skip

echeck_batches = Table(
    "echeck_batches", metadata,
    text_("organisation"), text_("id"), text_("merchant_account"), _date("cutoff_on", null=False), text_("state"),
    int_("version"), int_("count"), int_("total"), text_("currency"), at_("frozen_at"), at_("submitted_at", null=True),
    PrimaryKeyConstraint("organisation", "id"),
    # Built once per merchant account and cut-off, whoever builds it (E3).
    UniqueConstraint("organisation", "merchant_account", "cutoff_on"),
    of_("merchant_accounts", "merchant_account"),
)  # fmt: skip

ECHECK_TABLES: dict[type, Table] = {Echeck: echecks, EcheckBatch: echeck_batches}
