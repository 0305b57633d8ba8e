"""Charges what is due through one merchant account: promise, ask, record."""

from collections.abc import Sequence
from datetime import datetime

from domain.care import Door
from domain.charging import promise, question
from domain.claim import Asked
from domain.outcome import NOT_ASKED, Outcome, perhaps_asked
from domain.ports import Books, Gateways, Leases, Log, Transaction
from domain.steps import through_door
from domain.steps.echeck_steps import with_lines_locked
from domain.steps.record_answers import record_each, record_outcomes

BATCH_SIZE = 500  # claimed, asked and recorded together; more only makes a crash cost more look-ups


def charge_payments(
    books: Books,
    gateways: Gateways,
    leases: Leases,
    log: Log,
    *,
    organisation: str,
    account: str,
    limit: int = BATCH_SIZE,
) -> int:
    """One batch of an account's due payments; answers how many were taken in hand (0: nothing is due, or nothing
    may be asked of the processor now)."""
    with leases.batch() as worker:
        door, taken, asked, restored = books.run(lambda tx: _promise(tx, organisation, account, limit, worker))
        if door is not None and asked:
            for one in asked:
                attempt = one.attempt
                told = {"organisation": organisation, "payment": attempt.payment, "key": attempt.key}
                log("attempt.promised", **told, amount=attempt.amount, worker=worker)
            outcomes = _ask(gateways, asked, restored)
            record_each(books, list(zip(asked, outcomes, strict=True)), record_outcomes, log)
            through_door.hear(books, door, [one for one in outcomes if one != NOT_ASKED], charges=True)
        return taken


def _promise(
    tx: Transaction, organisation: str, account: str, limit: int, worker: str
) -> tuple[Door | None, int, list[Asked], datetime | None]:
    """Claims and intents, one transaction: from here on a crash is repaired by asking about the key."""
    door = tx.door(organisation, account)
    if door is None:
        return None, 0, [], None
    claims = through_door.take(tx, door, limit, lambda free: tx.claimable(organisation, account, free), charges=True)
    by_card = [claim for claim in claims if not claim.by_echeck]
    promised = [promise(claim, worker=worker, now=tx.now, mint=tx.mint) for claim in by_card]
    tx.write([decision for decision, _ in promised])
    for claim in (claim for claim in claims if claim.by_echeck):  # each sees what the one before has matched
        decision, _ = promise(with_lines_locked(tx, claim), worker=worker, now=tx.now, mint=tx.mint)
        tx.write([decision])
    return door, len(claims), [asked for _, asked in promised if asked is not None], tx.restored_at()


def _ask(gateways: Gateways, asked: Sequence[Asked], restored: datetime | None) -> list[Outcome]:
    """No transaction is open here."""
    account = asked[0].claim.account
    doubtful = {one.attempt.key for one in asked if perhaps_asked(one.payment.created_at, one.payment.due_on, restored)}
    fresh = [one for one in asked if one.attempt.key not in doubtful]
    answers = iter(gateways(account).charge(account, [question(one) for one in fresh]) if fresh else ())
    return [NOT_ASKED if one.attempt.key in doubtful else next(answers) for one in asked]
