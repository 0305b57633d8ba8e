"""Through the door of a merchant account: how many may be asked, and what their answers say about the processor."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from domain import caring
from domain.care import CareState, Door, limits_of
from domain.decision import Decision
from domain.organisation import MerchantAccount
from domain.outcome import Finding, Standing
from domain.ports import Books, Transaction

T = TypeVar("T")
Answers = Sequence[Finding | Standing]


def take(
    tx: Transaction, door: Door, limit: int, claim: Callable[[int], list[T]], *, charges: bool,
    cost: Callable[[list[T]], int] = len,
) -> list[T]:  # fmt: skip
    """Claims as many as may be asked now; spends the tokens, begins a probe. `cost` counts the questions."""
    free = room(tx, door, limit, charges=charges)
    claimed = claim(free) if free else []
    if claimed:
        _write(tx, door, lambda kept: caring.enter(kept, cost(claimed), now=tx.now))
    return claimed


def room(tx: Transaction, door: Door, limit: int, *, charges: bool) -> int:
    """How many may be asked now; for lack of tokens none, and then nobody knocks before there are some."""
    free = min(limit, caring.room(door, charges=charges, now=tx.now))
    if free <= 0:
        _write(tx, door, lambda kept: caring.turn_away(kept, now=tx.now))
    return max(free, 0)


def hear(books: Books, door: Door, answers: Answers, *, charges: bool, again: bool = False) -> None:
    """Judges the answers of a batch; where all is well and was, nothing is written. `again`: see `caring.tally`."""
    heard = caring.tally(answers, charges=charges, again=again)
    if (heard.usable or heard.missed) and not caring.says_nothing_new(door.care, heard):
        books.run(lambda tx: _judge(tx, door, heard))


def must_answer(tx: Transaction, organisation: str, account: str | None) -> None:
    """For a charge that somebody waits for; raises ProcessorNotAnswering while nothing is asked of its processor."""
    if account is None:
        return
    care = tx.care(organisation, account)
    if care.state is CareState.OPEN:
        limits = limits_of(tx.get(MerchantAccount, organisation=organisation, id=account))
        caring.must_answer(care, limits, now=tx.now)


def _judge(tx: Transaction, door: Door, heard: caring.Tally) -> None:
    """On the care as it is now, under the account's lock: other batches have heard something too."""
    account = door.account
    tx.lock(MerchantAccount, organisation=account.organisation, id=account.id)
    now_door = replace(door, care=tx.care(account.organisation, account.id))
    probing = now_door.care.state is CareState.HALF_OPEN
    nothing_due = probing and not tx.charges_due(account.organisation, account.id)
    _write(tx, now_door, lambda kept: caring.judge(kept, heard, nothing_due=nothing_due, now=tx.now))


def _write(tx: Transaction, door: Door, decide: Callable[[Door], Decision]) -> None:
    kept, first = caring.first_kept(door.care)
    decision = decide(replace(door, care=kept))
    if decision:
        tx.write([first])
        tx.write([decision])
