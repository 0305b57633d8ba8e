"""Client billing as services read it: pages of both columns, payments with their attempts, refunds, runs, prices."""

from datetime import date
from typing import Any

import pytest

from adapters.database.statements import statement
from domain.credit import TaxMode
from domain.crediting import Penalty
from domain.invoice import TaxRate
from domain.use_cases.cancel_purchase import HowMuch, cancel_purchase
from domain.use_cases.create_credit import create_credit
from domain.use_cases.refund_money import record_refund, request_refund
from tests.web.office import Office
from tests.world import ORGANISATION

OWN = f"/v1/organisations/{ORGANISATION}"
BILLING = f"{OWN}/clients/c-1/billing"
QUEBEC = (TaxRate(code="GST", rate="5"), TaxRate(code="QST", rate="9.975"))


@pytest.fixture
def told(office: Office) -> Office:
    """Two lines bought, paid by card, one cancelled with a penalty, a gesture, money back, a plan."""
    world = office.world
    at: dict[str, Any] = {"organisation": ORGANISATION, "by": "marie"}
    invoice = world.invoice(10_000, 5_000, id="inv-1")
    world.pay(15_000, payment="p-1", payment_method=world.card(), invoice=invoice)
    world.work()
    world.wait(minutes=1)
    cancelled: dict[str, Any] = {
        "invoice": invoice,
        "lines": ["l2"],
        "credit": HowMuch(full=True),
        "credit_note": "cn-1",
    }
    world.books.run(
        lambda tx: cancel_purchase(tx, client="c-1", penalty=Penalty(amount=500), refunds=[], **cancelled, **at)
    )
    world.books.run(
        lambda tx: create_credit(
            tx, client="c-1", id="cr-1", amount=1_000, rates=QUEBEC, tax_mode=TaxMode.INCLUDED, note="pool closed", **at
        )
    )
    world.books.run(lambda tx: request_refund(tx, refund="rf-1", payment="p-1", amount=4_000, **at))
    world.books.run(lambda tx: record_refund(tx, client="c-1", refund="rf-2", amount=500, offline="cash", **at))
    world.wait(minutes=1)
    world.plan(world.card("tok_insufficient_funds"), world.invoice(3_000, id="inv-2"), 3_000,
               [date(2026, 11, 25), date(2026, 12, 25)])  # fmt: skip
    world.night()
    return office


def test_B1_B12_billing_tells_what_is_matched_given_back_and_credited(told):
    answer = told.service().get(BILLING).json()
    plain = told.world.books.run(lambda tx: statement(tx, ORGANISATION, "c-1"))
    assert {name: answer[name] for name in plain} == plain
    assert answer["next"] is None
    assert (answer["balance"], answer["available_credit"]) == (2_000, 0)
    matches = [(one["from"], one["to"], one["amount"]) for one in answer["allocations"]]
    assert ({"payment": "p-1"}, {"invoice": "inv-1", "line": "l1"}, 10_000) in matches
    assert ({"credit": "cn-1"}, {"invoice": "inv-1", "line": "l2"}, 4_500) in matches
    refunds = {one["refund"]: one for one in answer["refunds"]}
    assert (refunds["rf-1"]["state"], refunds["rf-2"]["state"]) == ("submitted", "settled")
    assert refunds["rf-1"]["consumptions"] == [{"from": {"payment": "p-1"}, "amount": 4_000}]
    credits = {one["credit"]: one for one in answer["credits"]}
    assert credits["cr-1"]["note"] == "pool closed"
    assert [tax["code"] for tax in credits["cr-1"]["taxes"]] == ["GST", "QST"]
    assert credits["cr-1"]["net"] + sum(tax["amount"] for tax in credits["cr-1"]["taxes"]) == 1_000


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_long_account_is_read_page_by_page(told, limit):
    whole = told.service().get(BILLING).json()
    service, address = told.service(), f"{BILLING}?limit={limit}"
    pages = []
    while address:
        pages.append(service.get(address).json())
        address = pages[-1]["next"]
    for column in ("revenue", "receipts", "allocations", "refunds", "credits"):
        ids = [repr(one) for page in pages for one in page[column]]
        assert sorted(ids) == sorted(repr(one) for one in whole[column])
    assert {page["balance"] for page in pages} == {whole["balance"]}
    assert all(len(page["revenue"]) + len(page["receipts"]) <= limit for page in pages)


@pytest.mark.parametrize("after", ["zzz", "bnVsbA", "WyIyMDI2LTExLTI0IiwgIngiLCAieCJd"])
def test_a_place_that_is_not_ours_is_told_so(small_office, after):
    answer = small_office.service().get(f"{BILLING}?after={after}")
    assert (answer.status_code, answer.json()["field"]) == (422, "after")


def test_I3_upcoming_payments_are_told_with_their_plan_and_method(told):
    failed, next_one = told.service().get(f"{OWN}/clients/c-1/upcoming").json()["upcoming"]
    assert (failed["state"], failed["number"], failed["count"]) == ("failed", 1, 2)
    assert (next_one["state"], next_one["on"], next_one["amount"]) == ("scheduled", "2026-12-25", 1_500)
    assert next_one["method"]["last4"] == "4242"


def test_a_payment_is_told_with_its_attempts_and_its_history_and_without_its_token(told):
    answer = told.service().get(f"{OWN}/payments/p-1")
    one = answer.json()
    assert (one["state"], one["amount"], one["refunded"], one["refundable"]) == ("paid", 15_000, 4_000, 11_000)
    [attempt] = one["attempts"]
    assert (attempt["state"], attempt["amount"], attempt["reason"]) == ("approved", 15_000, None)
    assert attempt["promised_at"] <= attempt["ended_at"]
    assert "payment.approved" in [event["type"] for event in one["history"]]
    [failed, _] = told.service().get(f"{OWN}/clients/c-1/upcoming").json()["upcoming"]
    declined = told.service().get(f"{OWN}/payments/{failed['instalment']}")
    assert declined.json()["attempts"][0]["reason"]["code"] == "insufficient_funds"
    assert "tok_" not in answer.text + declined.text


def test_a_refund_is_told_with_what_it_gives_back(told):
    one = told.service().get(f"{OWN}/refunds/rf-1").json()
    assert (one["state"], one["payment"], one["amount"], one["currency"]) == ("submitted", "p-1", 4_000, "CAD")
    assert [event["type"] for event in one["history"]] == ["refund.asked", "refund.submitted"]


def test_R8_a_refund_says_when_the_money_is_seen_with_its_date_and_reference(told):
    one = told.service().get(f"{OWN}/refunds/rf-1").json()
    assert one["submitted_at"].startswith("2026-11-25")
    assert one["reference"] in one["expected"]["en"]
    assert "5 to 6 business days" in one["expected"]["en"]
    assert "5 à 6 jours ouvrables" in one["expected"]["fr"]
    [attempt] = one["attempts"]
    assert (attempt["how"], attempt["state"], attempt["reference"]) == ("refund", "approved", one["reference"])


def test_runs_are_told_by_date(told):
    service = told.service()
    runs = service.get(f"{OWN}/runs?date=2026-11-25").json()["runs"]
    assert {run["date"] for run in runs} == {"2026-11-25"}
    [night] = [run for run in runs if run["kind"] == "night"]
    assert service.get(f"{OWN}/runs?date=2026-11-26").json()["runs"] == []
    assert night in service.get(f"{OWN}/runs").json()["runs"]


def test_what_is_not_there_is_not_found(told):
    service = told.service()
    for path in ("payments/p-404", "refunds/rf-404", "batches/b-1", "clients/c-404/upcoming", "clients/c-404/billing"):
        answer = service.get(f"{OWN}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_P1_ids_of_another_organisation_are_not_there(told):
    told.world.organisation("other")
    service = told.service("other")
    for path in ("payments/p-1", "refunds/rf-1", "clients/c-1/upcoming", "clients/c-1/billing"):
        assert service.get(f"/v1/organisations/other/{path}").status_code == 404
        assert service.get(f"{OWN}/{path}").status_code == 404
    assert service.get("/v1/organisations/other/runs").json()["runs"] == []


def test_B14_a_prorated_price_is_computed_in_minor_units(small_office):
    asked = "price=14000&start=2026-09-07&end=2026-12-13&on=2026-09-14&per=week&amount=1000"
    service = small_office.service()
    assert service.get(f"{OWN}/prorated-price?{asked}").json() == {
        "price": 14_000, "prorated_price": 13_000, "deducted": 1_000, "currency": "CAD",
    }  # fmt: skip
    assert service.get(f"{OWN}/prorated-price?{asked}&percent=5").json()["code"] == "out_of_range"
    assert service.get(f"{OWN}/prorated-price?{asked}&minimum=-1").status_code == 422
