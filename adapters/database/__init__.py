"""The database: tables, the unit of work, read models, invariants, migrations."""

# The tables that stand in a module of their own: with them the metadata is complete, whoever is imported first.
from adapters.database import repayment_tables
from adapters.database.migrate import migrate

__all__ = ["migrate", "repayment_tables"]
