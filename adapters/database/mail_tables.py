"""The tables of mail: what waits to be sent or was, and the failures that a digest tells of."""

from sqlalchemy import (
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip

from adapters.database.columns import at_, int_, json_, metadata, text_
from domain.mail import Failure, Mail

mails = Table(
    "mails", metadata,
    text_("organisation"), text_("id"), text_("kind"), text_("about"), text_("recipient"), text_("language"),
    json_("facts"), text_("state"), int_("attempts"), at_("next_at", null=True), text_("answer"), at_("planned_at"),
    at_("ended_at", null=True),
    PrimaryKeyConstraint("organisation", "id"),
    ForeignKeyConstraint(["organisation"], ["organisations.id"]),
    # One mail for each recipient and event or window (N6), however often it is planned.
    UniqueConstraint("organisation", "kind", "about", "recipient"),
    # What is to be sent.
    Index(
        "ix_mails_next_at", "next_at",
        postgresql_where=text("state = 'waiting'"), sqlite_where=text("state = 'waiting'"),
    ),
    # What a person has to look at.
    Index(
        "ix_mails_trouble", "organisation", "planned_at",
        postgresql_where=text("state IN ('refused', 'expired')"), sqlite_where=text("state IN ('refused', 'expired')"),
    ),
    # What one address was told lately, and the mailbox of an organisation.
    Index("ix_mails_planned_at", "organisation", "planned_at", "recipient"),
)  # fmt: skip

failures = Table(
    "failures", metadata,
    text_("organisation"), int_("event"), text_("item"), text_("payment"), text_("client"), text_("client_name"),
    int_("amount"), text_("kind"), text_("of"), text_("reason"), json_("method"), at_("failed_at"),
    Column("digest", Date, nullable=True),
    # A failure is in one digest, however often its event is read (N1).
    PrimaryKeyConstraint("organisation", "event"),
    ForeignKeyConstraint(["organisation"], ["organisations.id"]),
    # What a digest lists, and in what order.
    Index("ix_failures_digest", "organisation", "digest", "client_name", "client", "failed_at"),
    # What no digest has told yet: each item once, as it failed last.
    Index(
        "uq_failures_untold", "organisation", "item", unique=True,
        postgresql_where=text("digest IS NULL"), sqlite_where=text("digest IS NULL"),
    ),
)  # fmt: skip

mail_keys = Table("mail_keys", metadata, Column("name", Text, primary_key=True), text_("key"))

MAIL_TABLES: dict[type, Table] = {Mail: mails, Failure: failures}
