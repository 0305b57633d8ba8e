"""Planning: a mail for each event and each person who is told of it, written down once, before anything is sent."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text

from adapters.bootstrap import App
from adapters.database import outbox, recordset
from adapters.database.books import BookTransaction
from adapters.database.mail_tables import failures, mails
from adapters.mail.knowing import Known, know
from adapters.mail.noticing import SEEN, Noticed, notice
from adapters.mail.unsubscribing import make_key
from domain.mail import STORM, Failure, Mail, MailKind
from domain.notifying import Notice, audience, plan, to_client

READER = "mail"
MAX_READINGS = 5  # of one turn; then the other steps have theirs
HELD_BACK_S = 3.0  # how long a night waits for events behind somebody's open transaction
HOUR = timedelta(hours=1)
AS_IT_FAILED_LAST = ("event", "amount", "kind", "reason", "method", "failed_at")


def plan_mails(app: App, readings: int = MAX_READINGS) -> int:
    """Answers how many readings of the outbox found something."""
    total = 0
    for _ in range(readings):
        with app.books.begin(read_only=True) as tx:
            if not outbox.anything_new(tx.connection, READER):
                break
        if not app.books.run(_read):
            break
        total += 1
    return total


def plan_all(app: App) -> None:
    """Everything that has been written by now, also what an open transaction of somebody else holds back for
    a moment."""
    until = time.monotonic() + HELD_BACK_S
    while True:
        while plan_mails(app):
            pass
        if not app.books.run(_behind, read_only=True) or time.monotonic() > until:
            return
        time.sleep(0.02)


def _behind(tx: BookTransaction) -> bool:
    column = "transaction" if tx.dialect == "postgresql" else "id"
    reached = f"coalesce((SELECT position FROM relays WHERE name = '{READER}'), 0)"
    newest = text(f"SELECT coalesce(max(events.{column}), 0) > {reached} FROM events")
    return bool(tx.connection.execute(newest).scalar_one())


def _read(tx: BookTransaction) -> bool:
    position = outbox.hold(tx.connection, READER)
    if position is None:  # another scheduler does it
        return False
    read = outbox.read(tx.connection, position)
    by_organisation: dict[str, list[Any]] = {}
    for row in read.events:
        if row.type in SEEN:
            by_organisation.setdefault(row.organisation, []).append(row)
    for organisation, rows in by_organisation.items():
        known = know(tx, organisation, rows)
        seen = [notice(row, known) for row in rows]
        keep_failures(tx, [failure for one in seen for failure in one.failures])
        keep(tx, calm(tx, organisation, _planned(tx, known, seen)))
    if read.events:
        outbox.advance(tx.connection, READER, read.position)
    return bool(read.events)


def _planned(tx: BookTransaction, known: Known, seen: Sequence[Noticed]) -> list[Mail]:
    people, found = known.people, []
    for one in seen:
        for told in one.staff:
            found += plan(people.organisation.id, told, audience(told, people), now=tx.now)
        for id, told in one.client:
            client = known.clients.get(id)
            if client is not None and client.email and to_client(told.kind, people.organisation):
                person = (f"client:{id}", client.email, client.language)
                found += plan(people.organisation.id, told, [person], now=tx.now)
    return found


def calm(tx: BookTransaction, organisation: str, planned: list[Mail]) -> list[Mail]:
    """Beyond STORM failures in an hour, an address gets one mail that tells of all the others (F-112)."""
    told = {one.recipient for one in planned if one.kind is MailKind.FAILURE}
    if not told:
        return planned
    counted = (
        select(mails.c.recipient, func.count())
        .where(mails.c.organisation == organisation, mails.c.planned_at > tx.now - HOUR)
        .where(mails.c.kind == MailKind.FAILURE, mails.c.recipient.in_(told))
        .group_by(mails.c.recipient)
    )
    lately: Counter[str] = Counter({row[0]: row[1] for row in tx.connection.execute(counted).all()})
    kept: dict[str, Mail] = {}
    for one in planned:
        lately[one.recipient] += one.kind is MailKind.FAILURE
        if one.kind is MailKind.FAILURE and lately[one.recipient] > STORM:
            one = _storm(one)
        kept.setdefault(one.id, one)
    return list(kept.values())


def _storm(instead_of: Mail) -> Mail:
    """The same one for everything that fails in an hour of the clock."""
    opt_in, planned = str(instead_of.facts["opt_in"]), bool(instead_of.facts["planned"])
    about = f"{instead_of.planned_at:%Y-%m-%dT%H}/{opt_in}"
    told = Notice(
        kind=MailKind.STORM, about=about, facts={"at": instead_of.planned_at.isoformat()}, opt_in=opt_in,
        planned=planned,
    )  # fmt: skip
    person = (instead_of.recipient, "", instead_of.language)
    return plan(instead_of.organisation, told, [person], now=instead_of.planned_at)[0]


def keep(tx: BookTransaction, planned: Sequence[Mail]) -> int:
    """Writes mails down; one that is there already stays as it is. Answers how many are new."""
    if not planned:
        return 0
    make_key(tx)
    rows = [{str(column.name): getattr(one, column.name) for column in mails.c} for one in planned]
    plain = recordset.insert(mails, tuple(rows[0]), tx.dialect)
    return recordset.run(tx.connection, type(plain)(f"{plain.text} ON CONFLICT DO NOTHING"), rows)


def keep_failures(tx: BookTransaction, found: Sequence[Failure]) -> None:
    """For the next digest; an item that fails again before it is told is told once, as it failed last."""
    newest = {(one.organisation, one.item): one for one in found}
    if not newest:
        return
    rows = [{str(column.name): getattr(one, column.name) for column in failures.c} for one in newest.values()]
    plain = recordset.insert(failures, tuple(rows[0]), tx.dialect)
    changed = ", ".join(f"{name} = excluded.{name}" for name in AS_IT_FAILED_LAST)
    again = f"ON CONFLICT (organisation, item) WHERE digest IS NULL DO UPDATE SET {changed}"
    recordset.run(tx.connection, type(plain)(f"{plain.text} {again}"), rows)
