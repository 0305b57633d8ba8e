"""Sets of rows that travel as one JSON parameter, and the SQL that unfolds them in either dialect."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Connection, Table, TextClause, text
from sqlalchemy.dialects import postgresql

from adapters.database.types import micros

POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]


def dumps(rows: Iterable[Mapping[str, Any]], dialect: str) -> str:
    """Rows as JSON; instants as text for PostgreSQL, as microseconds for SQLite."""
    if dialect == "sqlite":
        return orjson.dumps(list(rows), default=_for_sqlite, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
    return orjson.dumps(list(rows)).decode()


def _for_sqlite(value: Any) -> Any:
    return micros(value) if isinstance(value, datetime) else value.isoformat()


def unfold(table: Table, columns: Mapping[str, str], dialect: str) -> str:
    """SQL for the rows of parameter `:rows` as `x`; `columns` maps a field of the rows to the table's column
    that gives its type."""
    if dialect == "sqlite":
        fields = ", ".join(f"json_extract(value, '$.{field}') AS \"{field}\"" for field in columns)
        return f"(SELECT {fields} FROM json_each(:rows)) AS x"
    types = ", ".join(f'"{field}" {sql_type(table, column)}' for field, column in columns.items())
    return f"jsonb_to_recordset(CAST(:rows AS jsonb)) AS x({types})"


@lru_cache(maxsize=1024)
def sql_type(table: Table, column: str) -> str:
    return str(table.c[column].type.compile(dialect=POSTGRESQL))


@lru_cache(maxsize=1024)
def insert(table: Table, columns: Sequence[str], dialect: str) -> TextClause:
    names = ", ".join(f'"{column}"' for column in columns)
    source = unfold(table, {column: column for column in columns}, dialect)
    return text(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {source} WHERE true")


@lru_cache(maxsize=1024)
def update(table: Table, key: Sequence[str], put: Sequence[str], guards: Sequence[str], dialect: str) -> TextClause:
    """Rows matched by `key` get the columns of `put`; `guards` of `before` (state) and `fence` (epoch).

    A table with a version steps it with its state.
    """
    fields = {column: column for column in key} | {f"to_{column}": column for column in put}
    where = [f't."{column}" = x."{column}"' for column in key]
    sets = [f'"{column}" = x."to_{column}"' for column in put]
    if "before" in guards:
        fields |= {"before": "state", "after": "state"}
        where.append("t.state = x.before")
        sets.append("state = x.after")
        if "version" in table.c:
            sets.append("version = t.version + 1")
    if "fence" in guards:
        fields["fence"] = "epoch"
        where.append("t.epoch = x.fence")
    source = unfold(table, fields, dialect)
    return text(f"UPDATE {table.name} AS t SET {', '.join(sets)} FROM {source} WHERE {' AND '.join(where)}")


@lru_cache(maxsize=64)
def delete(table: Table, key: Sequence[str], dialect: str) -> TextClause:
    source = unfold(table, {column: column for column in key}, dialect)
    matches = " AND ".join(f't."{column}" = x."{column}"' for column in key)
    return text(f"DELETE FROM {table.name} AS t WHERE EXISTS (SELECT 1 FROM {source} WHERE {matches})")


def run(connection: Connection, statement: TextClause, rows: Iterable[Mapping[str, Any]]) -> int:
    """Executes a statement of this module; answers the number of rows that it touched."""
    result = connection.execute(statement, {"rows": dumps(rows, connection.dialect.name)})
    return result.rowcount
