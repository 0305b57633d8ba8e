"""Filters, views and sheets of the Payment Action Center (A7): what stands in the address is what is shown."""

import shutil

import pytest

from adapters.web.filtering import read_asked
from adapters.web.wording import Wording
from tests.web.conftest import furnish
from tests.web.office import Office
from tests.world import START, world


@pytest.fixture(scope="module")
def shop(tmp_path_factory, migrated_sqlite_file):
    """Three failures of two nights; nobody changes them."""
    folder = tmp_path_factory.mktemp("shop")
    for file in migrated_sqlite_file.parent.iterdir():
        shutil.copy(file, folder / file.name)
    with world(f"sqlite:///{folder / migrated_sqlite_file.name}", folder) as made:
        office = furnish(made)
        office.failed(amount=4_500, client="c-1")
        made.wait(days=3)
        office.failed("tok_lost_card", amount=9_900, client="c-2")
        office.failed(amount=1_200, client="c-3")
        yield office


# fmt: off
FOUND = {  # what stands in the address -> whose items are shown
    "":                          "c-1 c-2 c-3",
    "type=instalment":           "c-1 c-2 c-3",
    "type=refund":               "",
    "reason=later":              "c-1 c-3",
    "reason=lost_card":          "c-2",
    "reason=never":              "c-2",
    "account=main":              "c-1 c-2 c-3",
    "account=other":             "",
    "method=visa":               "c-1 c-2 c-3",
    "method=amex":               "",
    "method=echeck":             "",
    "owner=c-2":                 "c-2",
    "owner=client c-3":          "c-3",
    "from=2026-11-26":           "c-2 c-3",
    "to=2026-11-26":             "c-1",
    "from=2026-11-25&to=2026-11-25": "c-1",
    "min=45":                    "c-1 c-2",
    "max=45,00":                 "c-1 c-3",
    "min=12&max=45.00&reason=later": "c-1 c-3",
    "attempts=1":                "c-1 c-2 c-3",
    "attempts=2":                "",
    "q=c-1@example.org":         "c-1",
    "q=@example":                "c-1 c-2 c-3",
    "tab=closed":                "",
    "tab=instalments&q=99":      "c-2",
}
# fmt: on


@pytest.fixture(scope="module")
def luc(shop):
    return shop.at_work("luc")


@pytest.mark.parametrize(("query", "clients"), FOUND.items(), ids=list(FOUND))
def test_A7_each_filter_shows_what_it_says(luc, query, clients):
    page = luc.open(f"/action-items?{query}")
    assert luc.status == 200
    assert [f"c-{n}" for n in (1, 2, 3) if f"Client c-{n}" in page.links] == clients.split()


@pytest.mark.parametrize(
    "query", ["type=nothing", "reason=x", "from=yesterday", "min=much", "tab=x", "attempts=-1", "ids=a b", "method=x"]
)
def test_a_filter_that_cannot_be_read_shows_nothing_rather_than_everything(luc, query):
    luc.open(f"/action-items?{query}")
    assert luc.status == 422


def test_a_chip_tells_each_filter_and_takes_it_away(luc):
    page = luc.open("/action-items?reason=later&min=10&q=client")
    assert "2 found, $57.00" in page.words
    chip = next(words for words in page.links if words.startswith("Reason: Retry later"))
    luc.open(page.links[chip])
    assert luc.path == "/action-items?q=client&min=10"
    assert luc.open(page.links["Show all"]).links
    assert luc.path == "/action-items"


def test_tabs_and_the_search_keep_the_filters(luc):
    page = luc.open("/action-items?reason=later")
    instalments = next(href for words, href in page.links.items() if words.startswith("Instalments"))
    assert instalments == "/action-items?tab=instalments&reason=later"
    search = next(form for form in page.forms if "q" in form.fields)
    assert search.fields["reason"] == "later"


def test_A7_a_link_in_a_mail_shows_the_items_that_it_names(shop, luc):
    ids = [item.id for item in shop.world.items()]
    page = luc.open(f"/action-items?ids={ids[0]},{ids[2]},itm_stranger")
    assert [name for name in page.links if name.startswith("Client c-")] == ["Client c-1", "Client c-3"]


def test_A7_a_short_link_leads_to_the_item_of_a_payment(shop, luc):
    item = shop.world.items()[0]
    luc.open(f"/p/{item.payment}")
    assert luc.path == f"/action-items/{item.id}"
    luc.open("/p/pay_nobodys")
    assert luc.status == 404


@pytest.mark.parametrize(("who", "separator", "cells"), [
    ("luc", "", ",99.00,CAD,"), ("luc", "&separator=comma", ",99.00,CAD,"),
    ("luc", "&separator=semicolon", ";99.00;CAD;"),
    ("marie", "&separator=comma", ',"99,00",CAD,'), ("marie", "", ";99,00;CAD;"),
])  # fmt: skip
def test_A7_the_sheet_holds_what_is_filtered(shop, who, separator, cells):
    browser = shop.at_work(who)
    browser.open(f"/action-items/csv?reason=never{separator}")
    assert browser.text.startswith("\ufeff")
    assert "Client c-2" in browser.text
    assert "Client c-1" not in browser.text
    assert cells in browser.text
    assert browser.headers["content-disposition"].endswith('.csv"')


def test_A7_a_name_in_the_sheet_is_never_a_formula(office):
    office.failed()
    office.rename("c-1", "=HYPERLINK(1)")
    browser = office.at_work("luc")
    browser.open("/action-items/csv")
    assert "'=HYPERLINK(1)" in browser.text


def test_a_new_method_since_the_failure_is_told(small_office):
    item = small_office.failed()
    browser = small_office.at_work("luc")
    assert "New method since? No Retry" in browser.page.words
    small_office.world.wait(minutes=5)
    small_office.world.card("tok_approve", client=item.client)
    assert "New method since? Yes Retry" in browser.open("/action-items").words


def test_a_view_is_kept_found_again_and_removed(small_office):
    browser = small_office.at_work("luc")
    browser.open("/action-items?reason=later")
    page = browser.press("Save this view", name="Later")
    assert page.links["Later"] == "/action-items?reason=later"
    assert "Later" not in small_office.at_work("marie").page.links
    browser.open("/action-items?reason=never")
    page = browser.press("Save this view", name="Later", shared="1")
    assert page.links["Later"] == "/action-items?reason=never"
    marie = small_office.at_work("marie")
    assert marie.page.links["Later"] == "/action-items?reason=never"
    assert "Retirer Later" not in marie.text
    assert "Later" not in browser.press("Remove").links


def test_nobody_removes_the_view_of_another(small_office):
    browser = small_office.at_work("luc")
    page = browser.press("Save this view", name="Mine", shared="1")
    form = page.form("Remove")
    marie = small_office.at_work("marie")
    marie.post(form.action, {"csrf": marie.csrf})
    assert marie.status == 404
    assert "Mine" in browser.open("/action-items").links


def test_the_shortcuts_can_be_turned_off_and_on(small_office):
    browser = small_office.at_work("luc")
    assert "keys.js" in browser.text
    browser.press("Turn the shortcuts off")
    assert "keys.js" not in browser.text
    browser.press("Turn the shortcuts on")
    assert "keys.js" in browser.text


def test_the_charts_say_what_came_back_and_each_bar_leads_to_its_list(shop, luc):
    page = luc.open("/action-items/charts")
    assert luc.status == 200
    assert "At risk $156.00" in page.words
    bars = [a["href"] for tag, a in page.tags if tag == "a" and a.get("href", "").startswith("/action-items?")]
    for href in bars:
        assert luc.open(href).links
        assert luc.status == 200
    assert any("reason=lost_card" in href for href in bars)
    tables = [tag for tag, _ in page.tags if tag == "table"]
    assert len(tables) == 2


def test_the_charts_tell_the_recovery_rate_and_the_success_of_retries(small_office):
    office: Office = small_office
    office.failed(amount=3_000)
    item = office.failed(amount=1_000, client="c-2")
    office.world.card("tok_approve", client="c-2", id="pm-good")
    browser = office.at_work("luc")
    browser.open(f"/action-items/{item.id}")
    browser.press("Retry $10.00", payment_method="pm-good")
    office.work()
    page = browser.open("/action-items/charts")
    assert "Recovery rate 25.0%" in page.words
    assert "Attempt 2: 100% (1 of 1)" in page.words


def test_an_address_is_the_same_whichever_way_it_is_read():
    asked = read_asked({"reason": "later", "q": "émilie", "tab": "all", "min": "", "after": "x"})
    assert asked.query == "q=%C3%A9milie&reason=later"
    w = Wording(language="fr", now=START)
    assert [chip.words for chip in asked.chips(w)] == ["Motif\u00a0: Réessayer plus tard"]
