"""The past of the demo, told as commands through the front door, under a clock that stands where they fell."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

from adapters.bootstrap import App, build
from adapters.demo import guided
from adapters.demo.people import BRANDS, CLUBS, FIRST_NAMES, LAST_NAMES, TONIGHT, Club
from adapters.errands import work_all
from adapters.inbox.accept import accept_all
from adapters.night import Night
from adapters.settings import Settings
from domain.action_item import ActionItem, ItemState
from domain.days import instant, local_date
from domain.permissions import Permission

MONTH = timedelta(days=30)
ADMINISTRATORS_MAY = [permission.value for permission in Permission]
Envelope = dict[str, Any]


class Story:
    """Commands in the order in which they were sent."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def command(self, type_: str, at: datetime, **data: Any) -> Envelope:
        return {
            "specversion": "1.0", "id": f"demo-{next(self._numbers)}", "source": "demo",
            "type": f"encaisse.{type_}.v1", "time": at.isoformat(), "data": data,
        }  # fmt: skip

    def opening(self, club: Club, at: datetime, *, night_at: str) -> Iterator[Envelope]:
        """The organisation and its people."""
        settings = {
            "night_at": night_at,
            "digest_at": night_at,  # a visitor should not have to wait for the morning
            "taxes": [{"code": code, "rate": rate, "compound": False} for code, rate in club.taxes],
        }
        account = {"id": "main", "processor": "simulator", "kinds": ["card", "echeck"], "settings": {"latency_ms": 120}}
        yield self.command(
            "organisation.register", at, organisation=club.id, name=club.name, timezone=club.timezone,
            currency="CAD", language=club.language, merchant_accounts=[account], settings=settings,
        )  # fmt: skip
        for position, (id, name, language) in enumerate(club.administrators):
            yield self.command(
                "administrator.register", at, organisation=club.id, administrator=id, name=name,
                email=f"{id}@{club.id}.example", language=language, permissions=ADMINISTRATORS_MAY,
                principal=position == 0, notifications=["digest", "instalment"],
            )  # fmt: skip

    def purchase(self, club: Club, number: int, at: datetime, dates: list[date], token: str) -> Iterator[Envelope]:
        """A client buys an activity and pays it by instalments; now and then something in cash first."""
        client, card, bought = f"c-{number:03}", f"pm-{number:03}", f"inv-{number:03}"
        name = f"{FIRST_NAMES[number * 7 % len(FIRST_NAMES)]} {LAST_NAMES[number * 5 % len(LAST_NAMES)]}"
        what, price = club.activities[number % len(club.activities)]
        language = club.language if number % 4 else ("en" if club.language == "fr" else "fr")
        yield self.command(
            "client.register", at, organisation=club.id, client=client, name=name, email=f"{client}@mail.example",
            language=language,
        )  # fmt: skip
        yield self.card(club, client, card, token, at, last4=f"{4000 + number * 37 % 6000}")
        line = {
            "line": "activity", "description": what, "amount": price, "ledger_code": "programs",
            "taxes": [{"code": code} for code, _ in club.taxes],
        }  # fmt: skip
        yield self.command("invoice.create", at, organisation=club.id, client=client, invoice=bought, lines=[line])
        total = price + sum(_tax(price, rate) for _, rate in club.taxes)
        if number % 6 == 5:
            deposit = 5_000
            yield self.command(
                "payment.make", at, organisation=club.id, client=client, payment=f"cash-{number:03}", amount=deposit,
                offline="cash", invoice=bought, payer=name,
            )  # fmt: skip
            total -= deposit
        yield self.command(
            "instalment_plan.create", at, organisation=club.id, client=client, plan=f"plan-{number:03}",
            invoice=bought, payment_method=card, total=total, schedule={"dates": [day.isoformat() for day in dates]},
        )  # fmt: skip

    def card(self, club: Club, client: str, card: str, token: str, at: datetime, *, last4: str) -> Envelope:
        return self.command(
            "payment_method.register", at, organisation=club.id, client=client, payment_method=card, kind="card",
            merchant_account="main", token=token, brand=BRANDS[int(last4) % len(BRANDS)], last4=last4,
            expiry=f"{at.year + 2}-0{int(last4) % 9 + 1}",
        )  # fmt: skip


def seed(settings: Settings, now: datetime) -> None:
    """Fills a fresh database: two months of history, and what is due tonight."""
    story = Story()
    for club in CLUBS:
        today = local_date(now, club.timezone)
        days = (3 * MONTH, 2 * MONTH, MONTH, timedelta(days=1))
        noon = [instant(today - back, time(12), club.timezone) for back in days]
        # A visitor before three in the morning should not have to wait for it.
        night_at = "03:00" if now >= instant(today, time(3), club.timezone) else "00:00"
        regulars = range(1, club.regulars + 1)
        newcomers = range(club.regulars + 1, club.regulars + club.newcomers + 1)
        past = [today - 2 * MONTH, today - MONTH, today, today + MONTH]
        coming = [today, today + MONTH, today + 2 * MONTH]
        with _at(settings, noon[0]) as app:
            send(app, list(story.opening(club, noon[0], night_at=night_at)))
            for number in regulars:
                # One of them had a bad month, and a new card since.
                token = "tok_insufficient_funds" if number == 3 else "tok_approve"
                send(app, list(story.purchase(club, number, noon[0], past, token)))
            send(app, [*guided.people(story, club, noon[0]), *guided.account(story, club, noon[0], today)])
        for then in noon[1:3]:
            with _at(settings, then) as app:
                Night(app=app, organisation=club.id).run()
        with _at(settings, noon[2] + timedelta(hours=3)) as app:
            send(app, _second_try(story, app, club))
        if guided.CASTS[club.id].batches:
            _by_bank(story, settings, club, today)
        with _at(settings, noon[3]) as app:
            Night(app=app, organisation=club.id).run()
            for position, number in enumerate(newcomers):
                token = TONIGHT[position % len(TONIGHT)] if position < len(TONIGHT) else "tok_approve"
                send(app, list(story.purchase(club, number, noon[3], coming, token)))

        _today(story, settings, club, now, today)


def _by_bank(story: Story, settings: Settings, club: Club, today: date) -> None:
    """A batch of e-checks, whose verdicts are all known by now."""
    handed, watched = (guided.noon(today, back, club) for back in (guided.ECHECKS_BACK, guided.ECHECKS_WATCHED))
    with _at(settings, handed) as app:
        send(app, list(guided.echecks(story, club, handed, guided.LAST_BATCH, 1)))
    for then in (handed + timedelta(days=3), watched):
        with _at(settings, then) as app:
            Night(app=app, organisation=club.id).run()


def _today(story: Story, settings: Settings, club: Club, now: datetime, today: date) -> None:
    """E-checks for the next batch, a renewal that will fail, a refund that was just asked for, a message set aside."""
    yesterday = guided.noon(today, timedelta(days=1), club)
    with _at(settings, yesterday + timedelta(minutes=1)) as app:
        send(app, list(guided.failing_subscription(story, club, yesterday, today, "c-002")))
    with _at(settings, now) as app:
        send(app, list(guided.echecks(story, club, now, guided.THIS_BATCH, 8)))
        send(app, list(guided.bought_today(story, club, now)))
        send(app, list(guided.cancelled_today(story, club, now)))
        guided.set_aside(app, club)


def _second_try(story: Story, app: App, club: Club) -> list[Envelope]:
    """An administrator retries what failed, on a new card."""
    items = app.books.run(lambda tx: tx.all(ActionItem, organisation=club.id, state=[ItemState.OPEN]), read_only=True)
    if not items:
        return []
    now, client = app.now(), items[0].client
    by = club.administrators[0][0]
    retries = [
        story.command(
            "action_item.retry", now, organisation=club.id, item=item.id, by=by, payment_method=f"new-{client}"
        )
        for item in items
    ]
    return [story.card(club, client, f"new-{client}", "tok_approve", now, last4="4242"), *retries]


def send(app: App, envelopes: list[Envelope]) -> None:
    """Through the front door, and worked to the end."""
    app.books.run(lambda tx: accept_all(tx, envelopes, "demo"))
    work_all(app)


@contextmanager
def _at(settings: Settings, then: datetime) -> Iterator[App]:
    """The parts of a process whose clock stands at an instant of the past."""
    app = build(settings.simulated(then.astimezone(UTC)), role="demo")
    try:
        yield app
    finally:
        app.close()


def _tax(price: int, rate: str) -> int:
    return round(Fraction(price) * Fraction(rate) / 100)
