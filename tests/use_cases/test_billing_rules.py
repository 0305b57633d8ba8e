"""Corners of the rules of client billing: lines credited bit by bit, notes matched elsewhere, cheques, plans, funds."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from adapters.database.invariants import broken
from adapters.database.items import find_items
from domain.credit import Credit
from domain.crediting import ExceedsLine, Penalty, PenaltyExceedsCredit
from domain.instalment import Schedule
from domain.invoice import AskedLine, TaxRate
from domain.ledger import Allocation
from domain.refusal import IdTaken
from domain.retrying import PaymentTakenBack
from domain.scholarship import Fund
from domain.use_cases.act_on_item import reject_item, reopen_item, retry_item
from domain.use_cases.cancel_payment import cancel_payment
from domain.use_cases.cancel_purchase import HowMuch, cancel_purchase
from domain.use_cases.create_invoice import create_invoice
from domain.use_cases.handle_cheque import bounce_cheque, deposit_cheque
from domain.use_cases.match_money import create_allocation, delete_allocation
from domain.use_cases.plan_instalments import create_plan
from domain.use_cases.replace_purchase import replace_purchase
from domain.use_cases.scholarships import award_scholarship, open_scholarship
from tests.world import ORGANISATION, World

QUEBEC = (TaxRate(code="GST", rate="5"), TaxRate(code="QST", rate="9.975"))
FULL = HowMuch(full=True)


def act(club: World, how: Callable[..., Any], **asked: Any) -> Any:
    return club.books.run(lambda tx: how(tx, organisation=ORGANISATION, by="marie", **asked))


def cancel(club: World, invoice: str, *lines: str, credit: HowMuch = FULL, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"penalty": None, "credit_note": None, "refunds": []} | more
    return dict(
        act(club, cancel_purchase, client="c-1", invoice=invoice, lines=lines or ("l1",), credit=credit, **given)
    )


def by_cheque(club: World, invoice: str, total: int, *dates: date) -> list[str]:
    made = act(
        club, create_plan, client="c-1", plan=f"by-cheque-{invoice}", invoice=invoice, lines=None,
        payment_method=None, offline="cheque", total=total, initial=None, schedule=Schedule(dates=dates),
    )  # fmt: skip
    return [one["instalment"] for one in made["instalments"]]


def checked(club: World) -> None:
    with club.books.begin(read_only=True) as tx:
        assert {name: rows for name, rows in broken(tx).items() if rows} == {}


def test_B10_a_line_is_not_credited_twice_although_its_note_is_matched_to_nothing_any_more(club: World) -> None:
    invoice = club.invoice(10_000)
    club.pay(10_000, offline="cash", invoice=invoice)
    note = cancel(club, invoice)["credit_note"]
    [made] = club.books.run(lambda tx: tx.all(Allocation, source=note))
    act(club, delete_allocation, client="c-1", allocation=made.id)
    with pytest.raises(ExceedsLine):
        cancel(club, invoice)
    assert club.balance() == -10_000


def test_B10_a_line_that_a_note_of_another_covers_can_be_cancelled(club: World) -> None:
    first, second = club.invoice(10_000), club.invoice(10_000)
    note = cancel(club, first)["credit_note"]
    [made] = club.books.run(lambda tx: tx.all(Allocation, source=note))
    act(club, delete_allocation, client="c-1", allocation=made.id)
    act(
        club, create_allocation, client="c-1", allocation=None, source_kind="credit", source=note, invoice=second,
        line=None, amount=10_000,
    )  # fmt: skip
    cancel(club, second)
    assert club.balance() == 0
    checked(club)


def test_B10_bit_by_bit_a_line_and_each_of_its_taxes_are_credited_to_the_cent(club: World) -> None:
    line = AskedLine(line="l1", description="Piano", amount=1_003, taxes=QUEBEC)
    act(club, create_invoice, client="c-1", id="inv-1", lines=[line])
    for bit in (HowMuch(percent="33.333"), HowMuch(amount=111), HowMuch(percent="12.5"), FULL):
        cancel(club, "inv-1", credit=bit)
    notes = club.books.run(lambda tx: tx.all(Credit, invoice="inv-1"))
    taxes = {code: sum(t["amount"] for n in notes for t in n.taxes if t["code"] == code) for code in ("GST", "QST")}
    assert (taxes, sum(note.net for note in notes)) == ({"GST": 50, "QST": 100}, 1_003)
    assert club.balance() == 0
    with pytest.raises(ExceedsLine):
        cancel(club, "inv-1", credit=HowMuch(amount=1))


def test_B10_an_amount_spares_the_line_that_costs_nothing(club: World) -> None:
    invoice = club.invoice(0, 700, 300)
    assert cancel(club, invoice, "l1", "l2", "l3", credit=HowMuch(amount=1))["amount"] == 1
    assert cancel(club, invoice, "l1", "l2", "l3", credit=HowMuch(amount=999))["amount"] == 999


def test_B10_a_penalty_may_keep_all_that_is_credited_and_not_a_cent_more(club: World) -> None:
    invoice = club.invoice(10_000)
    club.pay(10_000, offline="cash", invoice=invoice)
    with pytest.raises(PenaltyExceedsCredit):
        cancel(club, invoice, penalty=Penalty(amount=10_001))
    assert cancel(club, invoice, penalty=Penalty(amount=10_000))["amount"] == 0
    assert (club.balance(), club.allocated()) == (0, 10_000)
    with pytest.raises(ExceedsLine):
        cancel(club, invoice)  # what was kept as a penalty is not given back by another note


def test_B11_a_line_that_was_credited_in_part_is_replaced_by_what_is_left_of_it(club: World) -> None:
    invoice = club.invoice(10_000)
    cancel(club, invoice, credit=HowMuch(percent="40"))
    new = AskedLine(line="new", description="Theatre", amount=8_000)
    act(club, replace_purchase, client="c-1", invoice=invoice, line="l1", new=new, new_invoice="inv-new")
    assert club.balance() == 8_000


def test_B11_a_failed_instalment_of_a_replaced_line_is_retried_for_the_new_one(club: World) -> None:
    payment = club.owing("tok_insufficient_funds", 10_000)
    club.night()
    invoice = club.payment(payment).invoice
    new = AskedLine(line="new", description="Theatre", amount=9_000)
    act(club, replace_purchase, client="c-1", invoice=invoice, line="l1", new=new, new_invoice="inv-new")
    act(club, retry_item, item=club.item(payment).id, payment_method=club.card())
    club.work()
    assert (club.payment(payment).state, club.payment(payment).amount, club.balance()) == ("paid", 9_000, 0)
    assert club.allocated() == 10_000 + 9_000
    checked(club)


def test_B12_a_match_that_is_cut_keeps_its_id(club: World) -> None:
    invoice = club.invoice(10_000)
    club.pay(10_000, offline="cash", payment="p-1")
    act(
        club, create_allocation, client="c-1", allocation="alc-1", source_kind="payment", source="p-1",
        invoice=invoice, line=None, amount=10_000,
    )  # fmt: skip
    cancel(club, invoice, credit=HowMuch(percent="25"))
    assert act(club, delete_allocation, client="c-1", allocation="alc-1")["amount"] == 7_500


def test_B12_the_id_of_another_clients_match_is_taken(club: World) -> None:
    club.client("c-2")
    for client in ("c-1", "c-2"):
        club.invoice(1_000, client=client, id=f"inv-{client}")
        club.pay(1_000, client=client, offline="cash", payment=f"p-{client}")
    made = {"allocation": "alc-1", "source_kind": "payment", "line": None, "amount": 1_000}
    act(club, create_allocation, client="c-1", source="p-c-1", invoice="inv-c-1", **made)
    with pytest.raises(IdTaken):
        act(club, create_allocation, client="c-2", source="p-c-2", invoice="inv-c-2", **made)


def test_B15_a_cancelled_scholarship_goes_back_to_its_fund(club: World) -> None:
    act(club, open_scholarship, fund="fund", amount=5_000)
    invoice = club.invoice(10_000)
    made = act(club, award_scholarship, fund="fund", client="c-1", amount=5_000, invoice=invoice)
    act(club, cancel_payment, payment=made["payment"])
    assert club.books.run(lambda tx: tx.get(Fund, organisation=ORGANISATION, id="fund")).balance == 5_000
    assert club.balance() == 10_000
    checked(club)


def test_I7_a_cheque_that_bounces_after_its_deposit_waits_for_a_person_and_is_not_retried(club: World) -> None:
    [cheque] = by_cheque(club, club.invoice(10_000), 10_000, date(2026, 12, 1))
    act(club, deposit_cheque, instalment=cheque)
    act(club, bounce_cheque, instalment=cheque)
    with club.books.begin(read_only=True) as tx:
        [shown] = find_items(tx, organisation=ORGANISATION)
    assert (shown["retry_allowed"], shown["retry_refusal"]) == (False, "payment_taken_back")
    with pytest.raises(PaymentTakenBack):
        act(club, retry_item, item=shown["item"], payment_method=club.card())
    checked(club)
    act(club, reject_item, item=shown["item"], reason="paid in cash")
    act(club, reopen_item, item=shown["item"])
    assert (club.balance(), club.allocated()) == (10_000, 0)


def test_I7_a_refused_cheque_that_is_retried_by_card_is_a_card_payment(club: World) -> None:
    [cheque] = by_cheque(club, club.invoice(10_000), 10_000, date(2026, 12, 1))
    act(club, bounce_cheque, instalment=cheque)
    act(club, retry_item, item=club.item(cheque).id, payment_method=club.card())
    club.work()
    assert (club.payment(cheque).state, club.balance()) == ("paid", 0)
    checked(club)


def test_I8_what_is_paid_on_a_line_lowers_the_plan_of_that_line(club: World) -> None:
    invoice = club.invoice(10_000, 20_000)
    club.plan(club.card(), invoice, 10_000, [date(2026, 12, 1), date(2027, 1, 1)], lines=["l1"])
    club.pay(6_000, offline="cash", invoice=invoice)
    assert [(one.state, one.amount) for one in club.planned_of("c-1")] == [("scheduled", 4_000), ("cancelled", 5_000)]


@pytest.mark.parametrize("card", [False, True])
def test_I8_and_leaves_the_plan_of_another_line_alone(club: World, card: bool) -> None:
    invoice = club.invoice(10_000, 10_000)
    club.plan(club.card(), invoice, 10_000, [date(2026, 12, 1)], lines=["l1"])
    club.plan(club.card(), invoice, 10_000, [date(2027, 1, 1)], lines=["l2"])
    by: dict[str, Any] = {"payment_method": club.card()} if card else {"offline": "cash"}
    club.pay(10_000, invoice=invoice, **by)
    club.work()
    assert [(one.state, one.amount) for one in club.planned_of("c-1")] == [("cancelled", 10_000), ("scheduled", 10_000)]
