"""What is told of e-checks: batches with their entries, what waits for the next one, and how many come back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.database.echeck_tables import echeck_batches
from domain.echeck import Echeck, EcheckState
from domain.echeck_batch import EcheckBatch
from domain.people import Client
from domain.refusal import NotKnown

BATCHES_SHOWN = 30
ENTRIES_SHOWN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A batch, and how many of its entries are in which state."""

    batch: EcheckBatch
    states: dict[str, int]


def batches(tx: BookTransaction, organisation: str, *, before: date | None = None) -> list[Shown]:
    """The newest first; one more than a page holds, so that it is known whether there are others."""
    wanted = loader.selection(EcheckBatch, {"organisation": organisation}, order_by="", limit=BATCHES_SHOWN + 1,
                              lock=False)  # fmt: skip
    if before is not None:
        wanted = wanted.where(echeck_batches.c.cutoff_on < before)
    wanted = wanted.order_by(echeck_batches.c.cutoff_on.desc(), echeck_batches.c.id)
    found = [loader.build(EcheckBatch, row) for row in tx.connection.execute(wanted).all()]
    return [Shown(batch=one, states=_states(tx, organisation, one.id)) for one in found]


def waiting(tx: BookTransaction, organisation: str) -> tuple[int, int]:
    """How many wait for their batch, and how much money that is."""
    sql = "SELECT count(*), coalesce(sum(amount), 0) FROM echecks WHERE organisation = :o AND state = 'pending'"
    row = tx.connection.execute(text(sql), {"o": organisation}).one()
    return int(row[0]), int(row[1])


def batch_of(tx: BookTransaction, organisation: str, id: str) -> EcheckBatch:
    """Raises NotKnown for a batch that this organisation does not have (P1)."""
    found = tx.find(EcheckBatch, organisation=organisation, id=id)
    if found is None:
        raise NotKnown("batch", id=id)
    return found


def entries(tx: BookTransaction, batch: EcheckBatch) -> list[tuple[Echeck, Client]]:
    """Those of a batch, with whose they are."""
    own: dict[str, Any] = {"organisation": batch.organisation}
    found = tx.all(Echeck, order_by="created_at id", limit=ENTRIES_SHOWN, batch=batch.id, **own)
    owners = _clients(tx, batch.organisation, {one.client for one in found})
    return [(one, owners[one.client]) for one in found]


def _states(tx: BookTransaction, organisation: str, batch: str) -> dict[str, int]:
    sql = "SELECT state, count(*) FROM echecks WHERE organisation = :o AND batch = :b GROUP BY state"
    rows = tx.connection.execute(text(sql), {"o": organisation, "b": batch}).all()
    found = {str(row[0]): int(row[1]) for row in rows}
    return {state.value: found[state.value] for state in EcheckState if state.value in found}


def _clients(tx: BookTransaction, organisation: str, ids: set[str]) -> dict[str, Client]:
    wanted: Sequence[str] = sorted(ids)
    if not wanted:
        return {}
    return {one.id: one for one in tx.all(Client, limit=len(wanted), organisation=organisation, id=list(wanted))}
