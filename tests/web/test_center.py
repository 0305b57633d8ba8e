"""The Payment Action Center as people see it: rows, tabs, search, pages, languages, waiting for a retry."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.database import action_centre
from adapters.database.item_filter import Tab
from domain.use_cases.act_on_item import reject_item, retry_item
from tests.world import ORGANISATION


def test_an_empty_list_is_a_pleasant_page(office):
    browser = office.at_work("luc")
    for tab in Tab:
        browser.open(f"/action-items?tab={tab}")
        assert browser.status == 200
        assert "<table" not in browser.text
    assert "Every payment has gone through" in browser.page.words


def test_a_row_says_who_how_much_why_and_what_to_do(office):
    item = office.failed(amount=123_450)
    page = office.at_work("luc").page
    row = page.words[page.words.index("Actions Client c-1") :]
    for words in (
        "Client c-1", "$1,234.50", "Visa ••4242", "Insufficient funds.", "Agree with the client", "just now",
        "Attempts 1", "No", "Retry – Client c-1, $1,234.50", "Reject…",
    ):  # fmt: skip
        assert words in row
    assert any(tag == "time" and attributes["datetime"] == item.failed_at.isoformat() for tag, attributes in page.tags)
    assert [a["scope"] for tag, a in page.tags if tag == "th"] == ["col"] * 8 + ["row"]


def test_the_same_row_in_french(office):
    office.failed(amount=123_450)
    page = office.at_work("marie").page
    assert "1\u00a0234,50\u00a0$" in office.at_work("marie").text
    for words in ("Provision insuffisante.", "Réessayer", "Rejeter…", "Centre d'action de paiement"):
        assert words in page.words
    assert ("html", {"lang": "fr-CA"}) in page.tags


def test_dates_are_in_the_zone_of_the_organisation(office):
    office.failed()
    office.world.wait(hours=49)
    words = office.at_work("luc").page.words
    assert "2 days ago" in words
    assert "Nov 25, 2026, 4:00 a.m." in words


def test_the_oldest_comes_first_then_the_larger_amount(office):
    for position, amount in enumerate((1000, 3000, 2000), 1):
        office.world.owing("tok_insufficient_funds", amount, client=f"c-{position}")
    office.world.night()
    office.world.owing("tok_insufficient_funds", 9000, client="c-9")
    office.world.night()
    words = office.at_work("luc").page.words
    places = [words.index(amount) for amount in ("$30.00", "$20.00", "$10.00", "$90.00")]
    assert places == sorted(places)


@pytest.fixture
def busy(office):
    """One item of each kind of tab."""
    office.failed(client="c-1")
    retried = office.failed(client="c-2")
    office.failed("tok_timeout_before_charge", client="c-3")
    closed = office.failed(client="c-4")
    books = office.world.books
    books.run(lambda tx: retry_item(tx, organisation=ORGANISATION, item=retried.id, by="luc"))
    books.run(lambda tx: reject_item(tx, organisation=ORGANISATION, item=closed.id, by="luc", reason="Paid."))
    return office


def test_tabs_count_and_hold_their_items(busy):
    browser = busy.at_work("luc")
    counts = "All 3 Instalments 2 Subscriptions 0 E-checks 0 Refunds 0 Expiring cards 0"
    assert f"{counts} In doubt 1 Retrying 1 Closed (30 days) 1" in browser.page.words
    held = {
        tab: [f"c-{n}" for n in range(1, 5) if f"Client c-{n}" in browser.open(f"/action-items?tab={tab}").links]
        for tab in ("all", "instalments", "in_doubt", "retrying", "closed")
    }
    assert held == {
        "all": ["c-1", "c-2", "c-3"], "instalments": ["c-1", "c-2"], "in_doubt": ["c-3"], "retrying": ["c-2"],
        "closed": ["c-4"],
    }  # fmt: skip


def test_closed_items_are_shown_for_thirty_days(busy):
    busy.world.wait(days=31)
    page = busy.at_work("luc").open("/action-items?tab=closed")
    assert "Nothing was closed in the last 30 days" in page.words
    assert "Closed (30 days) 0" in page.words


def test_an_unknown_tab_is_told_so(small_office):
    browser = small_office.at_work("luc")
    browser.open("/action-items?tab=everything")
    assert browser.status == 422


# fmt: off
FOUND = {  # what is typed -> who is found
    "Émilie":            ["c-2"],
    "émilie côté":       ["c-2"],
    "TREMBLAY":          ["c-1", "c-2"],
    "c-3":               ["c-3"],
    "45":                ["c-1"],
    "45.00":             ["c-1"],
    "45,00 $":           ["c-1"],
    "$1,234.50":         ["c-2"],
    "1 234,50 $":        ["c-2"],
    "4242":              ["c-1", "c-2", "c-3"],
    "%":                 [],
    "_":                 [],
    "nobody":            [],
    "' OR 1=1 --":       [],
}
# fmt: on


@pytest.mark.parametrize(("typed", "clients"), FOUND.items(), ids=list(FOUND))
def test_search_finds_by_client_amount_and_card(office, typed, clients):
    names = {"c-1": "Paul Tremblay", "c-2": "Émilie Côté-Tremblay", "c-3": "Zoé"}
    for client, amount in zip(names, (4500, 123_450, 700), strict=True):
        office.failed(amount=amount, client=client)
        office.rename(client, names[client])
    page = office.at_work("luc").open(f"/action-items?q={typed.replace('%', '%25')}")
    assert [client for client, name in names.items() if name in page.links] == clients


def test_search_finds_a_payment_by_its_id_or_by_the_end_that_rows_show(office):
    item = office.failed()
    browser = office.at_work("luc")
    for typed in (item.payment[-10:], item.id):
        assert "Client c-1" in browser.open(f"/action-items?q={typed}").links
    assert f"pay_…{item.payment[-10:]}" in browser.page.words


def test_the_exact_id_of_a_payment_jumps_to_it(office):
    item = office.failed()
    browser = office.at_work("luc")
    browser.open(f"/action-items?q={item.payment}")
    assert browser.path == f"/action-items/{item.id}"


@pytest.mark.parametrize(
    "typed", ["\x00", "a\x00b", "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1"), "%FF"]
)
def test_search_takes_anything(office, typed):
    browser = office.at_work("luc")
    browser.http.get("/action-items", params={"q": typed})
    browser.open("/action-items?q=%00%FF%ED%A0%80")
    assert browser.status == 200


def test_pages_follow_each_other_without_gaps(office, monkeypatch):
    monkeypatch.setattr(action_centre, "PAGE_SIZE", 2)
    for position in range(1, 6):
        office.world.owing("tok_insufficient_funds", 1000, client=f"c-{position}")
    office.world.night()
    browser = office.at_work("luc")
    seen = []
    page = browser.page
    while True:
        seen += [name for name in page.links if name.startswith("Client c-")]
        if "Next page" not in page.links:
            break
        page = browser.open(page.links["Next page"])
    assert sorted(seen) == [f"Client c-{position}" for position in range(1, 6)]
    assert "First page" in page.links


@pytest.mark.parametrize("after", ["x", "e30", "W10", "bnVsbA", "WyIyMDI2LTExLTI0IiwgMSwgImEiXQ"])
def test_a_cursor_that_is_none_of_ours_begins_at_the_beginning(small_office, after):
    small_office.failed()
    page = small_office.at_work("luc").open(f"/action-items?after={after}")
    assert "Client c-1" in page.links


def test_the_language_is_switched_and_remembered(office):
    office.failed()
    browser = office.at_work("luc")
    browser.open("/action-items?tab=instalments&q=c-1")
    page = browser.press("Français")
    assert browser.path == "/action-items?tab=instalments&q=c-1"
    assert "Provision insuffisante." in page.words
    assert "Centre d'action de paiement" in browser.open("/action-items").words
    assert "Payment Action Center" in browser.press("English").words


def test_the_switch_names_the_other_language_in_itself(small_office):
    page = small_office.at_work("luc").page
    assert any(tag == "button" and attributes.get("lang") == "fr-CA" for tag, attributes in page.tags)


def test_a_retry_is_watched_and_backs_off(office):
    item = office.failed()
    browser = office.at_work("luc")
    browser.press("Retry", within=item.id)
    watched = next(attributes for _, attributes in browser.page.tags if attributes.get("id") == "watch")
    assert watched["hx-trigger"] == "load delay:2s"
    waits: list[str] = []
    while watched.get("hx-get") and len(waits) < 50:
        page = browser.open(watched["hx-get"])
        watched = next(attributes for _, attributes in page.tags if attributes.get("id") == "watch")
        waits.append(watched.get("hx-trigger", ""))
    assert waits[0] == "load delay:2s"
    assert waits[10] == "load delay:30s"
    assert len(waits) == 41


def test_the_watch_brings_the_row_the_counts_and_the_news(office):
    item = office.failed()
    browser = office.at_work("luc")
    browser.press("Retry", within=item.id)
    address = next(attributes["hx-get"] for _, attributes in browser.page.tags if attributes.get("id") == "watch")
    assert item.id not in browser.open(address).words
    office.work()
    page = browser.open(address)
    targets = [attributes["hx-target"] for tag, attributes in page.tags if tag == "hx-partial"]
    assert f"#{item.id}" in targets
    assert "#count-retrying" in targets
    assert "Client c-1, $45.00: it failed again. Insufficient funds." in page.words
    assert "hx-get" not in next(attributes for _, attributes in page.tags if attributes.get("id") == "watch")


def test_the_watch_over_a_page_brings_the_whole_item(office):
    item = office.failed()
    browser = office.at_work("luc")
    browser.press("Retry", within=item.id)
    office.work()
    page = browser.open(f"/action-items/watch?view=item&ids={item.id}")
    assert page.form("Retry $45.00").fields["version"] == str(office.item(item.id).version)


def test_every_id_on_a_page_is_there_once_and_every_field_has_a_label(office):
    item = office.failed()
    doubt = office.failed("tok_timeout_before_charge", client="c-2")
    browser = office.at_work("luc")
    for path in ("/action-items", f"/action-items/{item.id}", f"/action-items/{doubt.id}"):
        tags = browser.open(path).tags
        ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
        assert len(ids) == len(set(ids))
        labelled = {attributes.get("for") for tag, attributes in tags if tag == "label"}
        for tag, attributes in tags:
            named = "aria-label" in attributes or attributes.get("type") in ("hidden", "radio")
            if tag in ("textarea", "select") or (tag == "input" and not named):
                assert attributes["id"] in labelled


def test_a_bug_is_a_page_with_words_and_a_line_in_the_log(small_office, monkeypatch):
    browser = small_office.at_work("luc")
    monkeypatch.setattr("adapters.web.items.tally", lambda *_: 1 / 0)
    page = browser.open("/action-items?q=secret-name")
    assert browser.status == 500
    assert "Something broke on our side" in page.words
    assert "ZeroDivisionError" not in browser.text
    assert browser.headers["content-security-policy"]
    told = [fields for event, fields in small_office.logged if event == "request.failed"]
    assert told[0]["path"] == "/action-items"
    assert "secret-name" not in str(told)


def test_a_page_that_does_not_exist_says_so_in_both_worlds(small_office):
    browser = small_office.at_work("marie")
    assert "Page introuvable" in browser.open("/nowhere").words
    assert browser.status == 404
    assert browser.http.get("/v1/nowhere").json()["message"]["fr"]


def test_a_closed_item_of_months_ago_still_has_its_page(office):
    item = office.failed()
    office.world.books.run(
        lambda tx: reject_item(tx, organisation=ORGANISATION, item=item.id, by="luc", reason="Paid.")
    )
    office.world.wait(days=timedelta(weeks=20).days)
    page = office.at_work("luc").open(f"/action-items/{item.id}")
    assert "was set aside" in page.words
    assert "Paid." in page.words


def test_a_removed_method_is_told_as_none(small_office):
    """An item whose payment has no method on file still has a row and a page."""
    item = small_office.failed()
    row = small_office.world.books.run(lambda tx: action_centre.find_rows(tx, ORGANISATION, [item.id]))[0]
    from adapters.web.offers import Step, offer

    bare = replace(row, method=None, payment=replace(row.payment, payment_method=None))
    assert offer(bare).first is Step.REPLACE
    refusal = offer(bare).why_not
    assert refusal is not None
    assert refusal.code == "new_method_needed"
