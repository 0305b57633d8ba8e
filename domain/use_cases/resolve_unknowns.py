"""Resolves unknown outcomes of one merchant account: take up, ask about the key or send it again, record."""

from collections.abc import Mapping, Sequence
from functools import partial

from domain.care import CareState, Door
from domain.charging import question
from domain.claim import Asked
from domain.concluding import touches_plan
from domain.outcome import Finding, NotFound, Outcome
from domain.ports import Books, Gateways, Leases, Log, Transaction
from domain.resolving import look_up, must_undo, settle_finding, take_up, undo
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
        door, taken, now = books.run(lambda tx: (*_take_up(tx, organisation, account, limit, worker), tx.now))
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
            through_door.hear(books, door, outcomes, charges=True, again=door.care.state is CareState.CLOSED)
        if looked_up:
            _tell(log, "attempt.looked_up", looked_up)
            findings = gateways(looked_up[0].claim.account).look_up(
                looked_up[0].claim.account, [look_up(asked) for asked in looked_up]
            )
            undone = _undo(gateways, [one for one in zip(looked_up, findings, strict=True) if must_undo(*one, now=now)])
            record = partial(_record_findings, undone=undone, incident=door.care.state is not CareState.CLOSED)
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


def _undo(gateways: Gateways, missing: Sequence[tuple[Asked, Finding]]) -> dict[str, Outcome]:
    """Cancels by their keys what is surely not found, where another attempt follows; the answers by key."""
    if not missing:
        return {}
    account = missing[0][0].claim.account
    answers = gateways(account).cancel(account, [undo(asked) for asked, _ in missing])
    return {asked.attempt.key: answer for (asked, _), answer in zip(missing, answers, strict=True)}


def _record_findings(
    tx: Transaction,
    answered: Sequence[tuple[Asked, Finding]],
    *,
    undone: Mapping[str, Outcome],
    incident: bool = False,
) -> list[Asked]:
    asked = [one for one, _ in answered]
    touching = {
        one.attempt.key for one, found in answered if not isinstance(found, NotFound) and touches_plan(one, found)
    }
    around = tx.around(asked, planned_of=touching)
    tx.write(
        [
            settle_finding(
                one,
                found,
                around[one.attempt.key],
                incident=incident,
                undone=undone.get(one.attempt.key),
                now=tx.now,
                mint=tx.mint,
            )
            for one, found in answered
        ]
    )
    settle_one_offs(tx, asked)
    return asked
