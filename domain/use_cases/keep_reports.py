"""Keeps what a processor said by a webhook, each event once; it is looked into later (an errand)."""

from collections.abc import Sequence

from domain import hearing
from domain.ports import Transaction
from domain.processor_event import ProcessorEvent
from domain.report import Report


def keep_reports(tx: Transaction, *, organisation: str, account: str, events: Sequence[ProcessorEvent]) -> int:
    """Answers how many were new; the caller knows that the account exists and that the processor signed."""
    ids = [event.event_id for event in events]
    known = {
        one.event_id for one in tx.all(Report, organisation=organisation, merchant_account=account, event_id=ids)
    }  # fmt: skip
    fresh = 0
    for event in events:
        decision = hearing.kept(
            event, organisation=organisation, account=account, known=known, now=tx.now, mint=tx.mint
        )
        known.add(event.event_id)
        fresh += bool(decision)
        tx.write([decision])
    return fresh
