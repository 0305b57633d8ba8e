"""What an e2e test is about: organisations in three zones whose clients owe instalments, told as commands."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from adapters.bootstrap import App, build
from adapters.errands import work_all
from adapters.inbox.accept import Accepted, accept_all
from adapters.settings import Settings

ZONES = {"ymca": "America/Toronto", "lumiere": "America/Vancouver", "kiwi": "Pacific/Auckland"}
SENT_AT_ONCE = 500

# fmt: off
MIXED = (  # of ten, six are approved; every other one fails in its own way and is settled within seconds
    "tok_approve", "tok_approve", "tok_insufficient_funds", "tok_approve", "tok_timeout_after_charge",
    "tok_approve", "tok_expired_card", "tok_approve", "tok_approve", "tok_500_then_approve",
    "tok_approve", "tok_do_not_honour", "tok_approve", "tok_lost_card", "tok_approve",
    "tok_slow", "tok_approve", "tok_revoked", "tok_approve", "tok_approve",
)
# fmt: on
DOUBTFUL = ("tok_timeout_before_charge", "tok_garbage")


class Story:
    def __init__(self, source: str = "test") -> None:
        self.source = source
        self._numbers = itertools.count(1)

    def command(self, type_: str, **data: Any) -> dict[str, Any]:
        return {
            "specversion": "1.0", "id": f"n-{next(self._numbers)}", "source": self.source,
            "type": f"encaisse.{type_}.v1", "time": "2026-11-24T15:04:05Z", "data": data,
        }  # fmt: skip

    def organisation(self, id: str, timezone: str, **settings: Any) -> dict[str, Any]:
        account = {"id": "main", "processor": "simulator", "kinds": ["card"], "settings": settings}
        return self.command(
            "organisation.register", organisation=id, name=id.title(), timezone=timezone, currency="CAD",
            language="en", merchant_accounts=[account],
        )  # fmt: skip

    def owing(self, organisation: str, number: int, token: str, dates: Sequence[date]) -> Iterator[dict[str, Any]]:
        """A client with a plan of one instalment a date, on a card of its own."""
        client, amount = f"c-{number}", 1_000 + number
        yield self.command(
            "client.register", organisation=organisation, client=client, name=f"Client {number}",
            email=f"{client}@example.org", language="fr",
        )  # fmt: skip
        yield self.command(
            "payment_method.register", organisation=organisation, client=client, payment_method=f"pm-{number}",
            kind="card", merchant_account="main", token=token, brand="visa", last4="4242", expiry="2031-03",
        )  # fmt: skip
        line = {"line": "l1", "description": "Course", "amount": amount * len(dates)}
        yield self.command(
            "invoice.create", organisation=organisation, client=client, invoice=f"inv-{number}", lines=[line]
        )
        yield self.command(
            "instalment_plan.create", organisation=organisation, client=client, plan=f"plan-{number}",
            invoice=f"inv-{number}", payment_method=f"pm-{number}", total=amount * len(dates),
            schedule={"dates": [day.isoformat() for day in dates]},
        )  # fmt: skip


def owe(
    settings: Settings, count: int, *, tokens: Sequence[str] = MIXED, zones: dict[str, str] | None = None,
    later: bool = False, **account: Any,
) -> None:  # fmt: skip
    """Instalments spread over organisations, due two days ago and not charged yet; with `later` every second
    one is due in three weeks."""
    now = datetime.now(UTC)
    due_on, much_later = (now - timedelta(days=2)).date(), (now + timedelta(days=21)).date()
    story = Story()
    zones = ZONES if zones is None else zones
    names = list(zones)
    envelopes = [story.organisation(id, zone, **account) for id, zone in zones.items()]
    for number in range(count):
        token = tokens[number // len(names) % len(tokens)]
        day = much_later if later and number % 2 else due_on
        envelopes += story.owing(names[number % len(names)], number, token, [day])
    app = build(settings.simulated(now - timedelta(days=4)), role="test")
    try:
        send(app, envelopes)
    finally:
        app.close()


def bring_forward(app: App, instalments: Sequence[tuple[str, str]], story: Story) -> None:
    """Commands that make later instalments (organisation, id) due at once; somebody else works them."""
    today = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    envelopes = [
        story.command("instalment.change", organisation=organisation, instalments=[id], date=today)
        for organisation, id in instalments
    ]
    app.books.run(lambda tx: accept_all(tx, envelopes, "test"))


def send(app: App, envelopes: Sequence[dict[str, Any]]) -> None:
    """Through the front door, and worked to the end."""
    for start in range(0, len(envelopes), SENT_AT_ONCE):
        chunk = envelopes[start : start + SENT_AT_ONCE]
        answers = app.books.run(partial(accept_all, raws=chunk, door="test"))
        assert all(isinstance(answer, Accepted) for answer in answers), answers
        work_all(app)
