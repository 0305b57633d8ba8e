"""Brings a database to the newest schema; two runners wait for each other."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from adapters.database.engine import make_engine
from adapters.database.origin import note_origin

MIGRATION_LOCK = 7_281_001  # any number, the same for every runner


def migrate(url: str) -> None:
    """Upgrades to head; safe to repeat, safe to run from two places at once (F-69)."""
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            configured = config()
            configured.attributes["connection"] = connection
            command.upgrade(configured, "head")
            note_origin(connection)
    finally:
        engine.dispose()


def is_current(url: str) -> bool:
    """Whether the database has the newest schema."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == newest()
    finally:
        engine.dispose()


def newest() -> str | None:
    return ScriptDirectory.from_config(config()).get_current_head()


def config() -> Config:
    configured = Config()
    configured.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return configured
