"""Resolves unknown outcomes of one merchant account: take up, ask about the key or send it again, record."""

from collections.abc import Sequence
from functools import partial

from domain.care import CareState, Door
from domain.charging import question
from domain.claim import Asked
from domain.concluding import touches_plan
from domain.outcome import Finding, NotFound
from domain.ports import Books, Gateways, Leases, Log, Transaction
from domain.resolving import look_up, settle_finding, take_up
from domain.steps import through_door
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
        door, taken = books.run(lambda tx: _take_up(tx, organisation, account, limit, worker))
        if door is None:
            return 0
        resent = [after for before, after in taken if after.attempt.sends > before.attempt.sends]
        looked_up = [after for before, after in taken if after.attempt.sends == before.attempt.sends]
        if resent:
            _tell(log, "attempt.sent_again", resent)
            outcomes = gateways(resent[0].claim.account).charge(
                resent[0].claim.account, [question(asked) for asked in resent]
            )
            record_each(books, list(zip(resent, outcomes, strict=True)), record_outcomes, log)
            through_door.hear(books, door, outcomes, charges=True, again=True)
        if looked_up:
            _tell(log, "attempt.looked_up", looked_up)
            findings = gateways(looked_up[0].claim.account).look_up(
                looked_up[0].claim.account, [look_up(asked) for asked in looked_up]
            )
            record = partial(_record_findings, incident=door.care.state is not CareState.CLOSED)
            record_each(books, list(zip(looked_up, findings, strict=True)), record, log)
            through_door.hear(books, door, findings, charges=False)
        return len(taken)


def _take_up(
    tx: Transaction, organisation: str, account: str, limit: int, worker: str
) -> tuple[Door | None, list[tuple[Asked, Asked]]]:
    door = tx.door(organisation, account)
    if door is None:
        return None, []
    due = through_door.take(tx, door, limit, lambda free: tx.unknowns(organisation, account, free), charges=False)
    taken = [take_up(asked, worker=worker) for asked in due]
    tx.write([decision for decision, _ in taken])
    return door, [(before, after) for before, (_, after) in zip(due, taken, strict=True)]


def _tell(log: Log, event: str, taken: Sequence[Asked]) -> None:
    for attempt in (one.attempt for one in taken):
        told = {"organisation": attempt.organisation, "payment": attempt.payment, "key": attempt.key}
        log(event, **told, rung=attempt.rung, sends=attempt.sends)


def _record_findings(
    tx: Transaction, answered: Sequence[tuple[Asked, Finding]], *, incident: bool = False
) -> list[Asked]:
    asked = [one for one, _ in answered]
    touching = {
        one.attempt.key for one, found in answered if not isinstance(found, NotFound) and touches_plan(one, found)
    }
    around = tx.around(asked, planned_of=touching)
    tx.write(
        [
            settle_finding(one, found, around[one.attempt.key], incident=incident, now=tx.now, mint=tx.mint)
            for one, found in answered
        ]
    )
    settle_one_offs(tx, asked)
    return asked
