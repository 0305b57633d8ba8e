"""Asks for money that goes back and records the answers: a batch in one transaction, where that fails each alone."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from domain.decision import Decision
from domain.giving_back import conclude, lose, settle_finding
from domain.outcome import About, NoAnswer, Outcome
from domain.ports import Books, Gateway, Log, Transaction
from domain.repaying import cancellation, order
from domain.repayment import Back, Outgoing, RepaymentState

A = TypeVar("A")
Decide = Callable[[Transaction, Outgoing, A, Back], Decision]


def ask(gateway: Gateway, asked: Sequence[Outgoing]) -> list[Outcome]:
    """All of them refunds, or all cancellations; no transaction is open here."""
    account = asked[0].account
    if asked[0].asked.about is About.CANCELLATION:
        return gateway.cancel(account, [cancellation(out) for out in asked])
    return gateway.refund(account, [order(out) for out in asked])


def record_outcome(tx: Transaction, out: Outgoing, said: Outcome, back: Back) -> Decision:
    return conclude(out, said, back, now=tx.now, mint=tx.mint)


def record_each(books: Books, answered: Sequence[tuple[Outgoing, A]], decide: Decide[A], log: Log) -> None:
    """One bad refund never spoils its batch; one that can't be recorded at all is left unknown."""
    try:
        kept = books.run(lambda tx: [_record(tx, out, said, decide) for out, said in answered])
    except Exception as error:  # the one place where any error is right: the rest of the batch goes on
        log("batch.refused", size=len(answered), error=repr(error))
        kept = [_record_alone(books, out, said, decide, log) for out, said in answered]
    for (out, said), ours in zip(answered, kept, strict=True):
        if not ours:
            told = {"payment": out.payment.id, "key": out.asked.key, "outcome": type(said).__name__}
            log("repayment.discarded", **told)


def _record(tx: Transaction, out: Outgoing, said: A, decide: Decide[A]) -> bool:
    """Whether it was still ours; somebody else may have resolved it, in another epoch."""
    seen = tx.again(out)
    if seen is None:
        return False
    fresh, back = seen
    tx.write([decide(tx, fresh, said, back)])
    return True


def _record_alone(books: Books, out: Outgoing, said: A, decide: Decide[A], log: Log) -> bool:
    try:
        return books.run(lambda tx: _record(tx, out, said, decide))
    except Exception as error:
        log("repayment.not_recorded", key=out.asked.key, payment=out.payment.id, error=repr(error))
        return books.run(lambda tx: _record(tx, out, NoAnswer(why="not_recorded"), _leave_unknown))


def _leave_unknown(tx: Transaction, out: Outgoing, silence: NoAnswer, back: Back) -> Decision:
    """It costs a rung, so that the ladder ends however often the bug strikes."""
    if out.asked.state is RepaymentState.SUBMITTING:
        return lose(out, silence, now=tx.now)
    return settle_finding(out, silence, back, now=tx.now, mint=tx.mint)
