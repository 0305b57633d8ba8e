"""Batches of e-checks as services and commands read them, with their entries, and the file that carried them."""

from typing import Any

from adapters.database.books import BookTransaction
from adapters.database.shown import instant_or_none
from domain.bank_file import BankFile
from domain.echeck import MAX_BATCH, Echeck
from domain.echeck_batch import EcheckBatch


def batch_told(tx: BookTransaction, organisation: str, batch: str) -> dict[str, Any]:
    """`/v1/organisations/{o}/batches/{id}`. Raises NotKnown."""
    found = tx.get(EcheckBatch, organisation=organisation, id=batch)
    entries = tx.all(Echeck, order_by="created_at id", organisation=organisation, batch=batch, limit=MAX_BATCH)
    files = tx.all(BankFile, organisation=organisation, batch=batch)
    states: dict[str, int] = {}
    for entry in entries:
        states[entry.state.value] = states.get(entry.state.value, 0) + 1
    return {
        "organisation": organisation, "batch": found.id, "merchant_account": found.merchant_account,
        "cutoff_on": found.cutoff_on.isoformat(), "state": found.state.value, "count": found.count,
        "total": found.total, "currency": found.currency, "frozen_at": instant_or_none(found.frozen_at),
        "submitted_at": instant_or_none(found.submitted_at), "states": states,
        "file": file_told(files[0]) if files else None, "echecks": [_entry(entry) for entry in entries],
    }  # fmt: skip


def file_told(file: BankFile) -> dict[str, Any]:
    return {
        "file": file.id, "organisation": file.organisation, "merchant_account": file.merchant_account,
        "batch": file.batch, "name": file.name, "number": file.number, "effective_on": file.effective_on.isoformat(),
        "count": file.count, "total": file.total, "currency": file.currency, "sha256": file.hash, "size": file.size,
        "state": file.state.value, "tries": file.tries, "why": file.why,
        "written_at": instant_or_none(file.written_at), "delivered_at": instant_or_none(file.delivered_at),
    }  # fmt: skip


def _entry(one: Echeck) -> dict[str, Any]:
    days = {name: getattr(one, name) for name in ("submitted_on", "settled_on", "returned_on")}
    return {
        "echeck": one.id, "payment": one.payment, "client": one.client, "amount": one.amount, "state": one.state.value,
        "reference": one.reference, "presented": one.presented, "code": one.network_code,
        **{name: day.isoformat() if day is not None else None for name, day in days.items()},
    }  # fmt: skip
