"""What the club has lived through by this morning: seven weeks of payments, and a night of which some failed."""

import json
from datetime import date, timedelta
from typing import Any

from adapters.inbox.accept import accept_all
from adapters.mail.planning import plan_all
from domain.decision import New
from domain.outcome import About
from domain.processor_event import ReportedState, ReportKind
from domain.reconciliation import Break, BreakKind
from domain.report import Report, ReportState
from tests.browser.club import CLUB, TODAY, Club

CAMP, CLIMBING, GYMNASTICS = ("Camp de jour, relâche", 39_500), ("Escalade, débutants", 24_600), ("Gymnastique", 46_800)
OCTOBER, NOVEMBER = date(2026, 10, 5), date(2026, 11, 5)
DECEMBER, JANUARY = date(2026, 12, 5), date(2027, 1, 5)
ZOE = "zoe"  # who has one of almost everything
LIAM = "liam"  # who cancelled, and gets money back

# Of last night: id, name, language, token, brand, last four, what was bought.
# fmt: off
FAILED: tuple[tuple[str, str, str, str, str, str, tuple[str, int]], ...] = (
    ("c-101", "Émilie Gagnon",    "fr", "tok_insufficient_funds",    "visa",       "4174", CAMP),
    ("c-102", "Noah Smith",       "en", "tok_expired_card",          "mastercard", "5211", CLIMBING),
    ("c-103", "Aïcha Diallo",     "fr", "tok_lost_card",             "visa",       "4248", GYMNASTICS),
    ("c-104", "Mei Chen",         "en", "tok_do_not_honour",         "amex",       "3285", CAMP),
    ("c-105", "Raphaël Bouchard", "fr", "tok_revoked",               "visa",       "4322", CLIMBING),
    ("c-106", "Sofia Martin",     "fr", "tok_timeout_after_charge",  "mastercard", "5359", GYMNASTICS),
    ("c-107", "Arjun Patel",      "en", "tok_garbage",               "visa",       "4396", CAMP),
    ("c-108", "Florence Lavoie",  "fr", "tok_insufficient_funds",    "visa",       "4433", CLIMBING),
    ("c-109", "Hugo Côté",        "fr", "tok_insufficient_funds",    "mastercard", "5470", CAMP),
    ("c-110", "Rosalie Fortin",   "fr", "tok_approve",               "visa",       "4507", GYMNASTICS),
    ("c-111", "Owen Wilson",      "en", "tok_approve",               "amex",       "3544", CAMP),
)
# fmt: on


def tell_the_past(club: Club) -> None:
    club.at(OCTOBER, 12)
    _zoe(club)
    club.night(NOVEMBER)
    club.at(date(2026, 11, 18), 10)  # handed over by last night, with the verdict still to come
    club.tell("payment.make", client=ZOE, payment="zoe-echeck-paid", amount=3_500, payment_method="zoe-echeck")
    club.at(TODAY - timedelta(days=1), 12)
    for id, name, language, token, brand, last4, (what, price) in FAILED:
        club.client(id, name, language=language, token=token, brand=brand, last4=last4)
        club.plan(id, club.invoice(id, what, price), [TODAY, DECEMBER, JANUARY])
    _zoe_lately(club)
    club.night(TODAY)
    for _ in range(8):  # until nobody asks any more about what had no answer
        club.wait(minutes=10)
    club.at(TODAY, 9)
    _this_morning(club)
    plan_all(club.app)


def _zoe(club: Club) -> None:
    """A season of one client: instalments, a subscription, cash, a credit, an e-check, a scholarship."""
    client = club.client(ZOE, "Zoé Bélanger", language="fr")
    echeck: dict[str, Any] = {
        "client": ZOE, "payment_method": "zoe-echeck", "kind": "echeck", "merchant_account": "main",
        "token": "echeck_settle", "last4": "6789",
        "mandate": {"channel": "web", "holder": "personal", "recurring": True, "signed_on": "2026-10-01"},
    }  # fmt: skip
    club.tell("payment_method.register", **echeck)
    camp = club.invoice(client, *CAMP, id="zoe-camp")
    club.plan(client, camp, [OCTOBER, NOVEMBER, DECEMBER, JANUARY])
    pool = club.invoice(client, "Natation libre, automne", 12_000, id="zoe-pool")
    club.tell(
        "payment.make", client=client, payment="zoe-cash", amount=5_000, offline="cash", invoice=pool,
        payer="Grand-maman", comment="Au comptoir",
    )  # fmt: skip
    club.tell(
        "subscription.start", client=client, subscription="zoe-pass", description="Abonnement au gymnase",
        amount=4_500, taxes=[{"code": "TPS"}, {"code": "TVQ"}], every="month",
        **{"from": NOVEMBER.isoformat()}, payment_method="zoe-card",
    )  # fmt: skip
    club.tell("scholarship.open", fund="rotary", amount=100_000)


def _zoe_lately(club: Club) -> None:
    club.tell(
        "credit.create", client=ZOE, credit="zoe-credit", amount=2_500, tax_mode="waived",
        description="Piscine fermée", note="Deux séances",
    )  # fmt: skip
    skates = club.invoice(ZOE, "Patinage artistique", 18_000, id="zoe-skates")
    club.tell("payment.make", client=ZOE, payment="zoe-paid", amount=9_000, payment_method="zoe-card", invoice=skates)
    club.tell("scholarship.award", fund="rotary", client=ZOE, amount=3_000, invoice=skates)
    liam = club.client(LIAM, "Liam Cormier", language="en", brand="mastercard", last4="5544")
    climbing = club.invoice(liam, *CLIMBING, id="liam-climbing")
    club.tell("payment.make", client=liam, payment="liam-paid", amount=28_284, payment_method="liam-card",
              invoice=climbing)  # fmt: skip
    club.tell("purchase.cancel", client=liam, invoice=climbing, lines=["l1"], credit={"full": True},
              credit_note="liam-note", penalty={"amount": 2_500, "ledger_code": "penalties"})  # fmt: skip
    club.tell("refund.record", client=liam, refund="liam-cash", amount=2_000, offline="cash", comment="Signed for")


def _this_morning(club: Club) -> None:
    club.tell("payment.make", client=ZOE, payment="zoe-by-echeck", amount=4_000, payment_method="zoe-echeck")
    club.tell("refund.request", refund="liam-refund", payment="liam-paid", amount=8_000)
    item = club.one("SELECT id FROM action_items WHERE client = 'c-108'")
    club.tell("action_item.reject", item=item, by="marie", reason="La famille paiera au comptoir samedi")
    club.tell(
        "payment.make",
        client="c-109",
        amount=15_140,
        offline="cash",
        invoice=club.one("SELECT id FROM invoices WHERE client = 'c-109'"),
    )
    without_id = {
        "specversion": "1.0", "source": "shop", "type": "encaisse.client.register.v1",
        "data": {"organisation": CLUB, "client": "c-112", "name": "Ethan Roy", "language": "en"},
    }  # fmt: skip
    club.app.books.run(lambda tx: accept_all(tx, [json.dumps(without_id)], "stream"))
    club.app.books.run(lambda tx: tx.write([_differences(tx.now)]))


def _differences(at: Any) -> tuple[New, New]:
    """What the processor's books say otherwise, and a report that nobody could place."""
    here: dict[str, Any] = {"organisation": CLUB, "merchant_account": "main", "changed_at": at}
    broken = Break(
        id="brk-1", subject="ch_8f2a77", reference="ch_8f2a77", kind=BreakKind.MISSING_HERE, about=next(iter(About)),
        on=at.date(), amount_there=12_340, currency="CAD", opened_at=at, **here,
    )  # fmt: skip
    parked = Report(
        id="rep-1", event_id="evt_551", kind=next(iter(ReportKind)), said=next(iter(ReportedState)),
        reference="ch_91c0de", occurred_at=at, received_at=at, state=ReportState.PARKED, why="unknown", **here,
    )  # fmt: skip
    return New(thing=broken), New(thing=parked)
