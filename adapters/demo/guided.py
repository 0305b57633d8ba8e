"""What else the demo shows: e-checks with their batches, a subscription, a refund to call back, a message set aside."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from adapters.bootstrap import App
from adapters.demo.people import MONCTON, MONTREAL, TORONTO, Club
from adapters.inbox.accept import accept
from domain.days import instant
from domain.permissions import Permission

Envelope = dict[str, Any]
P = Permission
GUIDED = "c-guide"  # the client that the first minute leads to
REFUNDED = "c-refund"  # and the one whose refund can still be called back
ECHECKS_BACK = timedelta(days=12)  # long enough that every verdict of them is known
ECHECKS_WATCHED = timedelta(days=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who else works at a club, and the client of the first minute."""

    people: tuple[tuple[str, str, str, tuple[Permission, ...]], ...]  # id, name, language, permissions
    client: tuple[str, str]  # name, language
    refunded: tuple[str, str]
    subscription: str
    purchase: str
    batches: bool = True  # whether it has e-checks behind it


DESK = (P.FAILED_PAYMENT, P.PAYMENT_PROCESSING, P.REFUND, P.BILLING)
CASTS: dict[str, Cast] = {
    TORONTO.id: Cast(
        people=(("priya", "Priya Nair", "en", DESK), ("tom", "Tom Becker", "en", (P.REPORTS,))),
        client=("Grace Bennett", "en"), refunded=("Daniel Osei", "en"),
        subscription="Lane swimming, monthly pass", purchase="Aquafit, Saturday",
    ),
    MONTREAL.id: Cast(
        people=(("sylvie", "Sylvie Caron", "fr", DESK), ("hugo", "Hugo Lavoie", "fr", (P.REPORTS,))),
        client=("Camille Bergeron", "fr"), refunded=("Nadia Benali", "fr"),
        subscription="Abonnement mensuel, salle d'entraînement",
        purchase="Yoga, samedi matin",
    ),
    MONCTON.id: Cast(
        people=(("rita", "Rita Cormier", "fr", DESK),),
        client=("Joël Arsenault", "fr"), refunded=("Tessa Miller", "en"),
        subscription="Piano, cours hebdomadaire", purchase="Atelier de chant", batches=False,
    ),
}  # fmt: skip
# Those handed over twelve days ago: two of seven came back, more than networks like.
LAST_BATCH = ("echeck_settle",) * 5 + ("echeck_nsf",) * 2
THIS_BATCH = ("echeck_settle", "echeck_settle", "echeck_nsf")


def people(story: Any, club: Club, at: datetime) -> Iterator[Envelope]:
    for id, name, language, permissions in CASTS[club.id].people:
        yield story.command(
            "administrator.register", at, organisation=club.id, administrator=id, name=name,
            email=f"{id}@{club.id}.example", language=language, permissions=[one.value for one in permissions],
            notifications=["digest"] if P.FAILED_PAYMENT in permissions else [],
        )  # fmt: skip


def account(story: Any, club: Club, at: datetime, today: date) -> Iterator[Envelope]:
    """The client of the first minute: a plan half paid, a subscription, two postdated cheques."""
    cast = CASTS[club.id]
    name, language = cast.client
    own = {"organisation": club.id, "client": GUIDED}
    yield story.command("client.register", at, **own, name=name, email=f"{GUIDED}@mail.example", language=language)
    yield story.card(club, GUIDED, "pm-guide", "tok_approve", at, last4="4242")
    yield story.card(club, GUIDED, "pm-guide-2", "tok_approve", at, last4="5100")
    what, _ = club.activities[0]
    yield _invoice(story, club, at, "inv-guide-1", what, 40_000)
    days = [today - timedelta(days=60), today - timedelta(days=30), *(today + timedelta(days=n) for n in (14, 44))]
    yield story.command(
        "instalment_plan.create", at, **own, plan="plan-guide", invoice="inv-guide-1", payment_method="pm-guide",
        total=40_000, schedule={"dates": [day.isoformat() for day in days]},
    )  # fmt: skip
    yield _invoice(story, club, at, "inv-guide-2", club.activities[1][0], 18_000)
    cheques = [(today + timedelta(days=n)).isoformat() for n in (21, 51)]
    yield story.command(
        "instalment_plan.create", at, **own, plan="plan-cheques", invoice="inv-guide-2", offline="cheque",
        total=18_000, schedule={"dates": cheques},
    )  # fmt: skip
    yield story.command(
        "subscription.start", at, **own, subscription="sub-guide", description=cast.subscription, amount=3_500,
        taxes=[{"code": code} for code, _ in club.taxes], every="month", payment_method="pm-guide",
        **{"from": (today - timedelta(days=80)).isoformat()},
    )  # fmt: skip
    yield story.command("scholarship.open", at, organisation=club.id, fund="fonds-2026", amount=250_000)


def echecks(story: Any, club: Club, at: datetime, tokens: tuple[str, ...], first: int) -> Iterator[Envelope]:
    """Clients who pay an invoice from their bank account."""
    for number, token in enumerate(tokens, first):
        client, bank = f"c-{number:03}", f"bank-{number:03}"
        own = {"organisation": club.id, "client": client}
        yield story.command(
            "payment_method.register", at, **own, payment_method=bank, kind="echeck", merchant_account="main",
            token=token, last4=f"{6000 + number * 13}", mandate={
                "channel": "web", "holder": "personal", "recurring": False, "signed_on": at.date().isoformat(),
            },
        )  # fmt: skip
        bought = f"inv-bank-{number:03}"
        amount = 4_500 + number * 250
        yield _invoice(story, club, at, bought, club.activities[-1][0], amount, client=client)
        yield story.command(
            "payment.make", at, **own, payment=f"bank-{number:03}", amount=amount, payment_method=bank, invoice=bought
        )


def failing_subscription(story: Any, club: Club, at: datetime, today: date, client: str) -> Iterator[Envelope]:
    """One whose card has no money tonight."""
    yield story.card(club, client, f"sub-{client}", "tok_insufficient_funds", at, last4="0341")
    yield story.command(
        "subscription.start", at, organisation=club.id, client=client, subscription=f"sub-{client}",
        description=CASTS[club.id].subscription, amount=3_500, every="month", payment_method=f"sub-{client}",
        **{"from": today.isoformat()},
    )  # fmt: skip


def bought_today(story: Any, club: Club, at: datetime) -> Iterator[Envelope]:
    name, language = CASTS[club.id].refunded
    own = {"organisation": club.id, "client": REFUNDED}
    yield story.command("client.register", at, **own, name=name, email=f"{REFUNDED}@mail.example", language=language)
    yield story.card(club, REFUNDED, "pm-refund", "tok_approve", at, last4="4242")
    yield _invoice(story, club, at, "inv-refund", CASTS[club.id].purchase, 9_600, client=REFUNDED)
    yield story.command(
        "payment.make", at, **own, payment="pay-refund", amount=9_600, payment_method="pm-refund", invoice="inv-refund"
    )


def cancelled_today(story: Any, club: Club, at: datetime) -> Iterator[Envelope]:
    """The purchase is taken back with its refund, which waits for tomorrow's night: it can be called back (R4)."""
    yield story.command(
        "purchase.cancel", at, organisation=club.id, client=REFUNDED, invoice="inv-refund", lines=["activity"],
        credit={"full": True}, penalty={"amount": 1_600}, refunds=[{"payment": "pay-refund", "amount": 8_000}],
        by=club.administrators[0][0],
    )  # fmt: skip


def set_aside(app: App, club: Club) -> None:
    """Another service forgot the id of its message."""
    told = {
        "specversion": "1.0", "source": "shop", "type": "encaisse.client.register.v1",
        "data": {"organisation": club.id, "client": "c-900", "name": "Alex Morin", "email": "alex@mail.example",
                 "language": club.language},
    }  # fmt: skip
    app.books.run(lambda tx: accept(tx, json.dumps(told, indent=1, ensure_ascii=False), "http"))


def noon(today: date, back: timedelta, club: Club) -> datetime:
    return instant(today - back, time(12), club.timezone)


def _invoice(
    story: Any, club: Club, at: datetime, id: str, what: str, amount: int, *, client: str = GUIDED
) -> Envelope:
    line: dict[str, Any] = {"line": "activity", "description": what, "amount": amount, "ledger_code": "programs"}
    told: Envelope = story.command("invoice.create", at, organisation=club.id, client=client, invoice=id, lines=[line])
    return told
