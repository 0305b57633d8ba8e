"""Wide reads: whole accounts, whole months. The planner may use for them what the books forbid for batches."""

from sqlalchemy import TextClause, text

from adapters.database.books import BookTransaction


def _set(**values: str) -> TextClause:
    return text("SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in values.items()))


# What is off in `books.NOW_BY_INDEX`; all until the end of the transaction. There is nothing to set in SQLite.
TABLES = _set(enable_seqscan="on", enable_hashjoin="on", enable_mergejoin="on")
# One account's rows stand together in our indexes, and in memory once they were read: never a whole table for it.
ACCOUNT = _set(enable_hashjoin="on", enable_mergejoin="on", random_page_cost="1.1", max_parallel_workers_per_gather="0")


def read_widely(tx: BookTransaction) -> None:
    """For whole tables."""
    if tx.dialect == "postgresql":
        tx.connection.execute(TABLES)


def read_account(tx: BookTransaction) -> None:
    """For everything of one client, be it ten thousand rows."""
    if tx.dialect == "postgresql":
        tx.connection.execute(ACCOUNT)
