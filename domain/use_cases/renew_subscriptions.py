"""Renews the subscriptions whose period has come: one period of each in a batch, the oldest first (S1, S5)."""

from domain.organisation import Organisation
from domain.ports import Books, Log, Transaction
from domain.renewing import Minting, renew

BATCH_SIZE = 200  # invoices, with their lines, postings and payments, written together


def renew_subscriptions(books: Books, log: Log, *, organisation: str, limit: int = BATCH_SIZE) -> int:
    """One batch; answers how many periods were billed or passed over (0: none is due)."""
    try:
        return books.run(lambda tx: len(_renew(tx, organisation, limit)))
    except Exception as error:  # the one place where any error is right: each is renewed alone
        log("renewals.refused", organisation=organisation, error=repr(error))
        due = books.run(lambda tx: [one.subscription.id for one in tx.renewable(organisation, limit)])
        return sum(_alone(books, log, organisation, id) for id in due)


def _alone(books: Books, log: Log, organisation: str, id: str) -> int:
    """A bug that keeps one from being renewed is told, keeps no other, and is late in `encaisse check`."""
    try:
        return books.run(lambda tx: len(_renew(tx, organisation, 1, only=id)))
    except Exception as error:
        log("subscription.not_renewed", organisation=organisation, subscription=id, error=repr(error))
        return 0


def _renew(tx: Transaction, organisation: str, limit: int, *, only: str | None = None) -> list[str]:
    owner = tx.get(Organisation, id=organisation)
    due = tx.renewable(organisation, limit, only=only)
    minting = Minting(id=tx.mint, ref=tx.mint_ref)
    tx.write([renew(one, organisation=owner, now=tx.now, minting=minting)[0] for one in due])
    return [one.subscription.id for one in due]
