"""What tables are made of: the one `metadata`, columns by kind, a reference within one organisation."""

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Integer, MetaData, Text

from adapters.database.types import Instant, Json

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# An identity in PostgreSQL, the rowid in SQLite: given by the database, never by us.
Sequence = BigInteger().with_variant(Integer, "sqlite")


def text_(name: str, **more: Any) -> Column[Any]:
    return Column(name, Text, nullable=more.pop("null", False), **more)


def int_(name: str, **more: Any) -> Column[Any]:
    return Column(name, BigInteger, nullable=more.pop("null", False), **more)


def at_(name: str, null: bool = False) -> Column[Any]:
    return Column(name, Instant, nullable=null)


def json_(name: str) -> Column[Any]:
    return Column(name, Json, nullable=False)


def of_(table: str, *columns: str) -> ForeignKeyConstraint:
    """A reference within one organisation: rows can't point across organisations (P1)."""
    return ForeignKeyConstraint(["organisation", *columns], [f"{table}.organisation", f"{table}.id"])
