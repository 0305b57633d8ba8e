"""Reads rows as things of the domain: a field per column, enums and tuples as they were."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from sqlalchemy import ColumnElement, Connection, Select, select

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
        several = isinstance(value, list | tuple | set | frozenset)
        wanted = wanted.where(table.c[name].in_(list(value)) if several else table.c[name] == value)
    for name in order_by.split():
        wanted = wanted.order_by(table.c[name])
    if lock:
        wanted = wanted.with_for_update(key_share=True)
    return wanted.limit(limit)


def load(connection: Connection, thing: type[T], key: Mapping[str, Any], **more: Any) -> list[T]:
    statement = selection(thing, key, **more)
    return [build(thing, row) for row in connection.execute(statement).all()]
