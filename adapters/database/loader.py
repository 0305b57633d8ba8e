"""Reads rows as things of the domain: a field per column, enums and tuples as they were."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from functools import lru_cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from sqlalchemy import ColumnElement, Connection, Integer, Select, Table, bindparam, select

from adapters.database.tables import THINGS
from domain.ledger import Posting

T = TypeVar("T")
MISSING: Mapping[type, Mapping[str, Any]] = {Posting: {"entries": ()}}  # kept in a table of their own


def shape(thing: type) -> tuple[tuple[str, ...], tuple[tuple[str, Callable[[Any], Any]], ...]]:
    """The column names of a thing, and what turns a value into the field's type."""
    return SHAPES[thing]


def _shape(thing: type) -> tuple[tuple[str, ...], tuple[tuple[str, Callable[[Any], Any]], ...]]:
    hints = get_type_hints(thing)
    names = tuple(field.name for field in fields(thing) if field.name in THINGS[thing].c)
    converted = ((name, _converter(hints[name])) for name in names)
    return names, tuple((name, convert) for name, convert in converted if convert is not None)


def _converter(hint: Any) -> Callable[[Any], Any] | None:
    if isinstance(hint, UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is tuple:
        return tuple
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    return None


SHAPES = {thing: _shape(thing) for thing in THINGS}


def columns(thing: type) -> list[ColumnElement[Any]]:
    table = THINGS[thing]
    return [table.c[name] for name in shape(thing)[0]]


def build(thing: type[T], values: Sequence[Any]) -> T:
    """A thing from the values of `columns(thing)`."""
    names, converters = SHAPES[thing]
    filled = dict(zip(names, values, strict=True))
    for name, convert in converters:
        if filled[name] is not None:
            filled[name] = convert(filled[name])
    return thing(**filled, **MISSING.get(thing, {}))


def selection(thing: type, key: Mapping[str, Any], *, order_by: str, limit: int, lock: bool) -> Select[Any]:
    table = THINGS[thing]
    wanted = select(*columns(thing))
    for name, value in key.items():
        wanted = wanted.where(table.c[name].in_(list(value)) if _is_several(value) else table.c[name] == value)
    return _ordered(wanted, table, order_by, lock).limit(limit)


def _ordered(wanted: Select[Any], table: Table, order_by: str, lock: bool) -> Select[Any]:
    for name in order_by.split():
        wanted = wanted.order_by(table.c[name])
    return wanted.with_for_update(key_share=True) if lock else wanted


def load(
    connection: Connection, thing: type[T], key: Mapping[str, Any], *, order_by: str, limit: int, lock: bool
) -> list[T]:
    """The things with these values (one of several, where a collection is given)."""
    asked = tuple((name, _comparison(value)) for name, value in key.items())
    given = {
        f"key_{name}": list(value) if _is_several(value) else value for name, value in key.items() if value is not None
    }
    kind: Any = thing  # hashable, which mypy doesn't know of a type[T]
    found = connection.execute(_prepared(kind, asked, order_by, lock), given | {"at_most": limit})
    return [build(thing, row) for row in found.all()]


@lru_cache(maxsize=2_000)  # statements; there are a few hundred in the code
def _prepared(thing: type, asked: tuple[tuple[str, str], ...], order_by: str, lock: bool) -> Select[Any]:
    """The same as `selection` with its values left open: to build a statement costs more than to run it."""
    table = THINGS[thing]
    wanted = select(*columns(thing))
    for name, comparison in asked:
        column = table.c[name]
        value = bindparam(f"key_{name}", type_=column.type, expanding=comparison == "in")
        match comparison:
            case "null":
                wanted = wanted.where(column.is_(None))
            case "in":
                wanted = wanted.where(column.in_(value))
            case _:
                wanted = wanted.where(column == value)
    return _ordered(wanted, table, order_by, lock).limit(bindparam("at_most", type_=Integer))


def _comparison(value: Any) -> str:
    return "null" if value is None else "in" if _is_several(value) else "equal"


def _is_several(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset)
