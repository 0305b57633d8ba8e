"""Hands over the e-checks of frozen batches through a processor's API, entry by entry: promise, ask, record (E3)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from domain import batching, settling
from domain.capabilities import capability_for
from domain.care import Door
from domain.echeck import MAX_BATCH, Echeck, EcheckState
from domain.echeck_batch import BatchState, EcheckBatch
from domain.organisation import MerchantAccount, Organisation
from domain.outcome import (
    NOT_ASKED,
    Approved,
    Declined,
    Finding,
    NoAnswer,
    NotFound,
    NotSent,
    Outcome,
    perhaps_asked,
)  # fmt: skip
from domain.payment_method import PaymentMethod
from domain.ports import Books, Gateways, Leases, Log, Transaction
from domain.steps import through_door
from domain.steps.echeck_steps import surroundings

BATCH_SIZE = 200
RECORDED_AT_ONCE = 1_000
Answer = Outcome | Finding


def hand_over_echecks(
    books: Books, gateways: Gateways, leases: Leases, log: Log, *, organisation: str, account: str,
    limit: int = BATCH_SIZE,
) -> int:  # fmt: skip
    """One claim of what is to be sent, or looked up; answers how many. Each is sent under its own key, again only
    when the processor surely does not know it. A file takes a whole batch, and the same keys are always the same
    file: they are handed in again until it is at the bank."""
    with leases.batch() as worker:
        door, taken, methods, restored = books.run(lambda tx: _promise(tx, organisation, account, limit, worker))
        through, by_file = door.account, _by_file(door)
        first = {one.id: by_file or one.state is EcheckState.BATCHED or batching.resend(one) for one in taken}
        doubtful = [one for one in taken if first[one.id] and not by_file and _perhaps_asked(one, restored)]
        fresh = [one for one in taken if first[one.id] and one not in doubtful]
        known = [one for one in taken if not first[one.id]]
        if doubtful:
            _record_each(books, through, doubtful, [NOT_ASKED] * len(doubtful), log)
        gateway = gateways(through) if taken else None
        if gateway is not None and fresh:
            _tell(log, "echeck.handed_over", fresh)
            asked = [batching.question(one, methods[one.payment_method]) for one in fresh]
            answers: list[Any] = list(gateway.debit(through, asked))
            _record_each(books, through, fresh, answers, log)
            _hear(books, door, answers, charges=True)
        if gateway is not None and known:
            _tell(log, "echeck.looked_up", known)
            findings = gateway.look_up(through, [batching.look_up(one) for one in known])
            _record_each(books, through, known, findings, log)
            _hear(books, door, findings, charges=False)
        books.run(lambda tx: _close(tx, organisation, account))
        return len(taken)


def _promise(
    tx: Transaction, organisation: str, account: str, limit: int, worker: str
) -> tuple[Door, list[Echeck], dict[str, PaymentMethod], datetime | None]:
    """From here on a crash is repaired by asking about the key."""
    door = tx.door(organisation, account)
    if door is None:
        raise LookupError(f"{organisation} has no merchant account {account}")  # a bug: e-checks name it
    claim = partial(tx.due_echecks, organisation, account, (EcheckState.BATCHED, EcheckState.UNKNOWN))
    due = claim(MAX_BATCH) if _by_file(door) else through_door.take(tx, door, limit, claim, charges=True)
    taken = [batching.promise(one, worker=worker, now=tx.now) for one in due]
    tx.write([decision for decision, _ in taken])
    ids = sorted({one.payment_method for one in due})
    methods = [
        method for start in range(0, len(ids), RECORDED_AT_ONCE)
        for method in tx.all(PaymentMethod, organisation=organisation, id=ids[start : start + RECORDED_AT_ONCE])
    ]  # fmt: skip
    by_id = {method.id: method for method in methods}
    return door, [echeck for _, echeck in taken], by_id, tx.restored_at()


def _perhaps_asked(one: Echeck, restored: datetime | None) -> bool:
    """What is sent again because it was not found is sure."""
    return one.state is EcheckState.BATCHED and perhaps_asked(one.created_at, one.cutoff_on, restored)


def _by_file(door: Door) -> bool:
    """A file is no question to a processor: nothing of it is counted."""
    return capability_for(door.account).by_file


def _hear(books: Books, door: Door, answers: Sequence[Answer], *, charges: bool) -> None:
    if not _by_file(door):
        through_door.hear(books, door, answers, charges=charges)


def _tell(log: Log, event: str, echecks: Sequence[Echeck]) -> None:
    for one in echecks:
        log(event, organisation=one.organisation, payment=one.payment, key=one.id, sends=one.sends, rung=one.rung)


def _record_each(
    books: Books, account: MerchantAccount, asked: Sequence[Echeck], answers: Sequence[Answer], log: Log
) -> None:
    """Those that were taken on in few transactions; whatever else, or can't be recorded with them, each alone."""
    easy: list[tuple[Echeck, Answer]] = []
    alone: list[tuple[Echeck, Answer]] = []
    for one, answer in zip(asked, answers, strict=True):
        (easy if isinstance(batching.agrees(one, answer), Approved) else alone).append((one, answer))
    for start in range(0, len(easy), RECORDED_AT_ONCE):
        some = easy[start : start + RECORDED_AT_ONCE]
        try:
            books.run(partial(_accept, some))
        except Exception as error:  # one bad entry never stops the others
            log("batch.refused", size=len(some), error=repr(error))
            alone += some
    for one, answer in alone:
        _record_alone(books, account, one, answer, log)


def _accept(taken: Sequence[tuple[Echeck, Answer]], tx: Transaction) -> None:
    owner = tx.get(Organisation, id=taken[0][0].organisation)
    tx.write([
        batching.accepted(one, owner, reference=answer.reference, now=tx.now, on=answer.effective_on)
        for one, answer in taken if isinstance(answer, Approved)
    ])  # fmt: skip


def _record_alone(books: Books, account: MerchantAccount, one: Echeck, answer: Answer, log: Log) -> None:
    work: Callable[[Transaction], None] = lambda tx: _record(tx, account, one, answer)  # noqa: E731
    try:
        books.run(work)
    except Exception as error:
        log("echeck.not_recorded", key=one.id, payment=one.payment, error=repr(error))
        books.run(lambda tx: _record(tx, account, one, NoAnswer(why="not_recorded")))


def _record(tx: Transaction, account: MerchantAccount, promised: Echeck, answer: Answer) -> None:
    """Nothing is written by who no longer holds it: its epoch has moved on."""
    one = tx.lock(Echeck, organisation=promised.organisation, id=promised.id)
    if one.epoch != promised.epoch:
        return
    owner = tx.get(Organisation, id=one.organisation)
    said = batching.agrees(one, answer)
    match said:
        case Approved():
            tx.write([
                batching.accepted(one, owner, reference=said.reference, now=tx.now, on=said.effective_on)
            ])  # fmt: skip
        case Declined():
            seen = surroundings(tx, one)
            today = settling.date_of(owner, tx.now)
            code, network_code = said.code, said.network_code
            tx.write([
                settling.returned(one, seen, code=code, network_code=network_code, on=today, now=tx.now, mint=tx.mint)
            ])  # fmt: skip
        case NotFound():
            tx.write([batching.not_found(one, account, now=tx.now)])
        case NoAnswer() | NotSent():
            tx.write([batching.lose(one, account, said, now=tx.now)])
    after = tx.lock(Echeck, organisation=one.organisation, id=one.id)
    if after.state is EcheckState.UNKNOWN and batching.ladder_ended(after, account):
        tx.write([settling.missed(after, surroundings(tx, after), code="in_doubt", now=tx.now, mint=tx.mint)])


def _close(tx: Transaction, organisation: str, account: str) -> None:
    """A batch whose every entry has left our hands is submitted."""
    key: dict[str, Any] = {"organisation": organisation, "merchant_account": account, "state": BatchState.FROZEN}
    for batch in tx.lock_all(EcheckBatch, order_by="cutoff_on", **key):
        if not tx.all(Echeck, organisation=organisation, batch=batch.id, state=EcheckState.BATCHED, limit=1):
            tx.write([batching.submitted(batch, now=tx.now)])
