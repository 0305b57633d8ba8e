"""Resolves unknown outcomes of one merchant account: take up, ask about the key or send it again, record."""

from collections.abc import Sequence

from domain.charging import question
from domain.claim import Asked
from domain.concluding import touches_plan
from domain.outcome import Finding, NotFound
from domain.ports import Books, Gateways, Leases, Log, Transaction
from domain.resolving import look_up, settle_finding, take_up
from domain.steps.record_answers import record_each, record_outcomes, settle_one_offs

BATCH_SIZE = 200


def resolve_unknowns(
    books: Books,
    gateways: Gateways,
    leases: Leases,
    log: Log,
    *,
    organisation: str,
    account: str,
    limit: int = BATCH_SIZE,
) -> int:
    """One batch of the look-ups (and repeated sends) that are due; answers how many."""
    with leases.batch() as worker:
        taken = books.run(lambda tx: _take_up(tx, organisation, account, limit, worker))
        resent = [after for before, after in taken if after.attempt.sends > before.attempt.sends]
        looked_up = [after for before, after in taken if after.attempt.sends == before.attempt.sends]
        if resent:
            _tell(log, "attempt.sent_again", resent)
            outcomes = gateways(resent[0].claim.account).charge(
                resent[0].claim.account, [question(asked) for asked in resent]
            )
            record_each(books, list(zip(resent, outcomes, strict=True)), record_outcomes, log)
        if looked_up:
            _tell(log, "attempt.looked_up", looked_up)
            findings = gateways(looked_up[0].claim.account).look_up(
                looked_up[0].claim.account, [look_up(asked) for asked in looked_up]
            )
            record_each(books, list(zip(looked_up, findings, strict=True)), _record_findings, log)
        return len(taken)


def _take_up(tx: Transaction, organisation: str, account: str, limit: int, worker: str) -> list[tuple[Asked, Asked]]:
    due = tx.unknowns(organisation, account, limit)
    taken = [take_up(asked, worker=worker) for asked in due]
    tx.write([decision for decision, _ in taken])
    return [(before, after) for before, (_, after) in zip(due, taken, strict=True)]


def _tell(log: Log, event: str, taken: Sequence[Asked]) -> None:
    for attempt in (one.attempt for one in taken):
        told = {"organisation": attempt.organisation, "payment": attempt.payment, "key": attempt.key}
        log(event, **told, rung=attempt.rung, sends=attempt.sends)


def _record_findings(tx: Transaction, answered: Sequence[tuple[Asked, Finding]]) -> list[Asked]:
    asked = [one for one, _ in answered]
    touching = {
        one.attempt.key for one, found in answered if not isinstance(found, NotFound) and touches_plan(one, found)
    }
    around = tx.around(asked, planned_of=touching)
    tx.write([settle_finding(one, found, around[one.attempt.key], now=tx.now, mint=tx.mint) for one, found in answered])
    settle_one_offs(tx, asked)
    return asked
