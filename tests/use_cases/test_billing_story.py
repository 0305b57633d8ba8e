"""A family's account, told from the first invoice to the last refund: both columns and the balance after each act.

Ada Roy signs two children up, by card and by cheque. The club makes a mistake and corrects it, moves one child to
another course, cancels the other with a penalty, and gives money back. Nothing posted is ever edited.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from adapters.database.statements import statement
from domain.credit import TaxMode
from domain.crediting import Penalty
from domain.invoice import AskedLine, TaxRate
from domain.use_cases.cancel_payment import cancel_payment
from domain.use_cases.cancel_purchase import AskedRefund, HowMuch, cancel_purchase
from domain.use_cases.create_credit import create_credit
from domain.use_cases.create_invoice import create_invoice
from domain.use_cases.match_money import reconcile_account
from domain.use_cases.refund_money import cancel_refund, record_refund
from domain.use_cases.replace_purchase import replace_purchase
from tests.world import ORGANISATION, World

QUEBEC = (TaxRate(code="GST", rate="5"), TaxRate(code="QST", rate="9.975"))
AT: dict[str, Any] = {"organisation": ORGANISATION, "client": "roy", "by": "marie"}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_B1_to_B12_the_story_of_a_family(club: World, language: str) -> None:
    club.client("roy", language=language)

    def columns() -> tuple[int, int, int]:
        """Revenue, receipts and balance, each as the statement sums it."""
        told = club.books.run(lambda tx: statement(tx, ORGANISATION, "roy"))
        revenue = sum(line["amount"] * (1 if line["kind"] == "invoice" else -1) for line in told["revenue"])
        signs = {"payment": -1, "refund": 1, "payment_reversal": 1, "refund_reversal": -1}
        receipts = sum(line["amount"] * signs[line["kind"]] for line in told["receipts"])
        assert told["balance"] == revenue + receipts
        return revenue, receipts, told["balance"]

    def act(use_case: Callable[..., Any], **asked: Any) -> Any:
        return club.books.run(lambda tx: use_case(tx, **AT, **asked))

    # Two activities on one invoice: swimming for 200.00, music for 150.00, both taxed (B6).
    swimming = AskedLine(line="swim", description="Natation", amount=20_000, taxes=QUEBEC)
    music = AskedLine(line="music", description="Musique", amount=15_000, taxes=QUEBEC)
    act(create_invoice, id="inv-1", lines=[swimming, music])
    assert columns() == (40_241, 0, 40_241)  # 229.95 + 172.46

    # She pays 100.00 in cash and 200.00 by card.
    club.pay(10_000, client="roy", payment="cash-1", offline="cash", invoice="inv-1")
    club.pay(20_000, client="roy", payment="card-1", payment_method=club.card(client="roy"), invoice="inv-1")
    club.work()
    assert columns() == (40_241, -30_000, 10_241)

    # The cash was typed by mistake: it is reversed, not edited (B2, B9), and typed again as a cheque.
    club.books.run(lambda tx: cancel_payment(tx, organisation=ORGANISATION, payment="cash-1", by="marie"))
    assert columns() == (40_241, -20_000, 20_241)
    club.pay(12_000, client="roy", payment="cheque-1", offline="cheque", invoice="inv-1")
    assert columns() == (40_241, -32_000, 8_241)

    # A gesture of 30.00, taxes included: exactly 30.00 (B5). It covers what is oldest and open (B12).
    act(create_credit, id="cr-1", amount=3_000, rates=QUEBEC, tax_mode=TaxMode.INCLUDED, note="pool closed")
    assert columns() == (37_241, -32_000, 5_241)
    assert act(reconcile_account)["matched"] == 3_000
    assert act(reconcile_account)["matched"] == 0

    # Music is replaced by theatre at 120.00: credited and invoiced at once, no money moves (B11).
    theatre = AskedLine(line="theatre", description="Théâtre", amount=12_000, taxes=QUEBEC)
    act(replace_purchase, invoice="inv-1", line="music", new=theatre, new_invoice="inv-2")
    assert columns() == (33_792, -32_000, 1_792)  # 172.46 off, 137.97 on

    # Swimming is cancelled less a penalty of 25.00 without taxes, 100.00 goes back to the card (B10).
    cancelled = act(
        cancel_purchase, invoice="inv-1", lines=["swim"], credit=HowMuch(full=True), penalty=Penalty(amount=2_500),
        credit_note="cn-1", refunds=[AskedRefund(payment="card-1", amount=10_000, refund="rf-1")],
    )  # fmt: skip
    assert cancelled["amount"] == 22_995 - 2_500
    assert columns() == (13_297, -22_000, -8_703)

    # She would rather have it in cash: the refund to the card is called back (R4), cash is given (R3).
    club.books.run(lambda tx: cancel_refund(tx, organisation=ORGANISATION, refund="rf-1", by="marie"))
    assert columns() == (13_297, -32_000, -18_703)
    act(record_refund, refund="rf-2", amount=18_703, offline="cash")
    assert columns() == (13_297, -13_297, 0)

    # What her payments left over covers what is still open on theatre (B12).
    assert act(reconcile_account)["matched"] == 1_792
    told = club.books.run(lambda tx: statement(tx, ORGANISATION, "roy"))
    assert {line["id"]: line["reconciled"] for line in told["revenue"]}["inv-2"] == "fully"
    words = [line["description"] for line in told["receipts"]]
    assert ("Refund in cash" if language == "en" else "Remboursement en argent comptant") in words
    club.language_of_descriptions(language, "roy")
    entries = club.scalar("SELECT coalesce(sum(amount), 0) FROM ledger_entries")
    assert entries == 0


def test_B10_planned_instalments_of_a_cancelled_line_are_cancelled_and_of_another_kept(club: World) -> None:
    invoice = club.invoice(30_000, 10_000)
    dates = [date(2026, 11, 25), date(2026, 12, 25), date(2027, 1, 25), date(2027, 2, 25)]
    club.plan(club.card(), invoice, 40_000, dates)
    club.night()
    at = {"organisation": ORGANISATION, "client": "c-1", "by": "marie"}
    club.books.run(
        lambda tx: cancel_purchase(
            tx, **at, invoice=invoice, lines=["l1"], credit=HowMuch(full=True), penalty=None, credit_note=None,
            refunds=[],
        )
    )  # fmt: skip
    states = [(payment.state.value, payment.amount) for payment in club.planned_of("c-1")]
    # 100.00 was paid on the cancelled line and is available; the other line's 100.00 stay planned.
    assert states == [("paid", 10_000), ("scheduled", 10_000), ("cancelled", 10_000), ("cancelled", 10_000)]


def test_B16_the_credit_of_the_account_pays_first_and_the_method_what_remains(club: World) -> None:
    club.books.run(
        lambda tx: create_credit(
            tx, organisation=ORGANISATION, client="c-1", id="cr-1", amount=3_000, rates=(), tax_mode=TaxMode.WAIVED,
            by="marie",
        )
    )  # fmt: skip
    invoice = club.invoice(10_000)
    club.pay(10_000, payment="p-1", payment_method=club.card(), invoice=invoice, use_credit=True)
    club.work()
    assert club.payment("p-1").amount == 7_000
    assert club.balance() == 0
