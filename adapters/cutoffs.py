"""Cut-offs of e-checks: which have struck, and the batch that each merchant account has at the newest."""

from datetime import date
from functools import partial
from zoneinfo import ZoneInfoNotFoundError

from sqlalchemy import func, select, text

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.database.tables import runs
from adapters.logs import log_failure
from adapters.runs import organisations
from domain.banking_days import last_cutoff
from domain.run import BATCH
from domain.use_cases.freeze_batch import freeze_batch
from domain.use_cases.start_cutoffs import start_cutoffs

WAITING = "SELECT DISTINCT organisation FROM echecks WHERE state = 'pending'"


def due_cutoffs(tx: BookTransaction, *, through: date | None = None, organisation: str | None = None) -> list[str]:
    """The organisations with an e-check that waits, whose newest cut-off has no run yet."""
    waiting = set(tx.connection.execute(text(WAITING)).scalars())
    newest = _newest(tx)
    found = []
    for owner in organisations(tx, organisation):
        if owner.id not in waiting:
            continue
        try:
            until = last_cutoff(owner, tx.now)
        except ZoneInfoNotFoundError as error:  # the others have their cut-offs
            log_failure("cutoff.not_started", error, organisation=owner.id)
            continue
        until = until if through is None else min(until, through)
        if owner.id not in newest or newest[owner.id] < until:
            found.append(owner.id)
    return found


def start_missing_cutoffs(app: App, *, through: date | None = None, organisation: str | None = None) -> int:
    """Starts what is missing; an organisation where that fails keeps no other from it. Answers how many runs."""
    started = 0
    for owner in app.books.run(partial(due_cutoffs, through=through, organisation=organisation), read_only=True):
        try:
            started += len(app.books.run(partial(start_cutoffs, organisation=owner, through=through)))
        except Exception as error:
            log_failure("cutoff.not_started", error, organisation=owner)
    return started


def freeze_newest(app: App, organisation: str, account: str) -> int:
    """The batch of a merchant account at the newest cut-off; answers how many e-checks are in it."""

    def freeze(tx: BookTransaction) -> int:
        cutoff_on = _newest(tx).get(organisation)
        if cutoff_on is None:
            return 0
        batch = freeze_batch(tx, organisation=organisation, account=account, cutoff_on=cutoff_on)
        return batch.count if batch is not None else 0

    return app.books.run(freeze)


def _newest(tx: BookTransaction) -> dict[str, date]:
    wanted = select(runs.c.organisation, func.max(runs.c.business_date)).where(runs.c.kind == BATCH)
    return {row[0]: row[1] for row in tx.connection.execute(wanted.group_by(runs.c.organisation)).all()}
