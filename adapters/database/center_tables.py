"""The tables of the Payment Action Center: bulk acts with their rows, views that people keep."""

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, text

from adapters.database.columns import at_, int_, metadata, of_, text_
from domain.bulk_act import BulkAct, BulkRow
from domain.saved_view import SavedView

bulk_acts = Table(
    "bulk_acts", metadata,
    text_("organisation"), text_("id"), text_("act"), text_("by"), text_("reason"), text_("state"), int_("count"),
    int_("total"), at_("created_at"), at_("started_at", null=True), at_("ended_at", null=True),
    PrimaryKeyConstraint("organisation", "id"),
    ForeignKeyConstraint(["organisation"], ["organisations.id"]),
    # What is to be carried on with.
    Index(
        "ix_bulk_acts_running", "organisation", "started_at",
        postgresql_where=text("state = 'running'"), sqlite_where=text("state = 'running'"),
    ),
)  # fmt: skip

bulk_rows = Table(
    "bulk_rows", metadata,
    text_("organisation"), text_("bulk"), int_("position"), text_("item"), int_("amount"), int_("seen"),
    text_("state"), text_("code"), at_("ended_at", null=True),
    PrimaryKeyConstraint("organisation", "bulk", "position"),
    of_("bulk_acts", "bulk"), of_("action_items", "item"),
    # No item twice in one act.
    Index("uq_bulk_rows_item", "organisation", "bulk", "item", unique=True),
    # What is left to do.
    Index(
        "ix_bulk_rows_waiting", "organisation", "bulk", "position",
        postgresql_where=text("state = 'waiting'"), sqlite_where=text("state = 'waiting'"),
    ),
)  # fmt: skip

saved_views = Table(
    "saved_views", metadata,
    text_("organisation"), text_("id"), text_("by"), text_("name"), text_("query"),
    Column("shared", Boolean, nullable=False), at_("created_at"),
    PrimaryKeyConstraint("organisation", "id"),
    of_("administrators", "by"),
)  # fmt: skip

CENTER_TABLES: dict[type, Table] = {BulkAct: bulk_acts, BulkRow: bulk_rows, SavedView: saved_views}
