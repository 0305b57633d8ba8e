"""Foresight: what a batch of commands will ask for, read with one statement for each kind of thing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, text

from adapters.database import loader, recordset
from adapters.database.tables import THINGS
from domain.command import Command
from domain.decision import Allocate, Change, Decision, Move, New, Remove
from domain.instalment import Plan
from domain.payment import STILL_PLANNED, Payment, PaymentState

UNSETTLED = frozenset({*STILL_PLANNED, PaymentState.FAILED})  # what money that comes another way may settle
T = TypeVar("T")
Key = tuple[Any, ...]
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """Keys of things, in the order of the table's own key; the invoices whose lines will be matched, and the
    clients whose plans will be looked for, each with its organisation."""

    named: dict[type, set[Key]] = field(default_factory=lambda: defaultdict(set))
    invoices: set[Pair] = field(default_factory=set)
    clients: set[Pair] = field(default_factory=set)


def load(connection: Connection, thing: type[T], keys: Collection[Key]) -> dict[Key, T]:
    """The things that there are, by their keys."""
    if not keys:
        return {}
    names, dialect = primary_key(THINGS[thing]), connection.dialect.name
    columns = ", ".join(f't."{name}"' for name in loader.shape(thing)[0])
    same = " AND ".join(f't."{name}" = x."{name}"' for name in names)
    unfolded = recordset.unfold(THINGS[thing], {name: name for name in names}, dialect)
    statement = text(f"SELECT {columns} FROM {unfolded} JOIN {THINGS[thing].name} t ON {same}")
    rows = [dict(zip(names, key, strict=True)) for key in sorted(keys)]
    found = connection.execute(
        statement.columns(*loader.columns(thing)), {"rows": recordset.dumps(rows, dialect)}
    ).all()
    return {key_of_row(one): one for one in (loader.build(thing, row) for row in found)}


def without_plans(connection: Connection, clients: Collection[Pair]) -> dict[type, set[Pair]]:
    """Those of the clients who have no plan, and those who have no payment that is planned or failed."""
    if not clients:
        return {Plan: set(), Payment: set()}
    names = {"organisation": "organisation", "client": "client"}
    rows = [dict(zip(names, pair, strict=True)) for pair in sorted(clients)]
    given = {"rows": recordset.dumps(rows, connection.dialect.name)}
    free: dict[type, set[Pair]] = {}
    for thing, condition in ((Plan, "true"), (Payment, f"t.state IN {tuple(map(str, sorted(UNSETTLED)))}")):
        table = THINGS[thing]
        statement = text(
            f"SELECT x.organisation, x.client FROM {recordset.unfold(table, names, connection.dialect.name)} "
            f"WHERE NOT EXISTS (SELECT 1 FROM {table.name} t WHERE t.organisation = x.organisation "
            f"AND t.client = x.client AND {condition})"
        )
        free[thing] = {(row[0], row[1]) for row in connection.execute(statement, given)}
    return free


@cache
def primary_key(table: Table) -> tuple[str, ...]:
    return tuple(str(column.name) for column in table.primary_key.columns)


def key_of(thing: type, given: Mapping[str, Any]) -> Key | None:
    """The table's own key from conditions; None when they do not name a single row."""
    names = primary_key(THINGS[thing])
    if not all(isinstance(given.get(name), str | int) for name in names):
        return None
    return tuple(given[name] for name in names)


def key_of_row(one: Any) -> Key:
    return tuple(getattr(one, name) for name in primary_key(THINGS[type(one)]))


def together(decisions: Iterable[Decision]) -> Iterator[list[Decision]]:
    """Decisions cut so that each piece may be written at once, updates first: no row is touched twice in it,
    and nothing is changed or removed after something was added. Answers to commands stand for themselves."""
    piece: list[Decision] = []
    touched: set[Any] = set()
    added = False
    for decision in decisions:
        rows = {_row(step) for step in decision} - {None}
        updates = any(isinstance(step, Move | Change | Remove) and step.thing is not Command for step in decision)
        if piece and ((added and updates) or rows & touched):
            yield piece
            piece, touched, added = [], set(), False
        piece.append(decision)
        touched |= rows
        added = added or any(isinstance(step, New) for step in decision)
    if piece:
        yield piece


def _row(step: New | Move | Change | Remove | Allocate) -> Any:
    """The row that a step changes; none for what is only added, which no two can do."""
    if isinstance(step, New | Allocate):
        return None
    return step.thing, tuple(step.key.values())
