"""After a restore: the processors' lists since the backup beside the books, then the books are ours again (F-72)."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.database.origin import adopt
from adapters.database.tables import events, payments, refunds
from adapters.logs import log_event
from adapters.reconciling import Told, break_told, reconcile
from domain.reconciliation import Break, BreakKind

MAX_DAYS = 62  # an older backup is a case for more than a command


class TooOld(Exception):
    """The books end so long ago that `--since` must say which dates are to be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """What was compared: lists that could not be had, and money that moved for what these books do not have."""

    since: date
    until: date
    unlisted: list[Told]
    strangers: list[Break]
    adopted: bool

    def document(self) -> dict[str, Any]:
        missing = [
            {"organisation": one.organisation, "merchant_account": one.account, "date": one.on.isoformat()}
            for one in self.unlisted
        ]
        return {
            "restored": self.adopted, "from": self.since.isoformat(), "to": self.until.isoformat(),
            "not_available": missing, "unknown_here": [break_told(one) for one in self.strangers],
        }  # fmt: skip


def restore(app: App, *, since: date | None = None, go_on: bool = False) -> Restoring:
    """Compares every date since the books end. They are adopted when every list was there and all money that moved is
    of payments that they have, which are then looked up before they are asked for; else a person must `go_on`.
    Raises TooOld."""
    first = since or app.books.run(_ends_on, read_only=True)
    last = app.now().date()
    days = (last - first).days + 1
    if days > MAX_DAYS:
        raise TooOld
    told = [one for day in range(days) for one in reconcile(app, first + timedelta(days=day))]
    unlisted = [one for one in told if one.done is None]
    missing = [one for account in told for one in account.breaks if one.kind is BreakKind.MISSING_HERE]
    strangers = app.books.run(lambda tx: _strangers(tx, missing), read_only=True)
    adopted = go_on or not (unlisted or strangers)
    if adopted:
        app.books.run(lambda tx: adopt(tx.connection, tx.now))
        log_event("books.restored", since=first.isoformat(), unlisted=len(unlisted), unknown=len(strangers))
    return Restoring(since=first, until=last, unlisted=unlisted, strangers=strangers, adopted=adopted)


def _ends_on(tx: BookTransaction) -> date:
    newest = tx.connection.execute(select(func.max(events.c.at))).scalar_one()
    return (newest or tx.now).date()


def _strangers(tx: BookTransaction, missing: list[Break]) -> list[Break]:
    """A key is the `ref` of a payment or refund, a letter and a number: those that the books have are looked up."""
    refs = {one.id: one.key.rstrip("0123456789")[:-1] for one in missing}
    ours: set[str] = set()
    for table in (payments, refunds):
        known = select(table.c.ref).where(table.c.ref.in_(sorted(set(refs.values()))))
        ours |= set(tx.connection.execute(known).scalars())
    return [one for one in missing if refs[one.id] not in ours]
