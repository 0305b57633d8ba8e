"""Follows refunds that were sent until they have settled: asks the processor each night what became of them (R6)."""

from functools import partial

from domain.care import Door
from domain.following import follow, stands
from domain.outcome import Standing
from domain.ports import Books, Gateways, Log, Transaction
from domain.refund import RefundState
from domain.repayment import Outgoing
from domain.steps import through_door

BATCH_SIZE = 200


def follow_refunds(
    books: Books, gateways: Gateways, log: Log, *, organisation: str, account: str, limit: int = BATCH_SIZE
) -> int:
    """One batch; answers how many were asked about. Asking twice at once changes nothing."""
    door, found = books.run(lambda tx: _look(tx, organisation, account, limit))
    if door is None or not found:
        return 0
    asked = [out for out in found if out.repayment is not None]
    said = gateways(door.account).status(door.account, [stands(out) for out in asked])
    through_door.hear(books, door, said, charges=False)
    for out, standing in zip(asked, said, strict=True):
        log("refund.followed", refund=out.asked.refund, key=out.asked.key, standing=type(standing).__name__)
        books.run(partial(_note, out, standing))
    return len(found)


def _look(tx: Transaction, organisation: str, account: str, limit: int) -> tuple[Door | None, list[Outgoing]]:
    """Nothing is asked of a processor that does not answer, and of any other only so much at once."""
    door = tx.door(organisation, account)
    if door is None:
        return None, []
    claim = partial(tx.refunds_to_follow, organisation, account)
    return door, through_door.take(tx, door, limit, claim, charges=False)


def _note(out: Outgoing, standing: Standing, tx: Transaction) -> None:
    """Writes what the processor said, unless somebody else did meanwhile."""
    seen = tx.again(out, refund=RefundState.SUBMITTED)
    if seen is None or out.refund is None:
        return
    fresh, back = seen
    if fresh.refund is not None and fresh.refund.follow_on == out.refund.follow_on:
        tx.write([follow(fresh, standing, back, now=tx.now, mint=tx.mint)])
