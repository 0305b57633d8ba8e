"""A client's page: subscriptions, what is planned, what is matched, and what can't be done with the way to take."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.echeck_world import EcheckWorld
from tests.web.browser import Browser
from tests.web.office import Office

ALL = ("billing", "payment_processing", "refund", "reports", "failed_payment")


@pytest.fixture
def made(migrated_sqlite_url: str, tmp_path: Path) -> Iterator[EcheckWorld]:
    world = EcheckWorld(migrated_sqlite_url, tmp_path)
    world.club(taxes=[{"code": "GST", "rate": "5"}])
    world.client()
    yield world
    world.close()


@pytest.fixture
def office(made: EcheckWorld) -> Office:
    office = Office(made)
    office.person("ines", *ALL, name="Ines Roy")
    office.person("lea", *ALL, language="fr", name="Léa Roy")
    return office


@pytest.fixture
def desk(office: Office) -> Browser:
    return office.at_work("ines")


def operate(desk: Browser, name: str, button: str, about: str = "", **typed: str) -> str:
    """The form, what would change, the deed; answers the words of the preview."""
    desk.open(f"/clients/c-1/operations/{name}{about}")
    assert desk.status == 200
    preview = desk.press("See what would change", **typed)
    assert desk.status == 200, preview.words
    desk.press(button)
    assert desk.status == 200, desk.page.words
    return preview.words


def test_s2_s6_a_subscription_is_started_changed_paused_and_ended_with_its_next_twelve_charges(
    desk: Browser, made: EcheckWorld
) -> None:
    card = made.card()
    words = operate(
        desk, "start-subscription", "Start the subscription", description="Gym pass", amount="30", every="month",
        payment_method=card, taxes="GST", **{"from": "2027-01-31"},
    )  # fmt: skip
    assert "Jan 31, 2027 · Visa ••4242 $31.50" in words
    assert "Feb 28, 2027" in words
    page = desk.page
    assert "Dec 31, 2027" in page.words
    assert "Jan 31, 2028" not in page.words, "twelve charges, no more"
    about = "?" + page.links["Cancel the subscription"].partition("?")[2]
    assert "Feb 28, 2027 · Visa ••4242 $42.00" in operate(
        desk, "change-subscription", "Change it", about, amount="40", since="2027-02-01"
    )
    words = operate(desk, "suspend-subscription", "Suspend it", about, since="2027-03-01", to_day="2027-04-30")
    assert "Mar 31, 2027" not in words
    assert "May 31, 2027" in words
    assert "Mar 31, 2027" in operate(desk, "resume-subscription", "Resume it", about, since="2027-03-01")
    words = operate(desk, "cancel-subscription", "Cancel the subscription", about, ends_on="2027-02-01")
    assert "ends Feb 1, 2027" in words
    assert "Feb 28, 2027" not in words
    operate(desk, "cancel-subscription", "Cancel the subscription", about, ends_on="2026-12-31")
    assert "It has ended and can't be changed" in desk.page.words
    assert desk.page.links["Start a subscription"].endswith("/operations/start-subscription")


def test_r4_a_refund_says_how_long_it_can_be_called_back_and_then_what_to_do_instead(
    office: Office, desk: Browser, made: EcheckWorld
) -> None:
    payment = made.paid(amount=5_000)
    operate(desk, "refund", "Ask for the refund", f"?payment={payment}", amount="20")
    assert re.search(r"Until Nov 25, 2026, 3:00.a\.m\., 17 hours left\.", desk.page.words)
    assert "Cancel refund" in desk.page.links
    made.night()
    page = office.at_work("ines").open("/clients/c-1")
    assert "Cancel refund" not in page.links
    assert "Cancel refund: The refund has been sent and can't be called back." in page.words
    assert page.links["Create an invoice"].endswith("/operations/invoice")
    assert re.search(r"Sent on Nov 25, 2026, .* reference \S+\. Cards show it 5 to 6 business days later", page.words)


def test_b9_a_card_payment_of_yesterday_is_refunded_and_the_page_says_so(office: Office, made: EcheckWorld) -> None:
    made.paid(amount=5_000)
    assert "Cancel the payment" in office.at_work("ines").open("/clients/c-1").links
    made.wait(days=1)
    desk = office.at_work("ines")
    page = desk.open("/clients/c-1")
    assert "Cancel the payment" not in page.links
    assert "Cancel the payment: This payment can't be cancelled: an online payment is refunded instead." in page.words
    made.pay(1_000, payment="cash-1", offline="cash")
    page = desk.open("/clients/c-1")
    assert "Refund: This money was received offline" in page.words
    assert "Record a refund" in page.links


def test_e2_e7_an_e_check_that_was_batched_can_be_neither_cancelled_nor_refunded_yet(
    office: Office, made: EcheckWorld
) -> None:
    made.by_echeck()
    desk = office.at_work("lea")
    assert "Annuler le paiement" in desk.open("/clients/c-1").links
    made.evening()
    page = desk.open("/clients/c-1")
    assert "Annuler le paiement" not in page.links
    assert "Vous ne pouvez pas annuler cette transaction." in page.words
    assert "L'état de la transaction ne permet pas son annulation." in page.words
    assert re.search(r"n'est pas encore réglé.* Possible vers le \d+ déc\. 2026", page.words)
    assert "Crédit disponible 0,00 $" in page.words.replace("\xa0", " "), "it may still come back (R2)"


def test_i3_the_method_of_all_upcoming_payments_is_changed_at_once_and_cheques_stay(
    desk: Browser, made: EcheckWorld
) -> None:
    old, new = made.card(), made.card(brand="mastercard")
    today = made.today()
    planned = made.plan(old, made.invoice(9_000), 9_000, [today + timedelta(days=30 * n) for n in (1, 2, 3)])
    preview = operate(desk, "change-method", "Change the method", payment_method=new)
    assert preview.count("Mastercard") == 3
    assert {made.payment(id).payment_method for id in planned} == {new}


def test_i7_a_postdated_cheque_is_deposited_or_refused_by_hand(desk: Browser, made: EcheckWorld) -> None:
    bill = made.invoice(6_000)
    operate(
        desk, "plan", "Make the plan", f"?invoice={bill}", how="cheque", every="month", count="2",
        **{"from": "2027-01-15"},
    )  # fmt: skip
    first, second = (one.id for one in made.planned_of("c-1"))
    operate(desk, "deposit-cheque", "Mark as deposited", f"?instalment={first}")
    assert made.payment(first).state == "paid"
    assert desk.page.links["Refused by the bank"].endswith(f"instalment={second}")
    operate(desk, "bounce-cheque", "Mark as refused", f"?instalment={second}")
    assert desk.page.links["Payment Action Center"]
    assert "It failed and is no longer planned" in desk.page.words
    assert desk.open("/clients/c-1").links["Mark as deposited"].endswith(f"instalment={second}")


def test_b12_what_would_be_matched_is_shown_first_and_undone_by_hand(desk: Browser, made: EcheckWorld) -> None:
    bill = made.invoice(6_000, 3_000)
    made.pay(7_000, payment="cash-1", offline="cash")
    words = operate(desk, "reconcile", "Reconcile the account")
    assert f"$60.00 pays invoice {bill}" in words
    assert f"$10.00 pays invoice {bill}" in words
    page = desk.page
    assert "$60.00 from: Cash" in page.words
    undone = operate(desk, "delete-allocation", "Undo", "?" + page.links["Undo"].partition("?")[2])
    assert "pays invoice" in undone
    assert "$10.00 from:" not in desk.page.words
    operate(desk, "allocate", "Match them", **{"from": "payment:cash-1", "to": f"{bill}:l2", "amount": "5"})
    assert "$5.00 from: Cash" in desk.page.words


def test_b10_the_preview_tells_taxes_and_penalty_apart(desk: Browser, made: EcheckWorld) -> None:
    operate(desk, "invoice", "Create the invoice", description_1="Swimming", amount_1="100", taxes_1="GST")
    bill = made.scalar("SELECT id FROM invoices")
    words = operate(
        desk, "cancel-purchase", "Cancel the items", f"?invoice={bill}", lines="l1", credit="full", penalty="15"
    )
    assert "Penalty kept, with its taxes: $15.00" in words
    assert "GST $5.00" in words
    assert "Current balance $105.00 $15.00" in words


def test_the_page_of_a_client_speaks_french(office: Office, made: EcheckWorld) -> None:
    made.subscribe(made.card(), start=date(2027, 1, 31))
    page = office.at_work("lea").open("/clients/c-1")
    assert "Abonnements" in page.words
    assert "Prochain débit le 31 janv. 2027, Visa ••4242" in page.words
    assert "Suspendre" in page.links
