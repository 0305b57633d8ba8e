"""Commands of one sender take effect in their order, also when an instalment is charged at once."""

from typing import Any

from tests.adapters.office import Office, create_invoice, envelope, make_payment, register_card


def test_I1_what_pays_after_a_plan_finds_its_first_instalment_charged(office: Office):
    office.send(create_invoice("inv-1", 30_000), register_card("pm-1", "tok_approve"))
    made, paid = office.send(
        envelope(
            "instalment_plan.create", client="c-1", plan="plan-1", invoice="inv-1", payment_method="pm-1",
            total=30_000, initial={"amount": 10_000}, schedule={"dates": ["2030-01-01"]},
        ),
        make_payment(20_000, invoice="inv-1", payment_method="pm-1", payment="a1"),
    )  # fmt: skip
    assert (made["status"], paid["result"]["state"]) == ("done", "approved")
    assert office.scalar("SELECT min(amount) FROM payments WHERE state = 'paid'") == 10_000
    assert office.scalar("SELECT sum(amount) FROM payments WHERE state = 'paid'") == 30_000
    assert office.scalar("SELECT count(*) FROM payments WHERE state = 'cancelled'") == 1


def test_R1_what_names_a_payment_and_no_client_waits_for_its_charge_too(office: Office):
    """A refund asked for right behind the payment, of credit that only that payment makes."""
    paid, refund, called_back, voided = office.send(
        make_payment(5_000, payment="p-1", payment_method="pm-1"),
        envelope("refund.request", refund="r-1", payment="p-1", amount=2_000),
        envelope("refund.cancel", refund="r-1"),
        envelope("payment.cancel", payment="p-1"),
    )
    assert paid["result"]["state"] == "approved"
    assert (refund["status"], refund["result"]["state"]) == ("done", "pending")
    assert called_back["result"]["state"] == "cancelled"
    assert voided["status"] == "done" or voided["error"]["code"] != "not_known"


def test_R1_what_names_a_payment_that_still_waits_its_turn_waits_behind_it(office: Office):
    office.send(create_invoice("inv-1", 10_000))
    *_, refund = office.send(
        make_payment(4_000, payment="p-1", payment_method="pm-1", invoice="inv-1"),
        envelope("account.reconcile", client="c-1"),
        make_payment(9_000, payment="p-2", payment_method="pm-1", invoice="inv-1"),
        envelope("refund.request", refund="r-1", payment="p-2", amount=3_000),
    )
    assert refund["status"] == "done", refund


def test_B12_payments_on_the_same_invoice_are_matched_in_their_order(office: Office):
    office.send(create_invoice("inv-1", 10_000))
    office.send(
        make_payment(10_000, payment="p-1", payment_method="pm-1", invoice="inv-1"),
        make_payment(10_000, payment="p-2", offline="cash", invoice="inv-1"),
    )
    assert office.scalar("SELECT source FROM allocations") == "p-1"


def test_B16_the_credit_that_a_card_payment_makes_is_there_for_the_next(office: Office):
    office.send(create_invoice("inv-1", 3_000))
    _, paid = office.send(
        make_payment(5_000, payment="p-1", payment_method="pm-1"),
        make_payment(1_000, payment="p-2", offline="cash", invoice="inv-1", use_credit=True),
    )
    assert paid["status"] == "done"
    assert office.scalar("SELECT sum(amount) FROM allocations WHERE source = 'p-1'") == 3_000


def test_B6_what_changes_the_whole_organisation_waits_for_what_came_before_it(office: Office):
    """An invoice that waits for a charge is still taxed as the settings were, and the one behind as they are."""

    def taxed(name: str) -> dict[str, Any]:
        line = {"line": "l1", "description": "Swim", "amount": 10_000, "taxes": [{"code": "GST"}]}
        return envelope("invoice.create", client="c-1", invoice=name, lines=[line])

    def rate(percent: str) -> dict[str, Any]:
        taxes = {"taxes": [{"code": "GST", "rate": percent}]}
        return envelope("organisation.register", settings=taxes)

    told = office.send(
        rate("5"), make_payment(1_000, payment_method="pm-1"), envelope("account.reconcile", client="c-1"),
        taxed("inv-1"), rate("10"), taxed("inv-2"),
    )  # fmt: skip
    assert {one["status"] for one in told} == {"done"}
    totals = "SELECT total FROM invoices WHERE id = '{}'"
    assert [office.scalar(totals.format(name)) for name in ("inv-1", "inv-2")] == [10_500, 11_000]
