"""Where the books come from: the cluster that they live in, and whether they were brought back from a backup."""

from sqlalchemy import Column, Table, Text

from adapters.database.columns import at_, int_, metadata, text_

origins = Table(
    "origins", metadata,
    # One row. `system` is the cluster that the books were last known to live in; `base` is what is added to its numbers
    # of transactions, which begin anew in another one; `restored_at` when they were last said to be restored.
    Column("id", Text, primary_key=True), text_("system"), int_("base"), at_("restored_at", null=True),
)  # fmt: skip
