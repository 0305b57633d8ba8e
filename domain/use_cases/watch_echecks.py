"""Watches e-checks until nobody can return them any more: asks the processor once a day, records verdicts (E4)."""

from collections.abc import Sequence
from functools import partial

from domain import batching, settling
from domain.bank_file import BankDesk
from domain.capabilities import capability_for
from domain.care import Door
from domain.decision import Decision
from domain.echeck import Echeck, EcheckState
from domain.organisation import Organisation
from domain.outcome import Cancelled, Pending, Returned, Settled, Standing
from domain.ports import Books, Gateways, Leases, Log, Transaction
from domain.settling import Surroundings
from domain.steps import through_door
from domain.steps.echeck_steps import surroundings

BATCH_SIZE = 200


def watch_echecks(
    books: Books, gateways: Gateways, leases: Leases, log: Log, *, organisation: str, account: str,
    limit: int = BATCH_SIZE,
) -> int:  # fmt: skip
    """One claim of those to be asked about today; answers how many. Where returns come by file, silence until the
    end of the window is the verdict."""
    door, due = books.run(lambda tx: _take(tx, organisation, account, limit))
    if door is None or not due:
        return 0
    through, by_file = door.account, _by_file(door)
    questions = [batching.look_up(one) for one in due]
    standings: Sequence[Standing] = (
        [Pending()] * len(due) if by_file else gateways(through).status(through, questions)
    )  # fmt: skip
    if not by_file:
        through_door.hear(books, door, standings, charges=False)
    pairs = list(zip(due, standings, strict=True))
    quiet = [(one, said) for one, said in pairs if isinstance(said, Pending) or _news(one, said) is None]
    try:
        books.run(lambda tx: _record_quiet(tx, quiet, by_file=by_file))
    except Exception as error:
        log("watch.refused", size=len(quiet), error=repr(error))
        quiet = []
    for one, said in pairs:
        if (one, said) not in quiet:
            _record_alone(books, one, said, log, by_file=by_file)
    return len(due)


def _take(tx: Transaction, organisation: str, account: str, limit: int) -> tuple[Door | None, list[Echeck]]:
    door = tx.door(organisation, account)
    if door is None:
        return None, []
    claim = partial(tx.due_echecks, organisation, account, (EcheckState.SUBMITTED, EcheckState.SETTLED))
    return door, claim(limit) if _by_file(door) else through_door.take(tx, door, limit, claim, charges=False)


def _by_file(door: Door) -> bool:
    return capability_for(door.account).by_file


def _news(one: Echeck, said: Standing) -> Settled | Returned | Cancelled | None:
    """What changes its state; the same verdict twice is none."""
    if isinstance(said, Settled) and one.state is EcheckState.SETTLED:
        return None
    return said if isinstance(said, Settled | Returned | Cancelled) else None


def _record_quiet(tx: Transaction, quiet: Sequence[tuple[Echeck, Standing]], *, by_file: bool) -> None:
    """No verdict, and nothing to tell: asked again tomorrow. An e-check whose window is over is looked at alone."""
    if not quiet:
        return
    owner = tx.get(Organisation, id=quiet[0][0].organisation)
    over = [one for one, _ in quiet if settling.is_overdue(one, owner, now=tx.now)]
    tx.write([settling.waited(one, owner, now=tx.now) for one, _ in quiet if one not in over])
    for one in over:
        _overdue(tx, tx.lock(Echeck, organisation=one.organisation, id=one.id), by_file=by_file)


def _overdue(tx: Transaction, one: Echeck, *, by_file: bool) -> None:
    seen = surroundings(tx, one)
    if by_file and one.verdict_on is not None and _letters_read(tx, one):
        tx.write([settling.settled(one, seen, on=one.verdict_on, now=tx.now)])
        return
    tx.write([settling.missed(one, seen, code="no_verdict", now=tx.now, mint=tx.mint)])
    tx.write([settling.waited(one, seen.organisation, now=tx.now)])


def _letters_read(tx: Transaction, one: Echeck) -> bool:
    """Whether whatever the bank laid down until the end of the window has been read: a server that is away says
    nothing about the money."""
    desk = tx.find(BankDesk, organisation=one.organisation, id=one.merchant_account)
    if desk is None or desk.collected_at is None or one.verdict_on is None:
        return False
    owner = tx.get(Organisation, id=one.organisation)
    return settling.date_of(owner, desk.collected_at) > one.verdict_on


def _record_alone(books: Books, asked: Echeck, said: Standing, log: Log, *, by_file: bool) -> None:
    """One that can't be recorded keeps no other from it, and is asked about again tomorrow."""
    try:
        books.run(lambda tx: _record(tx, asked, said, by_file=by_file))
    except Exception as error:
        log("echeck.not_recorded", key=asked.id, payment=asked.payment, error=repr(error))
        books.run(lambda tx: _record(tx, asked, Pending(), by_file=by_file))


def _record(tx: Transaction, asked: Echeck, said: Standing, *, by_file: bool) -> None:
    one = tx.lock(Echeck, organisation=asked.organisation, id=asked.id)
    if (one.epoch, one.state, one.version) != (asked.epoch, asked.state, asked.version):
        return  # a webhook, a file or another worker was first
    seen = surroundings(tx, one)
    news = _news(one, said)
    match news:
        case Settled():
            tx.write([settling.settled(one, seen, on=news.on, now=tx.now)])
        case Returned():
            tx.write([_returned(tx, one, seen, news)])
        case Cancelled():  # by somebody at the processor: the money never comes
            on = settling.date_of(seen.organisation, tx.now)
            tx.write([_returned(tx, one, seen, Returned(code="returned_on_request", on=on))])
        case None if settling.is_overdue(one, seen.organisation, now=tx.now):
            _overdue(tx, one, by_file=by_file)
        case None:
            tx.write([settling.waited(one, seen.organisation, now=tx.now)])


def _returned(tx: Transaction, one: Echeck, seen: Surroundings, news: Returned) -> Decision:
    return settling.returned(
        one, seen, code=news.code, network_code=news.network_code, on=news.on, now=tx.now, mint=tx.mint
    )
