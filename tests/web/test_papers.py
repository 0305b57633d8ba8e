"""Statements and reports on a page and in a sheet: whose language, which balances, who may read them."""

from datetime import date
from typing import Any

import pytest

from domain.invoice import AskedLine, TaxRate
from domain.use_cases.cancel_payment import cancel_payment
from domain.use_cases.create_invoice import create_invoice
from tests.web.office import Office
from tests.world import ORGANISATION

QUEBEC = (TaxRate(code="GST", rate="5"), TaxRate(code="QST", rate="9.975"))


@pytest.fixture
def told(office: Office) -> Office:
    """Ada Roy speaks French: an invoice with taxes, cash that was a mistake, a cheque, a plan for the rest."""
    world = office.world
    world.client("roy", language="fr")
    line = AskedLine(line="l1", description="=Natation", amount=20_000, taxes=QUEBEC, ledger_code="pool")
    at: dict[str, Any] = {"organisation": ORGANISATION, "by": "marie"}
    world.books.run(lambda tx: create_invoice(tx, client="roy", id="inv-1", lines=[line], **at))
    world.wait(minutes=1)
    world.pay(5_000, client="roy", payment="cash-1", offline="cash", invoice="inv-1")
    world.wait(minutes=1)
    world.books.run(lambda tx: cancel_payment(tx, payment="cash-1", **at))
    world.wait(minutes=1)
    world.pay(2_995, client="roy", payment="cheque-1", offline="cheque", invoice="inv-1")
    world.plan(world.card(client="roy"), "inv-1", 20_000, [date(2026, 11, 30), date(2026, 12, 31)], client="roy")
    office.person("vera", "billing")
    office.person("rene", "reports", language="fr")
    office.person("eve", "refund")
    return office


def test_B13_a_statement_is_in_the_clients_language_with_a_running_balance(told):
    browser = told.at_work("vera")
    words = browser.open("/clients/roy/statement").words
    assert browser.status == 200
    assert '<html lang="fr-CA">' in browser.text
    assert "État de compte" in words
    for balance in ("229,95\xa0$", "179,95\xa0$", "200,00\xa0$", "100,00\xa0$", "0,00\xa0$"):
        assert balance.replace("\xa0", " ") in words.replace("\xa0", " ")
    assert "Paiements à venir" in words
    assert "Solde prévu" in words


def test_B13_a_statement_as_a_sheet_is_text_and_numbers(told):
    browser = told.at_work("vera")
    browser.open("/clients/roy/statement/csv?bom=true")
    assert browser.headers["content-type"].startswith("text/csv")
    assert "statement-roy.csv" in browser.headers["content-disposition"]
    lines = browser.text.splitlines()
    assert lines[0].lstrip("\ufeff") == "Date;Numéro;Genre;Description;État;Revenus;Recettes;Solde"
    on, number, kind, _, state, revenue, receipts, balance = lines[1].split(";")
    assert (on, number, kind, state) == ("2026-11-24", "inv-1", "Facture", "")
    assert (revenue, receipts, balance) == ("229,95", "", "229,95")
    assert [line.split(";")[-1] for line in lines[1:]] == ["229,95", "179,95", "229,95", "200,00", "100,00", "0,00"]


def test_P1_another_organisations_client_has_no_statement(told):
    told.world.organisation("other")
    told.world.client("c-9", organisation="other")
    browser = told.at_work("vera")
    browser.open("/clients/c-9/statement")
    assert browser.status == 404


def test_P2_either_permission_reads_a_statement_and_no_other(told):
    for who, status in (("vera", 200), ("rene", 200), ("eve", 403), ("luc", 403)):
        browser = told.at_work(who)
        browser.open("/clients/roy/statement")
        assert browser.status == status, who


def test_P4_reports_are_linked_for_who_may_read_them(told):
    assert "Rapports" in told.at_work("rene").open("/clients/roy/statement").links
    assert "Reports" not in told.at_work("luc").open("/action-items").links
    page = told.at_work("rene").open("/reports")
    assert "Revenus par poste comptable et taxe" in page.words
    assert "/reports/receivables?from=2026-11-01&to=2026-11-24" in page.links.values()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("revenue", ("pool", "200,00", "GST", "10,00", "QST", "19,95", "229,95")),
        ("receipts", ("Argent comptant", "50,00", "Chèque", "29,95")),
        ("receivables", ("Client roy", "200,00")),
    ],
)
def test_P4_a_report_is_a_table_with_its_totals(told, name, shown):
    words = told.at_work("rene").open(f"/reports/{name}").words
    assert [one for one in shown if one not in words] == []


def test_P4_planned_payments_are_told_by_method_and_state(told):
    words = told.at_work("rene").open("/reports/planned?from=2026-11-01&to=2026-12-31").words
    assert "Carte Prévu 2 200,00" in words.replace("\xa0", " ")


def test_P4_a_report_as_a_sheet_is_in_the_readers_language(told):
    browser = told.at_work("rene")
    browser.open("/reports/revenue/csv")
    header, pool, *_ = browser.text.splitlines()
    assert header == "Genre;Code;Facturé;Crédité;Net"
    assert pool == "Poste comptable;pool;200,00;0,00;200,00"


def test_P4_services_read_reports_in_minor_units(told):
    service = told.service()
    address = f"/v1/organisations/{ORGANISATION}/reports"
    revenue = service.get(f"{address}/revenue?from=2026-11-01&to=2026-11-30").json()
    assert revenue["totals"] == {"invoiced": 22_995, "credited": 0, "net": 22_995}
    assert service.get(f"{address}/revenue?from=2026-10-01&to=2026-10-31").json()["rows"] == []
    receipts = service.get(f"{address}/receipts").json()
    assert receipts["totals"]["net"] == 2_995
    [owed] = service.get(f"{address}/receivables").json()["rows"]
    assert (owed["client"], owed["to_30"], owed["planned"], owed["balance"]) == ("roy", 0, 20_000, 20_000)
    [late] = service.get(f"{address}/receivables?to=2027-03-01").json()["rows"]
    assert late["older"] == 0  # planned, however old
    assert service.get(f"{address}/weather").status_code == 404
    assert told.service("other").get(f"{address}/revenue").status_code == 404
