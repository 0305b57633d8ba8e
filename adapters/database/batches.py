"""What services read of e-checks (E1, E3): a batch with its entries, page by page, and the e-check of a payment."""

from collections import Counter
from datetime import date
from typing import Any

from sqlalchemy import func, select

from adapters.database import loader
from adapters.database.bank_files_told import file_told
from adapters.database.books import BookTransaction
from adapters.database.echeck_tables import echecks
from adapters.database.shown import instant, instant_or_none
from adapters.locale import both
from domain.bank_file import BankFile
from domain.declines import class_of, known
from domain.echeck import Echeck
from domain.echeck_batch import EcheckBatch


def batch_told(
    tx: BookTransaction, organisation: str, id: str, *, after: str, limit: int
) -> tuple[dict[str, Any], str | None]:  # fmt: skip
    """A batch with its control totals, how many of its e-checks stand where, and a page of them. Answers the last id
    of the page, if more follow. Raises NotKnown."""
    batch = tx.get(EcheckBatch, organisation=organisation, id=id)
    counted = select(echecks.c.state, func.count()).where(echecks.c.organisation == organisation, echecks.c.batch == id)
    states = Counter({row[0]: row[1] for row in tx.connection.execute(counted.group_by(echecks.c.state)).all()})
    wanted = loader.selection(
        Echeck, {"organisation": organisation, "batch": id}, order_by="id", limit=limit + 1, lock=False
    )
    rows = tx.connection.execute(wanted.where(echecks.c.id > after)).all()
    file = tx.find(BankFile, organisation=organisation, batch=id)
    found = [loader.build(Echeck, row) for row in rows]
    shown = found[:limit]
    told = {
        "organisation": organisation, "batch": id, "merchant_account": batch.merchant_account,
        "cutoff_on": batch.cutoff_on.isoformat(), "state": batch.state.value, "count": batch.count,
        "total": batch.total, "currency": batch.currency, "number": file.number if file is not None else None,
        "effective_on": _day(file.effective_on) if file is not None else None,
        "file": file_told(file) if file is not None else None, "frozen_at": instant(batch.frozen_at),
        "submitted_at": instant_or_none(batch.submitted_at), "states": dict(sorted(states.items())),
        "entries": [{"payment": one.payment, "client": one.client, **echeck_told(one)} for one in shown],
    }  # fmt: skip
    return told, shown[-1].id if len(found) > limit else None


def echeck_told(one: Echeck) -> dict[str, Any]:
    """One presentment: where it stands, and by what the processor or bank knows it."""
    reason = None
    if one.code:
        words = both(f"reason.{known(one.code)}.staff")
        reason = {"code": one.code, "class": class_of(one.code).value, "text": words}
    return {
        "echeck": one.id, "amount": one.amount, "state": one.state.value, "presented": one.presented,
        "cutoff_on": one.cutoff_on.isoformat(), "batch": one.batch,
        "reference": one.reference, "submitted_on": _day(one.submitted_on), "settled_on": _day(one.settled_on),
        "returned_on": _day(one.returned_on), "network_code": one.network_code, "reason": reason,
    }  # fmt: skip


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
