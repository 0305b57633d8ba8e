"""Records a batch in one transaction; where that fails, each alone, and what cannot be recorded apart."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from domain.attempt import AttemptState
from domain.claim import Asked
from domain.concluding import conclude, lose, touches_plan
from domain.outcome import Approved, Declined, NoAnswer, Outcome
from domain.payment import PaymentKind
from domain.ports import Books, Log, Transaction
from domain.resolving import settle_finding
from domain.steps.account_steps import settle_plans
from domain.steps.find_breaks import note_late_verdict

A = TypeVar("A")
Answered = Sequence[tuple[Asked, A]]
Record = Callable[[Transaction, Sequence[tuple[Asked, A]]], list[Asked]]


def record_each(books: Books, answered: Answered[A], record: Record[A], log: Log) -> None:
    """One bad item never spoils its batch: what can't be recorded with the others is recorded alone."""
    for wave in waves(answered):
        try:
            kept = books.run(partial(_whole, record, wave))
        except Exception as error:  # the one place where any error is right: the rest of the batch goes on
            log("batch.refused", size=len(wave), error=repr(error))
            kept = [asked for one in wave for asked in _record_alone(books, one, record, log)]
        ours = {asked.attempt.key for asked in kept}
        for asked, outcome in wave:
            if asked.attempt.key not in ours:
                told = {"payment": asked.payment.id, "key": asked.attempt.key, "outcome": type(outcome).__name__}
                log("attempt.discarded", **told)
                if isinstance(outcome, Approved | Declined):
                    books.run(partial(note_late_verdict, asked=asked, said=outcome))


def _whole(record: Record[A], wave: Sequence[tuple[Asked, A]], tx: Transaction) -> list[Asked]:
    return record(tx, wave)


def _record_alone(books: Books, one: tuple[Asked, A], record: Record[A], log: Log) -> list[Asked]:
    """A bug that keeps an outcome from being recorded leaves it unknown: the ladder ends with a person."""
    asked = one[0]
    try:
        return books.run(lambda tx: record(tx, [one]) if tx.fenced([asked]) else [])
    except Exception as error:
        log("attempt.not_recorded", key=asked.attempt.key, payment=asked.payment.id, error=repr(error))
        books.run(lambda tx: _leave_unknown(tx, asked))
        return []


def _leave_unknown(tx: Transaction, asked: Asked) -> None:
    """It costs a rung, so that the ladder ends however often the bug strikes."""
    silence = NoAnswer(why="not_recorded")
    for ours in tx.fenced([asked]):
        if ours.attempt.state is AttemptState.SUBMITTING:
            tx.write([lose(ours, silence, now=tx.now)])
        else:
            around = tx.around([ours])[ours.attempt.key]
            tx.write([settle_finding(ours, silence, around, now=tx.now, mint=tx.mint)])


def record_outcomes(tx: Transaction, answered: Sequence[tuple[Asked, Outcome]]) -> list[Asked]:
    """Books what the gateway said. An attempt that somebody else has resolved meanwhile is in another epoch:
    then nothing of this transaction stands, and each is recorded alone."""
    asked = [one for one, _ in answered]
    around = tx.around(asked, planned_of={one.attempt.key for one, outcome in answered if touches_plan(one, outcome)})
    tx.write([conclude(one, outcome, around[one.attempt.key], now=tx.now, mint=tx.mint) for one, outcome in answered])
    settle_one_offs(tx, asked)
    return asked


def settle_one_offs(tx: Transaction, asked: Sequence[Asked]) -> None:
    """A one-off payment of an invoice may leave its plans with less to ask for (I8, A9)."""
    paid = {
        (one.payment.organisation, one.payment.client)
        for one in asked
        if one.payment.kind is PaymentKind.ONE_OFF and one.payment.invoice is not None
    }
    for organisation, client in sorted(paid):
        settle_plans(tx, organisation, client)


def waves(answered: Answered[A]) -> Iterator[list[tuple[Asked, A]]]:
    """Cuts a batch so that no two payments of one invoice are decided on the same view of its lines."""
    rest = list(answered)
    while rest:
        seen: set[tuple[str, str]] = set()
        wave: list[tuple[Asked, A]] = []
        later: list[tuple[Asked, A]] = []
        for one in rest:
            payment = one[0].payment
            pair = (payment.organisation, payment.invoice or payment.id)
            (later if pair in seen else wave).append(one)
            seen.add(pair)
        yield wave
        rest = later
