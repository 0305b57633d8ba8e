"""Commands of one sender take effect in their order, also when an instalment is charged at once."""

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
