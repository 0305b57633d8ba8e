"""Starts the nights that are due: a run per organisation and business date, missed ones first (I4)."""

from datetime import date

from domain.days import last_night, nights_between
from domain.decision import New
from domain.event import Event
from domain.organisation import Organisation
from domain.ports import Transaction
from domain.run import NIGHT, Run


def start_nights(tx: Transaction, *, organisation: str, through: date | None = None) -> list[Run]:
    """Writes the runs that are missing up to now (and `through`); answers the new ones, oldest first.

    The organisation's row is locked: two schedulers at once write each run once.
    """
    owner = tx.lock(Organisation, id=organisation)
    until = last_night(owner, tx.now)
    if through is not None:
        until = min(until, through)
    ran = tx.all(Run, order_by="business_date", organisation=organisation, kind=NIGHT)
    newest = max((run.business_date for run in ran), default=None)
    if newest is not None and until <= newest:
        return []
    runs = [
        Run(organisation=organisation, kind=NIGHT, business_date=day, started_at=tx.now)
        for day in nights_between(newest, until)
    ]
    tx.write([(New(thing=run), _told(run)) for run in runs])
    return runs


def _told(run: Run) -> New:
    return New(
        thing=Event(
            organisation=run.organisation, type="night.started", subject=f"run:{run.business_date}", sequence=1,
            at=run.started_at, public=False, data={"kind": run.kind, "date": run.business_date.isoformat()},
        )
    )  # fmt: skip
