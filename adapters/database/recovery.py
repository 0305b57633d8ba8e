"""What became of the failures of a period: recovered, at risk, given up; by week, by attempt, by reason."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from sqlalchemy import ColumnElement, and_, func, select

from adapters.database.books import BookTransaction
from adapters.database.tables import action_items, attempts
from adapters.database.wide import read_account
from domain.action_item import ItemKind, ItemState
from domain.attempt import AttemptState
from domain.days import end_of, instant
from domain.organisation import Organisation

WEEK = timedelta(days=7)
MAX_DAYS = 366
MAX_REASONS = 15
MAX_NUMBER = 10  # later attempts are not told apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Money of the failures that opened from `since` to `until`, by what became of them."""

    since: date
    until: date
    recovered: int = 0
    at_risk: int = 0
    given_up: int = 0

    @property
    def failed(self) -> int:
        return self.recovered + self.at_risk + self.given_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """Attempts of that number which had a verdict, and how many of them were approved."""

    number: int
    tried: int
    approved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    code: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """The oldest week first, the first retry first, the most frequent reason first."""

    since: date
    until: date
    weeks: Sequence[Week]
    tries: Sequence[Try]
    reasons: Sequence[Reason]

    def sum(self, what: str) -> int:
        return sum(int(getattr(week, what)) for week in self.weeks)

    @property
    def rate(self) -> float | None:
        """Recovered of what failed; None when nothing did."""
        failed = self.sum("failed")
        return self.sum("recovered") / failed if failed else None


def recovery(tx: BookTransaction, owner: Organisation, since: date, until: date) -> Recovery:
    read_account(tx)
    since = max(since, until - timedelta(days=MAX_DAYS))
    return Recovery(
        since=since, until=until, weeks=_weeks(tx, owner, since, until), tries=_tries(tx, owner, since, until),
        reasons=_reasons(tx, owner, since, until),
    )  # fmt: skip


def _opened(owner: Organisation, since: date, until: date) -> ColumnElement[bool]:
    item = action_items.c
    return and_(
        item.organisation == owner.id, item.opened_at >= instant(since, time(0), owner.timezone),
        item.opened_at < end_of(until, owner.timezone), item.kind != ItemKind.EXPIRING_CARD,
    )  # fmt: skip


def _weeks(tx: BookTransaction, owner: Organisation, since: date, until: date) -> list[Week]:
    found = []
    while since <= until:
        last = min(since + WEEK - timedelta(days=1), until)
        state = action_items.c.state
        summed = select(state, func.sum(action_items.c.amount)).where(_opened(owner, since, last)).group_by(state)
        sums = defaultdict(int, {state: int(amount) for state, amount in tx.connection.execute(summed).all()})
        found.append(
            Week(
                since=since, until=last, recovered=sums[ItemState.RESOLVED], given_up=sums[ItemState.REJECTED],
                at_risk=sums[ItemState.OPEN] + sums[ItemState.RETRYING],
            )
        )  # fmt: skip
        since = last + timedelta(days=1)
    return found


def _tries(tx: BookTransaction, owner: Organisation, since: date, until: date) -> list[Try]:
    """Of payments that failed: the first attempt is what failed, so that the second is the first retry."""
    attempt, item = attempts.c, action_items.c
    same = and_(attempt.organisation == item.organisation, attempt.payment == item.payment)
    counted = (
        select(attempt.number, attempt.state, func.count())
        .select_from(action_items.join(attempts, same))
        .where(_opened(owner, since, until), attempt.number > 1, attempt.number <= MAX_NUMBER)
        .where(attempt.state.in_((AttemptState.APPROVED, AttemptState.DECLINED)))
        .group_by(attempt.number, attempt.state)
    )
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for number, state, count in tx.connection.execute(counted).all():
        found[number][state] += count
    return [
        Try(number=number, tried=sum(states.values()), approved=states[AttemptState.APPROVED])
        for number, states in sorted(found.items())
    ]


def _reasons(tx: BookTransaction, owner: Organisation, since: date, until: date) -> list[Reason]:
    reason, number = action_items.c.reason, func.count().label("number")
    counted = select(reason, number, func.sum(action_items.c.amount)).where(_opened(owner, since, until))
    rows = tx.connection.execute(counted.group_by(reason).order_by(number.desc(), reason).limit(MAX_REASONS)).all()
    return [Reason(code=code, count=count, amount=int(amount)) for code, count, amount in rows]
