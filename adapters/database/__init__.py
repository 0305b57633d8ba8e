"""The database: tables, the unit of work, read models, invariants, migrations."""

from adapters.database.migrate import migrate

__all__ = ["migrate"]
