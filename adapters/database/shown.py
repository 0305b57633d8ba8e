"""Shown: how instants, methods, matches and histories stand in every document that the product answers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from adapters.database import loader, recordset
from adapters.database.books import BookTransaction
from adapters.database.tables import events
from domain.event import Event
from domain.ledger import Allocation
from domain.payment_method import PaymentMethod

MAX_HISTORY = 20_000  # events of one page; a payment has a dozen


def instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def instant_or_none(at: datetime | None) -> str | None:
    return instant(at) if at is not None else None


def method_shown(method: PaymentMethod | None, offline: str | None) -> dict[str, Any] | None:
    """What people may see of a method: never its token."""
    if method is None:
        return {"id": None, "kind": offline} if offline else None
    return {
        "id": method.id, "kind": method.kind, "brand": method.brand, "last4": method.last4, "expiry": method.expiry,
        "state": method.state.value,
    }  # fmt: skip


def allocation_shown(made: Allocation) -> dict[str, Any]:
    return {
        "id": made.id, "from": {made.source_kind: made.source},
        "to": {"invoice": made.invoice, "line": made.line}, "amount": made.amount, "at": instant(made.at),
    }  # fmt: skip


def histories(
    tx: BookTransaction, wanted: Iterable[tuple[str, str, str]], *, leave_out: Sequence[str] = ()
) -> Mapping[tuple[str, str], list[dict[str, Any]]]:
    """The events of subjects in time order, each wanted as (organisation, subject, key), by (organisation, key):
    one query for all. `leave_out` names data that the document says already."""
    rows = [{"organisation": one, "subject": subject, "key": key} for one, subject, key in wanted]
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    if not rows:
        return found
    names = {"organisation": "organisation", "subject": "subject", "key": "subject"}
    columns = ", ".join(f'e."{name}"' for name in loader.shape(Event)[0])
    statement = text(
        f'SELECT {columns}, x."key" FROM {recordset.unfold(events, names, tx.dialect)} '
        "JOIN events e ON e.organisation = x.organisation AND e.subject = x.subject "
        f"ORDER BY e.at, e.id LIMIT {MAX_HISTORY}"
    ).columns(*loader.columns(Event), events.c.subject.label("key"))
    for *values, key in tx.connection.execute(statement, {"rows": recordset.dumps(rows, tx.dialect)}).all():
        event = loader.build(Event, values)
        data = {name: value for name, value in event.data.items() if name not in leave_out}
        found[event.organisation, key].append(
            {"at": instant(event.at), "type": event.type, "by": event.by, "data": data}
        )
    return found
