"""Resolves what is unknown of money that goes back: take up, ask about the key or send it again, record."""

from collections.abc import Sequence

from domain.care import Door
from domain.decision import Decision
from domain.giving_back import settle_finding
from domain.outcome import About, Finding
from domain.ports import Books, Gateways, Leases, Log, Transaction
from domain.repaying import look_up, take_up
from domain.repayment import Back, Outgoing
from domain.steps import through_door
from domain.steps.record_repayments import ask, record_each, record_outcome

BATCH_SIZE = 200


def resolve_refunds(
    books: Books, gateways: Gateways, leases: Leases, log: Log, *, organisation: str, account: str,
    limit: int = BATCH_SIZE,
) -> int:  # fmt: skip
    """One batch of the look-ups (and repeated sends) that are due; answers how many."""
    with leases.batch() as worker:
        door, taken = books.run(lambda tx: _take_up(tx, organisation, account, limit, worker))
        if door is None or not taken:
            return 0
        gateway = gateways(taken[0][1].account)
        resent = [after for before, after in taken if after.asked.sends > before.asked.sends]
        looked_up = [after for before, after in taken if after.asked.sends == before.asked.sends]
        for about in About:
            batch = [out for out in resent if out.asked.about is about]
            if batch:
                _tell(log, "repayment.sent_again", batch)
                outcomes = ask(gateway, batch)
                record_each(books, list(zip(batch, outcomes, strict=True)), record_outcome, log)
                through_door.hear(books, door, outcomes, charges=True, again=True)
        if looked_up:
            _tell(log, "repayment.looked_up", looked_up)
            findings = gateway.look_up(looked_up[0].account, [look_up(out) for out in looked_up])
            record_each(books, list(zip(looked_up, findings, strict=True)), _record_finding, log)
            through_door.hear(books, door, findings, charges=False)
        return len(taken)


def _take_up(
    tx: Transaction, organisation: str, account: str, limit: int, worker: str
) -> tuple[Door | None, list[tuple[Outgoing, Outgoing]]]:
    door = tx.door(organisation, account)
    if door is None:
        return None, []
    due = through_door.take(
        tx, door, limit, lambda free: tx.repayments_unknown(organisation, account, free), charges=False
    )
    taken = [take_up(out, worker=worker) for out in due]
    tx.write([decision for decision, _ in taken])
    return door, [(before, after) for before, (_, after) in zip(due, taken, strict=True)]


def _tell(log: Log, event: str, taken: Sequence[Outgoing]) -> None:
    for asked in (out.asked for out in taken):
        told = {"organisation": asked.organisation, "payment": asked.payment, "key": asked.key}
        log(event, **told, rung=asked.rung, sends=asked.sends)


def _record_finding(tx: Transaction, out: Outgoing, found: Finding, back: Back) -> Decision:
    return settle_finding(out, found, back, now=tx.now, mint=tx.mint)
