"""Freezes the batch of a merchant account at the newest cut-off: once, with its control totals (E3)."""

from datetime import date

from domain.batching import freeze
from domain.echeck_batch import EcheckBatch
from domain.organisation import MerchantAccount
from domain.ports import Transaction


def freeze_batch(tx: Transaction, *, organisation: str, account: str, cutoff_on: date) -> EcheckBatch | None:
    """None when it is frozen already, or nothing waits. An e-check is batched or cancelled, whichever locked its
    row first; the account's row is the door for who freezes."""
    owner = tx.lock(MerchantAccount, organisation=organisation, id=account)
    key = {"organisation": organisation, "merchant_account": account, "cutoff_on": cutoff_on}
    if tx.find(EcheckBatch, **key) is not None:
        return None
    waiting = tx.waiting_echecks(organisation, account, cutoff_on)
    if not waiting:
        return None
    decision, batch = freeze(owner, waiting, id=tx.mint("bat_"), cutoff_on=cutoff_on, now=tx.now)
    tx.write([decision])
    return batch
