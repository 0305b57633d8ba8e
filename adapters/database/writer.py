"""Writes decisions: groups them by table and shape, one statement for each group."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, assert_never

from sqlalchemy import Connection, Table

from adapters.database import recordset
from adapters.database.paid import newly_paid
from adapters.database.tables import THINGS, allocations, events, invoice_lines, ledger_entries, metadata
from domain.decision import Allocate, Change, Decision, Move, New, Remove
from domain.event import Event
from domain.ledger import Posting, Words
from domain.ports import Stale

Render = Callable[[Words, str], str]
Row = Mapping[str, Any]
Step = New | Move | Change | Remove | Allocate
ORDER = {table: position for position, table in enumerate(metadata.sorted_tables)}
GIVEN_BY_DATABASE = {"events": ("id", "transaction"), "commands": ("seq",)}


class _Sorted:
    """The steps of decisions, by what is to be done with them."""

    def __init__(self) -> None:
        self.fresh: dict[Table, list[Row]] = defaultdict(list)
        self.updates: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        self.removed: dict[tuple[Table, tuple[str, ...]], list[Row]] = defaultdict(list)
        self.allocated: dict[tuple[str, str, str], int] = defaultdict(int)

    def add(self, step: Step, collect: Callable[[Any, dict[Table, list[Row]]], None]) -> None:
        match step:
            case New():
                collect(step.thing, self.fresh)
            case Move():
                shape, row = _moved(step)
                self.updates[shape].append(row)
            case Change():
                shape, row = _changed(step)
                self.updates[shape].append(row)
            case Remove():
                self.removed[THINGS[step.thing], tuple(step.key)].append(dict(step.key))
            case Allocate():
                self.allocated[step.organisation, step.invoice, step.line] += step.amount
            case _:
                assert_never(step)


class Writer:
    """One transaction's worth of writing. `render` puts words into a client's language (B4)."""

    def __init__(self, connection: Connection, render: Render) -> None:
        self.connection = connection
        self.dialect = connection.dialect.name
        self.render = render
        self.told: list[Event] = []

    def write(self, decisions: Iterable[Decision]) -> None:
        """All of it, or Stale when a row was no longer in the state that it moves from."""
        sorted_out = _Sorted()
        for decision in decisions:
            for step in decision:
                sorted_out.add(step, self._collect)
        self._update(sorted_out.updates)
        self._remove(sorted_out.removed)
        for table in sorted(sorted_out.fresh, key=ORDER.__getitem__):
            rows = sorted_out.fresh[table]
            recordset.run(self.connection, recordset.insert(table, tuple(rows[0]), self.dialect), rows)
        covered = self._allocate(sorted_out.allocated)
        if covered:
            self._tell_paid(covered, sorted_out.fresh[allocations])

    def _remove(self, removed: Mapping[tuple[Table, tuple[str, ...]], list[Row]]) -> None:
        for (table, key), rows in removed.items():
            touched = recordset.run(self.connection, recordset.delete(table, key, self.dialect), rows)
            if touched != len(rows):
                raise Stale(f"{table.name}: {touched} of {len(rows)} rows were there")

    def _collect(self, thing: Any, fresh: dict[Table, list[Row]]) -> None:
        table = THINGS[type(thing)]
        if isinstance(thing, Event):
            self.told.append(thing)
        if isinstance(thing, Posting):
            fresh[table].append(self._posting_row(thing))
            fresh[ledger_entries] += [
                {
                    "transaction_id": thing.id,
                    "leg": leg,
                    "organisation": thing.organisation,
                    "account": entry.account,
                    "amount": entry.amount,
                }
                for leg, entry in enumerate(thing.entries, 1)
            ]
        else:
            names, values = _columns(type(thing))
            fresh[table].append(dict(zip(names, values(thing), strict=True)))

    def _posting_row(self, posting: Posting) -> Row:
        names, values = _columns(Posting)
        row = dict(zip(names, values(posting), strict=True))
        if isinstance(posting.description, Words):
            row["description"] = self.render(posting.description, posting.language)
        return row

    def _update(self, updates: Mapping[tuple[Any, ...], list[Row]]) -> None:
        for (table, key, put, guards), rows in sorted(updates.items(), key=lambda entry: ORDER[entry[0][0]]):
            ordered = {tuple(row[column] for column in key): row for row in rows}
            if len(ordered) < len(rows) and "before" in guards:
                raise Stale(f"{table.name}: one row was moved twice in one transaction")
            statement = recordset.update(table, key, put, guards, self.dialect)
            touched = recordset.run(self.connection, statement, [ordered[name] for name in sorted(ordered)])
            if touched != len(ordered):
                raise Stale(f"{table.name}: {touched} of {len(ordered)} rows were as expected")

    def _allocate(self, allocated: Mapping[tuple[str, str, str], int]) -> set[tuple[str, str]]:
        """Answers the invoices with a line on which this leaves nothing open."""
        if not allocated:
            return set()
        rows = [
            {"organisation": organisation, "invoice": invoice, "line": line, "to_allocated": amount}
            for (organisation, invoice, line), amount in sorted(allocated.items())
        ]
        given = {"rows": recordset.dumps(rows, self.dialect)}
        touched = self.connection.execute(_allocation(self.dialect), given).all()
        if len(touched) != len(rows):
            raise Stale("invoice_lines: a line is gone")
        return {
            (organisation, invoice)
            for organisation, invoice, line, opened in touched
            if opened == 0 and allocated[organisation, invoice, line] > 0
        }

    def _tell_paid(self, covered: set[tuple[str, str]], made: list[Row]) -> None:
        fresh: dict[Table, list[Row]] = defaultdict(list)
        for paid in newly_paid(self.connection, covered, made):
            self._collect(paid, fresh)
        if fresh[events]:
            statement = recordset.insert(events, tuple(fresh[events][0]), self.dialect)
            recordset.run(self.connection, statement, fresh[events])


@lru_cache(maxsize=2)
def _allocation(dialect: str) -> Any:
    key = ("organisation", "invoice", "line")
    plain = recordset.update(invoice_lines, key, ("allocated",), (), dialect)
    added = plain.text.replace('= x."to_allocated"', '= t."allocated" + x."to_allocated"')
    t = "t." if dialect == "postgresql" else ""  # SQLite knows the alias everywhere but here
    return type(plain)(f'{added} RETURNING {t}"organisation", {t}"invoice", {t}"line", {t}"payable" - {t}"allocated"')


def _columns(thing: type) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    return COLUMNS[thing]


def _written(thing: type) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    table = THINGS[thing]
    skipped = GIVEN_BY_DATABASE.get(table.name, ())
    names = tuple(field.name for field in fields(thing) if field.name in table.c and field.name not in skipped)
    return names, attrgetter(*names)


COLUMNS = {thing: _written(thing) for thing in THINGS}


def _moved(step: Move) -> tuple[tuple[Any, ...], Row]:
    guards = ("before",) if step.fence is None else ("before", "fence")
    put = tuple(step.put)
    row = dict(step.key, before=step.before, after=step.after)
    if step.fence is not None:
        row["fence"] = step.fence
    for column in put:
        row[f"to_{column}"] = step.put[column]
    return (THINGS[step.thing], tuple(step.key), put, guards), row


def _changed(step: Change) -> tuple[tuple[Any, ...], Row]:
    put = tuple(step.put)
    row = dict(step.key) | {f"to_{column}": step.put[column] for column in put}
    return (THINGS[step.thing], tuple(step.key), put, ()), row
