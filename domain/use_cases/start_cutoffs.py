"""Starts the e-check batches whose cut-off has struck: a run per organisation and banking day (E2)."""

from datetime import date

from domain.banking_days import calendar_of, last_cutoff
from domain.decision import New
from domain.event import Event
from domain.organisation import Organisation
from domain.ports import Transaction
from domain.run import BATCH, Run


def start_cutoffs(tx: Transaction, *, organisation: str, through: date | None = None) -> list[Run]:
    """Writes the runs that are missing up to now (and `through`); the newest takes everything that waits for it or
    for an earlier one. The organisation's row is locked: two schedulers at once write each run once."""
    owner = tx.lock(Organisation, id=organisation)
    until = last_cutoff(owner, tx.now)
    if through is not None:
        until = calendar_of(owner).on_or_before(min(until, through))
    ran = tx.all(Run, order_by="business_date", organisation=organisation, kind=BATCH)
    newest = max((run.business_date for run in ran), default=None)
    if newest is not None and until <= newest:
        return []
    days = [until] if newest is None else list(calendar_of(owner).between(newest, until))
    runs = [Run(organisation=organisation, kind=BATCH, business_date=day, started_at=tx.now) for day in days]
    tx.write([(New(thing=run), _told(run)) for run in runs])
    return runs


def _told(run: Run) -> New:
    return New(
        thing=Event(
            organisation=run.organisation, type="cutoff.struck", subject=f"cutoff:{run.business_date}", sequence=1,
            at=run.started_at, public=False, data={"kind": run.kind, "date": run.business_date.isoformat()},
        )
    )  # fmt: skip
