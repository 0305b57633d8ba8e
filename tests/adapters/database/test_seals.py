"""The chain over the events: whatever is changed, removed or inserted behind our back is found and named."""

import time
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Boolean, Connection, Engine, text

from adapters.bootstrap import App
from adapters.database.seals import broken_seals, seal
from adapters.database.tables import events
from adapters.database.types import Instant, Json
from adapters.sealing import seal_events
from domain.decision import New
from domain.event import Event
from tests.adapters.office import Office
from tests.domain.builders import NOW

COLUMNS = [column.name for column in events.c]


@pytest.fixture
def app(office: Office) -> App:
    """Ten events of two organisations, in three transactions, sealed in two seals each, and one not sealed yet."""
    tell(office.app, "a", "a", "b")
    seal_all(office.app)
    tell(office.app, "a", "b")
    tell(office.app, "b", "a")
    seal_all(office.app)
    tell(office.app, "a")
    return office.app


def tell(app: App, *organisations: str) -> None:
    told = tuple(
        New(thing=Event(
            organisation=organisation, type="client.registered", subject="client:c-1", sequence=3, at=NOW, by="marie",
            public=False, data={"name": "Ana", "age": 12}, before={"name": "Anna"},
        ))
        for organisation in organisations
    )  # fmt: skip
    app.books.run(lambda tx: tx.write([told]))


def seal_all(app: App) -> None:
    """On PostgreSQL, once no stranger's transaction of the shared server holds anything back."""
    until = time.monotonic() + 20
    while app.books.run(_unsealed) and time.monotonic() < until:
        seal_events(app)


def _unsealed(tx: Any) -> int:
    sealed = tx.connection.execute(text("SELECT coalesce(sum(count), 0) FROM seals")).scalar_one()
    return int(tx.connection.execute(text("SELECT count(*) FROM events")).scalar_one() - sealed)


def broken(app: App) -> list[dict[str, Any]]:
    return app.books.run(broken_seals, read_only=True)


def tamper(engine: Engine, sql: str, **values: Any) -> None:
    """As somebody who owns the database could."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            _drop_triggers(connection)
        assert connection.execute(text(sql), values).rowcount == 1


def _drop_triggers(connection: Connection) -> None:
    names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
    for name in names:
        connection.execute(text(f"DROP TRIGGER {name}"))


def flipped(value: Any, name: str) -> Any:
    """The same value with one bit, letter or microsecond different."""
    kind = events.c[name].type
    if isinstance(kind, Json):
        return orjson.dumps({**value, next(iter(value)): "Anb"}).decode()
    if isinstance(kind, Instant):
        return value + timedelta(microseconds=1)
    if isinstance(kind, Boolean):
        return not value
    return value ^ 1_000_000 if isinstance(value, int) else f"{value[:-1]}{chr(ord(value[-1]) ^ 1)}"


def third_of_a(app: App) -> Any:
    with app.books.begin(read_only=True) as tx:
        wanted = events.select().where(events.c.organisation == "a").order_by(events.c.id).offset(2).limit(1)
        return tx.connection.execute(wanted).one()


def test_what_nobody_touched_holds(app: App) -> None:
    assert broken(app) == []
    with app.books.begin(read_only=True) as tx:
        counted = tx.connection.execute(
            text("SELECT organisation, sum(count), count(*), max(number) FROM seals GROUP BY 1 ORDER BY 1")
        ).all()
    sealed = {row[0]: int(row[1]) for row in counted}
    assert (sealed["a"], sealed["b"]) == (4, 3)
    assert all(row[2] == row[3] >= 1 for row in counted)


@pytest.mark.parametrize("name", COLUMNS)
def test_INV16_one_flipped_byte_in_any_column_is_found_and_its_row_named(app: App, name: str) -> None:
    row = third_of_a(app)
    value = flipped(getattr(row, name), name)
    statement = text(f'UPDATE events SET "{name}" = :value WHERE id = :id')
    if isinstance(events.c[name].type, Instant | Boolean):
        bound = events.update().where(events.c.id == row.id).values({name: value})
        with app.engine.begin() as connection:
            if app.engine.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            else:
                _drop_triggers(connection)
            connection.execute(bound)
    else:
        tamper(app.engine, statement.text, value=value, id=row.id)
    assert (row.id, "a") in {(one["event"], one["organisation"]) for one in broken(app)}


def test_a_removed_row_is_named(app: App) -> None:
    row = third_of_a(app)
    tamper(app.engine, "DELETE FROM events WHERE id = :id", id=row.id)
    [one] = broken(app)
    assert (one["organisation"], one["event"], one["why"]) == ("a", row.id, "removed")


def test_an_inserted_row_is_named(app: App) -> None:
    names = ", ".join(f'"{name}"' for name in COLUMNS if name != "id")
    row = third_of_a(app)
    tamper(app.engine, "DELETE FROM events WHERE id = :id", id=row.id)  # makes room for an old id
    tamper(app.engine, f"INSERT INTO events (id, {names}) SELECT {row.id}, {names} FROM events WHERE id = {row.id + 1}")
    found = broken(app)
    assert {one["event"] for one in found} == {row.id}
    later = f"INSERT INTO events (id, {names}) SELECT -5, {names} FROM events WHERE id = {row.id + 1}"
    tamper(app.engine, later)
    assert -5 in {one["event"] for one in broken(app)}


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE seals SET hash = 'f' || substr(hash, 2) WHERE organisation = 'a' AND number = 1", "seal_changed"),
        ("UPDATE seals SET count = count + 1 WHERE organisation = 'a' AND number = 2", "seal_changed"),
        ("DELETE FROM seals WHERE organisation = 'a' AND number = 1", "seal_removed"),
        (
            "DELETE FROM seals WHERE organisation = 'a' AND number = (SELECT max(number) FROM seals "
            "WHERE organisation = 'a')",
            "inserted",
        ),
    ],
)
def test_a_seal_that_was_touched_is_found(app: App, sql: str, why: str) -> None:
    tamper(app.engine, sql)
    assert why in {one["why"] for one in broken(app)}


def test_two_sealers_at_once_make_one_chain(app: App) -> None:
    with app.engine.connect() as connection:
        if app.engine.dialect.name == "sqlite":
            return  # one writer anyway
        held = connection.begin()
        connection.execute(text("SELECT 1 FROM relays WHERE name = 'seals' FOR UPDATE"))
        assert app.books.run(seal) == []
        held.rollback()


@pytest.mark.soak
def test_a_hundred_thousand_events_are_checked_in_seconds(migrated_postgres_url: str, tmp_path: Any) -> None:
    office = Office(migrated_postgres_url, tmp_path)
    many = text(
        'INSERT INTO events (organisation, type, subject, sequence, at, "by", public, data, before) '
        "SELECT 'a', 'payment.approved', 'payment:' || n, 1, now(), 'system', true, "
        "jsonb_build_object('payment', n, 'client', 'c-1', 'amount', 4500), '{}' FROM generate_series(1, 100000) AS n"
    )
    with office.app.engine.begin() as connection:
        connection.execute(many)
    seal_all(office.app)
    started = time.monotonic()
    assert broken(office.app) == []
    assert time.monotonic() - started < 10
    office.close()
