"""The audit trail of an organisation: what was done, by whom and to what, the newest first (P3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.database.tables import events
from domain.event import Event

OF_A_PAGE = 40
# The kinds of things that events are about.
SUBJECTS = (
    "account", "action_item", "administrator", "bank_file", "bank_record",
    "break", "client", "credit", "cutoff", "echeck", "echeck_batch", "fund",
    "invoice", "merchant_account", "notification", "organisation", "payment", "payment_method", "plan", "quarantined",
    "refund", "report", "run", "subscription", "webhook_endpoint",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event with its place in the trail."""

    place: int
    event: Event


def trail(
    tx: BookTransaction, organisation: str, *, about: str = "", kind: str = "", by: str = "", after: int | None = None
) -> list[Entry]:
    """One more than a page holds. `about` is the id of a thing, of whichever kind unless `kind` says."""
    wanted = select(events.c.id, *loader.columns(Event)).where(events.c.organisation == organisation)
    if about:
        wanted = wanted.where(events.c.subject.in_(_subjects(about, kind)))
    elif kind:
        wanted = wanted.where(events.c.subject.startswith(f"{kind}:", autoescape=True))
    if by:
        wanted = wanted.where(events.c.by == by)
    if after is not None:
        wanted = wanted.where(events.c.id < after)
    rows = tx.connection.execute(wanted.order_by(events.c.id.desc()).limit(OF_A_PAGE + 1)).all()
    return [Entry(place=row[0], event=loader.build(Event, row[1:])) for row in rows]


def _subjects(about: str, kind: str) -> Sequence[str]:
    return [f"{one}:{about}" for one in ([kind] if kind else SUBJECTS)]
