"""Client billing at the desk: two columns, and operations that are shown before they are done."""

import pytest

from tests.web.browser import Browser
from tests.web.office import Office

ALL = ("billing", "payment_processing", "refund", "reports", "failed_payment")


@pytest.fixture
def desk(small_office: Office) -> Browser:
    small_office.person("ines", *ALL, language="en", name="Ines Roy")
    return small_office.at_work("ines")


def begin(desk: Browser, name: str, about: str = "") -> None:
    desk.open(f"/clients/c-1/operations/{name}{about}")
    assert desk.status == 200, desk.text


def do(desk: Browser, button: str, **typed: str) -> str:
    """Fills the form in, sees what would change, and does it; answers the words of the preview."""
    preview = desk.press("See what would change", **typed)
    assert desk.status == 200, preview.words
    desk.press(button)
    assert desk.status == 200
    return preview.words


def invoice(desk: Browser, **typed: str) -> str:
    begin(desk, "invoice")
    return do(desk, "Create the invoice", description_1="Swimming", amount_1="100.00", **typed)


def test_b6_an_invoice_is_shown_before_it_is_made_and_then_stands_in_revenue(desk: Browser) -> None:
    begin(desk, "invoice")
    preview = desk.press("See what would change", description_1="Swimming", amount_1="100.00")
    assert "Nothing has been done yet" in preview.words
    assert "$100.00" in preview.words
    assert desk.open("/clients/c-1").words.count("$0.00") == 3
    assert "Nothing yet" in desk.page.words
    desk.open("/clients/c-1/operations/invoice")
    do(desk, "Create the invoice", description_1="Swimming", amount_1="100.00")
    assert "Done: Create an invoice." in desk.page.words
    assert "Not reconciled" in desk.page.words
    assert "$100.00" in desk.page.words


def test_b7_cash_pays_an_invoice_and_the_balance_is_shown_before_and_after(desk: Browser) -> None:
    invoice(desk)
    begin(desk, "payment")
    bill = next(
        value for tag, given in desk.page.tags if tag == "option" and (value := given["value"]).startswith("inv_")
    )
    words = do(desk, "Make the payment", amount="60", how="cash", invoice=bill)
    assert "Current balance $100.00 $40.00" in words
    assert "Received" in desk.page.words
    assert "Partially reconciled" in desk.page.words


def test_b5_a_credit_and_r3_cash_given_back_from_it(desk: Browser) -> None:
    begin(desk, "credit")
    do(desk, "Create the credit", amount="25,50", tax_mode="waived", description="Sorry")
    begin(desk, "record-refund")
    words = do(desk, "Record the refund", amount="25.50", offline="cash")
    assert "Available credit $25.50 $0.00" in words


def test_b10_a_purchase_is_cancelled_less_a_penalty(desk: Browser) -> None:
    invoice(desk)
    bill = next(given["id"] for tag, given in desk.page.tags if tag == "li" and given.get("id", "").startswith("inv_"))
    begin(desk, "cancel-purchase", f"?invoice={bill}")
    words = do(desk, "Cancel the items", lines="l1", credit="full", penalty="15")
    assert "Current balance $100.00 $15.00" in words


def test_i3_upcoming_payments_are_moved_and_cancelled(desk: Browser, small_office: Office) -> None:
    card = small_office.world.card("tok_approve")
    invoice(desk)
    begin(desk, "plan")
    do(desk, "Make the plan", how=card, every="month", count="2", **{"from": "2040-01-31"})
    assert "Jan 31, 2040" in desk.page.words
    assert "Feb 29, 2040" in desk.page.words
    first = next(given["value"] for tag, given in desk.page.tags if given.get("name") == "instalments")
    begin(desk, "change-upcoming", f"?instalments={first}")
    assert "Feb 5, 2040" in do(desk, "Change them", date="2040-02-05")
    begin(desk, "cancel-upcoming", f"?instalments={first}")
    do(desk, "Cancel them")
    assert "Feb 5, 2040" not in desk.page.words


def test_what_can_t_be_is_said_beside_its_field_and_nothing_typed_is_lost(desk: Browser) -> None:
    begin(desk, "credit")
    page = desk.press("See what would change", amount="plenty", tax_mode="waived", description="Sorry")
    assert desk.status == 422
    assert ("p", {"class": "wrong", "id": "amount-wrong"}) in page.tags
    assert page.form("See what").fields["description"] == "Sorry"


def test_a_form_that_is_sent_twice_is_one_command(desk: Browser) -> None:
    begin(desk, "credit")
    desk.press("See what would change", amount="10", tax_mode="waived")
    form = desk.page.form("Create the credit")
    for _ in range(2):
        desk.post(form.action, form.fields)
        assert desk.status == 200
    assert "-$10.00" in desk.page.words
    assert "-$20.00" not in desk.page.words


def test_p2_who_may_not_is_not_offered_it_and_is_refused(small_office: Office) -> None:
    small_office.person("paul", "payment_processing", name="Paul")
    desk = small_office.at_work("paul")
    page = desk.open("/clients/c-1")
    assert "Make a payment" in page.links
    assert "Create a credit" not in page.links
    desk.open("/clients/c-1/operations/credit")
    assert desk.status == 403


def test_p1_the_client_of_a_neighbour_is_not_there(desk: Browser, small_office: Office) -> None:
    small_office.failed_elsewhere()
    for path in ("/clients/c-9", "/clients/c-9/operations/credit"):
        desk.open(path)
        assert desk.status == 404
    assert "/clients/c-9" not in desk.open("/clients?q=c-9").links.values()


def test_the_pages_speak_french(small_office: Office) -> None:
    small_office.person("lea", *ALL, language="fr", name="Léa")
    desk = small_office.at_work("lea")
    assert "Facturation du client" in desk.open("/clients/c-1").words
    assert "Enregistrer un remboursement" in desk.page.links
    assert "Revenus" in desk.page.words
    assert "Recettes" in desk.page.words
