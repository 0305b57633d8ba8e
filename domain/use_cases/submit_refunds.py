"""Gives back what is due through one merchant account: promise, ask, record."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from domain import caring
from domain.care import Door
from domain.days import local_date
from domain.decision import Decision
from domain.giving_back import fail
from domain.outcome import NOT_ASKED, About, Standing, perhaps_asked
from domain.ports import Books, Gateway, Gateways, Leases, Log, Transaction
from domain.refund import RefundState
from domain.repaying import Way, asks_first, promise, stands, way
from domain.repayment import Outgoing
from domain.steps import through_door
from domain.steps.record_repayments import ask, record_each, record_outcome

BATCH_SIZE = 200  # refunds are few; more would only make a crash cost more look-ups
MAX_WAIT = timedelta(days=10)  # for the settlement of a card payment: it takes two or three; then a person looks
# What a refund may wait for, and the reason why it failed when it has waited too long: its payment does not settle,
# can't be cancelled instead, or its processor does not say where it stands.
WAITED_FOR = {Way.LATER: "not_settled", Way.CANCELLATION: "not_settled", Way.ASK_AGAIN: "processing_error"}


def submit_refunds(
    books: Books, gateways: Gateways, leases: Leases, log: Log, *, organisation: str, account: str,
    limit: int = BATCH_SIZE,
) -> int:  # fmt: skip
    """One batch of refunds and cancellations that are due; answers how many were taken in hand (0: nothing
    is, or nothing may be asked of the processor now)."""
    at, found = books.run(lambda tx: _look(tx, organisation, account, limit))
    if at is None or not found:
        return 0
    gateway = gateways(found[0].account)
    standings = _ask_first(gateway, found)
    through_door.hear(books, at, list(standings.values()), charges=False)
    with leases.batch() as worker:
        door, taken, asked = books.run(lambda tx: _promise(tx, organisation, account, len(found), worker, standings))
        restored = books.run(lambda tx: tx.restored_at()) if asked else None
        for out in asked:
            told = {"organisation": organisation, "payment": out.payment.id, "key": out.asked.key}
            log("repayment.promised", **told, amount=out.asked.amount, about=out.asked.about.value, worker=worker)
        for about in About:
            batch = [out for out in asked if out.asked.about is about and not _perhaps_asked(out, restored)]
            if door is not None and batch:
                outcomes = ask(gateway, batch)
                record_each(books, list(zip(batch, outcomes, strict=True)), record_outcome, log)
                through_door.hear(books, door, outcomes, charges=True)
        if doubtful := [(out, NOT_ASKED) for out in asked if _perhaps_asked(out, restored)]:
            record_each(books, doubtful, record_outcome, log)
        return taken


def _perhaps_asked(out: Outgoing, restored: datetime | None) -> bool:
    made_at = out.refund.created_at if out.refund is not None else out.payment.created_at
    due_on = out.refund.asked_on if out.refund is not None else out.payment.due_on
    return perhaps_asked(made_at, due_on, restored)


def _look(tx: Transaction, organisation: str, account: str, limit: int) -> tuple[Door | None, list[Outgoing]]:
    """Nothing is asked of a processor that does not answer, and where charges stand only of so many as can then be
    refunded too: each of them is two questions."""
    door = tx.door(organisation, account)
    if door is None or caring.is_left_in_peace(door.care, now=tx.now):
        return None, []
    free = through_door.room(tx, door, limit, charges=True)
    found = tx.repayable(organisation, account, free, lock=False) if free else []
    first = [out.payment.id for out in found if asks_first(out)][: max(free // 2, 1)]
    return door, [out for out in found if out.payment.id in first or not asks_first(out)]


def _questions(taken: Sequence[Outgoing]) -> int:
    return len(taken) + sum(asks_first(out) for out in taken)


def _ask_first(gateway: Gateway, found: Sequence[Outgoing]) -> Mapping[str, Standing]:
    """Where the charges stand whose refund depends on it, by payment; no transaction is open here."""
    first = [out for out in found if asks_first(out)]
    if not first:
        return {}
    said = gateway.status(first[0].account, [stands(out) for out in first])
    return {out.payment.id: standing for out, standing in zip(first, said, strict=True)}


def _promise(
    tx: Transaction, organisation: str, account: str, limit: int, worker: str, standings: Mapping[str, Standing]
) -> tuple[Door | None, int, list[Outgoing]]:
    """Claims and intents, one transaction: from here on a crash is repaired by asking about the key, and the refund
    can't be called back any more."""
    door = tx.door(organisation, account)
    if door is None:
        return None, 0, []
    found = through_door.take(
        tx,
        door,
        limit,
        lambda free: tx.repayable(organisation, account, free, lock=True),
        charges=True,
        cost=_questions,
    )
    known = [out for out in found if not asks_first(out) or out.payment.id in standings]
    asked = []
    for out in known:
        chosen = way(out, standings.get(out.payment.id))
        today = local_date(tx.now, out.organisation.timezone)
        if chosen in WAITED_FOR and out.refund is not None and today - out.refund.asked_on > MAX_WAIT:
            tx.write([_give_up(tx, out, WAITED_FOR[chosen])])
            continue
        decision, promised = promise(out, chosen, worker=worker, today=today, now=tx.now)
        tx.write([decision])
        asked += [promised] if promised is not None else []
    return door, len(known), asked


def _give_up(tx: Transaction, out: Outgoing, why: str) -> Decision:
    """It has waited long enough: a person finds out."""
    seen = tx.again(out, refund=RefundState.PENDING)
    return fail(seen[0], why, "", seen[1], now=tx.now, mint=tx.mint) if seen is not None else ()
