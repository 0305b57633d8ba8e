"""A year of subscriptions, told twice: by the product, and by an oracle with a calendar and rules of its own."""

import calendar
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from adapters.database.invariants import broken
from domain.payment import Payment, PaymentState
from domain.refusal import Refusal
from domain.subscription import Renewal
from domain.use_cases.start_nights import start_nights
from domain.use_cases.subscribe import (
    cancel_subscription,
    change_subscription,
    resume_subscription,
    suspend_subscription,
)  # fmt: skip
from tests.world import ORGANISATION, World

ZONE = ZoneInfo("America/Toronto")
FOR_EVER = date(9999, 12, 31)
Money = tuple[date, int]


@dataclass(slots=True)
class Told:
    """What the oracle knows of a subscription. `left` are its billing dates to come, `billed` those with an invoice."""

    id: str
    every: str
    anchor: date
    billing_day: int | None
    amounts: list[Money]
    pauses: list[tuple[date, date]] = field(default_factory=list)
    ends_on: date = FOR_EVER
    billed: list[Money] = field(default_factory=list)
    left: list[date] = field(default_factory=list)

    def passed(self, through: date) -> None:
        """Every date up to a night: billed, unless it lies in a pause or after the end."""
        while self.left and self.left[0] <= through:
            day = self.left.pop(0)
            if day > self.ends_on:
                self.left = []
            elif not any(first <= day <= last for first, last in self.pauses):
                self.billed.append((day, [amount for since, amount in self.amounts if since <= day][-1]))

    def resumed(self, day: date) -> bool:
        """The pause ends the day before; what was passed over since is billed after all."""
        running = [pause for pause in self.pauses if pause[0] <= day <= pause[1]]
        later = [pause for pause in self.pauses if pause[0] > day]
        if not running and not later:
            return False
        kept = [pause for pause in self.pauses if pause not in (running or later)]
        self.pauses = sorted(kept + [(first, day - timedelta(days=1)) for first, _ in running if first < day])
        newest = self.billed[-1][0] if self.billed else date.min
        again = [one for one in dates_of(self) if day <= one <= self.ends_on and one > newest]
        self.left = sorted(set(self.left) | set(again))
        return True

    def ended(self, day: date) -> None:
        """The day before the next date that has no invoice; one that was missed before is owed."""
        newest = self.billed[-1][0] if self.billed else date.min
        following = next(one for one in dates_of(self) if one >= day and one > newest)
        self.ends_on = min(self.ends_on, following - timedelta(days=1))


def dates_of(one: Told) -> list[date]:
    """Two years of billing dates by a calendar of its own."""
    if one.every == "week":
        return [one.anchor + timedelta(days=7 * week) for week in range(110)]
    first, day = one.anchor, one.billing_day or one.anchor.day
    found = [first]
    year, month = first.year, first.month
    for _ in range(26):
        found.append(date(year, month, min(day, calendar.monthrange(year, month)[1])))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    if one.every == "month":
        return sorted({first} | {other for other in found if other > first})
    return sorted({first} | {other for other in found if other.month == first.month and other.year > first.year})


class Year:
    """A club with its subscriptions; `step` is one day of it."""

    def __init__(self, club: World, count: int, *, seed: int, schedulers: int = 1) -> None:
        self.club, self.dice, self.schedulers = club, random.Random(seed), schedulers
        self.today = club.now.astimezone(ZONE).date()
        self.told: dict[str, Told] = {}
        self.refused = self.acted = 0
        club.organisation()
        for number in range(count):
            self.begin(number)

    def begin(self, number: int) -> None:
        client = self.club.client(f"c-{number}")
        tokens = ["tok_approve"] * 17 + ["tok_insufficient_funds", "tok_expired_card", "tok_lost_card"]
        card = self.club.card(self.dice.choice(tokens), client=client, id=f"pm-{number}")
        every = self.dice.choice(["month"] * 7 + ["week"] * 2 + ["year"])
        anchor = self.today + timedelta(days=self.dice.randrange(-40, 60))
        billing_day = self.dice.choice([None, None, 1, 15, 31]) if every != "week" else None
        amount = self.dice.randrange(500, 9_000)
        one = Told(f"s-{number}", every, anchor, billing_day, [(date.min, amount)])
        one.left = dates_of(one)
        self.told[one.id] = one
        self.club.subscribe(
            card if number % 25 else None, amount, every=every, start=anchor, client=client, id=one.id,
            billing_day=billing_day,
        )  # fmt: skip
        one.passed(self.today)

    # -- what happens ----------------------------------------------------------------------------

    def days(self, count: int, *, down: tuple[int, ...] = (), acts_a_day: int = 5) -> None:
        """So many nights; on those in `down` nobody is there, and the next one catches up."""
        for day in range(1, count + 1):
            self.today += timedelta(days=1)
            if day in down:
                continue
            self.at(3, 5)
            self.night()
            for one in self.told.values():
                one.passed(self.today)
            self.at(10)
            for _ in range(acts_a_day):
                self.act(self.dice.choice(sorted(self.told)))
            self.work()
            for one in self.told.values():  # what was resumed today
                one.passed(self.today)

    def at(self, hour: int, minute: int = 0) -> None:
        self.club.now = datetime(self.today.year, self.today.month, self.today.day, hour, minute, tzinfo=ZONE)

    def night(self) -> None:
        """Every scheduler starts it and works it, at the same time."""

        def scheduler(_: int) -> None:
            self.club.books.run(lambda tx: start_nights(tx, organisation=ORGANISATION))
            self.work()

        if self.schedulers == 1:
            return scheduler(0)
        with ThreadPoolExecutor(self.schedulers) as pool:
            list(pool.map(scheduler, range(self.schedulers)))

    def work(self) -> None:
        while self.club.renew():
            pass
        while self.club.charge():
            pass

    def act(self, id: str) -> None:
        acts = [self.change] * 4 + [self.suspend] * 3 + [self.resume] * 3 + [self.cancel]
        with suppress(Refusal):
            self.dice.choice(acts)(self.told[id])
            self.acted += 1

    def change(self, one: Told) -> None:
        since, amount = self.today + timedelta(days=self.dice.randrange(0, 40)), self.dice.randrange(500, 9_000)
        self.ask(change_subscription, one, since=since, amount=amount, payment_method=None, ends_on=None)
        kept = [(day, old) for day, old in one.amounts if day != since]
        one.amounts = sorted([*kept, (since, amount)])

    def suspend(self, one: Told) -> None:
        since = self.today + timedelta(days=self.dice.randrange(0, 20))
        to = since + timedelta(days=self.dice.randrange(0, 70)) if self.dice.random() < 0.7 else None
        self.ask(suspend_subscription, one, since=since, to=to)
        one.pauses = sorted([*one.pauses, (since, to or FOR_EVER)])

    def resume(self, one: Told) -> None:
        self.ask(resume_subscription, one, since=None)
        assert one.resumed(self.today), "the product resumed what the oracle says was not paused"

    def cancel(self, one: Told) -> None:
        self.ask(cancel_subscription, one, since=None, ends_on=None)
        one.ended(self.today)

    def ask(self, how: Callable[..., Any], one: Told, **given: Any) -> None:
        self.club.books.run(lambda tx: how(tx, organisation=ORGANISATION, subscription=one.id, by="marie", **given))

    # -- what became of it -----------------------------------------------------------------------

    def check(self) -> int:
        """One invoice for each active period, amounts right, money taken once; answers how many periods there were."""
        billed: dict[str, list[Money]] = {id: [] for id in self.told}
        renewals = self.club.books.run(lambda tx: tx.all(Renewal, order_by="subscription number", limit=100_000))
        for renewal in renewals:
            billed[renewal.subscription].append((renewal.on, renewal.amount))
        for id, one in self.told.items():
            assert billed[id] == one.billed, id
        assert len({renewal.invoice for renewal in renewals}) == len(renewals)
        invoices = self.club.scalar("SELECT count(*) FROM ledger_transactions WHERE kind = 'invoice'")
        assert invoices == len(renewals)
        payments = self.club.books.run(lambda tx: tx.all(Payment, limit=100_000))
        assert {payment.state for payment in payments} <= {PaymentState.PAID, PaymentState.FAILED}
        assert self.club.captured() == sum(one.amount for one in payments if one.state is PaymentState.PAID)
        assert self.club.scalar("SELECT count(*) FROM action_items") == sum(
            one.state is PaymentState.FAILED for one in payments
        )
        with self.club.books.begin(read_only=True) as tx:
            assert {name: rows for name, rows in broken(tx).items() if rows} == {}
        return len(renewals)
