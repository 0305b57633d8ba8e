"""The pages of the organisation: nights, e-checks, accounts, queues, quarantine, people, settings, audit trail."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.inbox.accept import accept
from tests.echeck_world import EcheckWorld
from tests.web.browser import Browser
from tests.web.office import Office
from tests.world import ORGANISATION


@pytest.fixture
def made(migrated_sqlite_url: str, tmp_path: Path) -> Iterator[EcheckWorld]:
    world = EcheckWorld(migrated_sqlite_url, tmp_path)
    world.club(taxes=[{"code": "GST", "rate": "5"}])
    world.client()
    yield world
    world.close()


@pytest.fixture
def staffed(made: EcheckWorld) -> Office:
    office = Office(made)
    office.person("pia", principal=True, name="Pia Roy")
    office.person("omar", "administer", name="Omar Aide")
    office.person("luc", "payment_processing", "failed_payment", name="Luc Roy", language="fr")
    return office


@pytest.fixture
def pia(staffed: Office) -> Browser:
    return staffed.at_work("pia")


def seen(browser: Browser, path: str) -> str:
    words = browser.open(path).words
    assert browser.status == 200, words
    return words


def test_a_night_is_told_with_the_figures_of_what_it_did(staffed: Office, made: EcheckWorld) -> None:
    made.owing("tok_approve")
    made.owing("tok_insufficient_funds", client="c-2")
    made.night()
    made.night()
    words = seen(staffed.at_work("pia"), "/organisation/nights")
    assert re.findall(r"Nov (\d+), 2026", words) == ["26", "25"], "the newest first"
    assert re.search(r"Nov 25, 2026 .*night: (done|under way).*a\.m\. 1 1 0 0", words), "charged, declined, unanswered"
    assert "Nuit du" in seen(staffed.at_work("luc"), "/organisation/nights")


def test_e3_e5_batches_tell_their_entries_their_verdicts_and_a_rate_that_is_too_high(
    staffed: Office, made: EcheckWorld
) -> None:
    made.by_echeck("echeck_settle", 10_000)
    made.by_echeck("echeck_nsf", 5_000, client="c-2")
    words = seen(staffed.at_work("pia"), "/organisation/e-checks")
    assert re.search(r"2 e-checks \(\$150\.00\) wait for the batch of Nov 24, 2026, 5:00.p\.m\.", words)
    for _ in range(6):
        made.day()
    browser = staffed.at_work("pia")
    words = seen(browser, "/organisation/e-checks")
    assert "1 settled" in words
    assert "1 returned" in words
    assert "50% of the debits came back. Above 15% the network asks why" in words
    link = next(path for path in browser.page.links.values() if path.startswith("/organisation/e-checks/"))
    words = seen(browser, link)
    assert "Client c-2" in words
    assert "returned Nov" in words
    assert "settled Nov" in words
    batch = link.rpartition("/")[2]
    told = staffed.service().get(f"/v1/organisations/{ORGANISATION}/batches/{batch}").json()
    assert (told["count"], told["total"], told["states"]) == (2, 15_000, {"settled": 1, "returned": 1})
    assert "50 % des débits sont revenus" in seen(staffed.at_work("luc"), "/organisation/e-checks").replace("\xa0", " ")


def test_accounts_and_queues_say_what_waits_and_how_processors_answer(pia: Browser, made: EcheckWorld) -> None:
    words = seen(pia, "/organisation/accounts")
    assert "main Simulator · cards, e-checks" in words
    assert "answers" in words
    made.by_echeck()
    words = seen(pia, "/organisation/queues")
    assert re.search(r"E-checks They wait for their batch, or are being handed over 1", words)
    assert "No process has been heard of." in words


def bad(made: EcheckWorld, **envelope: Any) -> str:
    """A message without an id, set aside; answers where."""
    data = {"organisation": ORGANISATION, "client": "c-9", "name": "Nine", "email": "nine@example.org"}
    told = {"specversion": "1.0", "source": "shop", "type": "encaisse.client.register.v1",
            "data": {**data, "language": "en"}} | envelope  # fmt: skip
    made.books.run(lambda tx: accept(tx, json.dumps(told), "stream"))
    return str(made.scalar("SELECT id FROM quarantine ORDER BY at DESC, id DESC LIMIT 1"))


def test_p1_what_could_not_be_read_is_shown_to_the_organisation_that_it_names_and_put_through_corrected(
    staffed: Office, made: EcheckWorld, pia: Browser
) -> None:
    made.organisation("other")
    ours = bad(made)
    theirs = bad(made, data={"organisation": "other", "client": "secret-1"})
    page = pia.open("/organisation/quarantine")
    assert f"/organisation/quarantine/{ours}" in page.links.values()
    assert f"/organisation/quarantine/{theirs}" not in page.links.values()
    pia.open(f"/organisation/quarantine/{theirs}")
    assert pia.status == 404
    pia.open(f"/organisation/quarantine/{ours}")
    page = pia.press("Put through as it came")
    assert (pia.status, "can't be read now either: put it right" in page.words) == (422, True)
    right = {"specversion": "1.0", "source": "shop", "id": "1", "type": "encaisse.client.register.v1"}
    data = {"organisation": "other", "by": "omar", "client": "c-9", "name": "Nine", "email": "n@example.org"}
    page = pia.press("Put the corrected one through", corrected=json.dumps({**right, "data": data}))
    assert (pia.status, "This field is needed." in page.words) == (422, True)
    typed = json.dumps({**right, "id": "2", "data": {**data, "language": "en"}})
    page = pia.press("Put the corrected one through", corrected=typed)
    assert "The message went through the inbox again." in page.words
    assert made.scalar("SELECT organisation FROM clients WHERE id = 'c-9'") == ORGANISATION, "not as was typed"
    assert made.scalar("SELECT \"by\" FROM events WHERE type = 'client.registered' ORDER BY id DESC LIMIT 1") == "pia"
    assert "put through again" in seen(pia, f"/organisation/audit?kind=quarantined&about={ours}")


def test_p2_permissions_and_mail_are_given_and_taken_and_count_at_once(staffed: Office, pia: Browser) -> None:
    luc = staffed.at_work("luc")
    assert "Failed payment" in seen(pia, "/organisation/people")
    pia.open("/organisation/people/luc")
    pia.press("Keep", name="Luc Roy", permissions="reports", notifications="digest")
    assert "Kept. It counts at once." in pia.page.words
    luc.open("/action-items")
    assert luc.status == 403
    words = seen(pia, "/organisation/audit?kind=administrator&about=luc")
    assert "permissions, before payment_processing, failed_payment" in words
    assert "daily digest of failures" in seen(pia, "/organisation/people")


def test_p2_nobody_locks_themselves_out_and_the_principal_is_changed_by_nobody_else(staffed: Office) -> None:
    omar = staffed.at_work("omar")
    omar.open("/organisation/people/omar")
    omar.press("Keep", permissions="reports")
    assert omar.status == 422
    assert "You can't take this permission from yourself" in omar.page.words
    assert "Only the principal administrator can change this entry." in seen(omar, "/organisation/people/pia")
    omar.open("/organisation/people/omar")
    form = omar.page.form("Keep")
    omar.post("/organisation/people/pia", {**form.fields, "email": "taken@example.org"})
    assert omar.status == 422
    assert staffed.world.scalar("SELECT email FROM administrators WHERE id = 'pia'") == "pia@example.org"


def test_a_person_is_added_and_signed_out_everywhere(staffed: Office, pia: Browser) -> None:
    pia.open("/organisation/add-person")
    pia.press("Add a person", name="Zoé Roy", email="zoe@example.org", permissions="billing")
    new = next(path for path in pia.page.links.values() if "/people/adm_" in path).rpartition("/")[2]
    zoe = staffed.at_work(new)
    assert zoe.open("/clients").words
    assert zoe.status == 200
    pia.open(f"/organisation/people/{new}")
    pia.press("Sign out everywhere")
    assert "The person is signed out everywhere." in pia.page.words
    zoe.open("/clients")
    assert zoe.status == 401
    assert "Pia Roy ended sessions" in seen(pia, f"/organisation/audit?about={new}")


def test_settings_show_what_holds_and_those_that_are_typed_count(pia: Browser, made: EcheckWorld) -> None:
    seen(pia, "/organisation/settings")
    form = pia.page.form("Keep the settings").fields
    assert (form["night_at"], form["settlement_days"], form["taxes"]) == ("03:00", "10", "")
    typed = {"night_at": "02:30", "taxes": "TPS 5\nTVQ 9,975 +", "retry_later": "3, 7", "nsf_fee": "25,00"}
    pia.press("Keep the settings", **typed)
    assert "Kept. It counts from now on." in pia.page.words
    kept = json.loads(made.scalar("SELECT settings FROM organisations"))
    assert kept["night_at"] == "02:30"
    assert kept["taxes"][1] == {"code": "TVQ", "rate": "9.975", "compound": True}
    assert kept["automatic_retries"] == {"later": [3, 7]}
    assert kept["nsf_fee"]["amount"] == 2_500
    pia.press("Keep the settings", night_at="25:99")
    assert pia.status == 422
    assert 'value="25:99"' in pia.text, "what was typed is kept"
    assert "settings, before" in seen(pia, "/organisation/audit?kind=organisation")


def test_p3_the_trail_is_read_page_by_page_by_thing_and_by_person(pia: Browser, made: EcheckWorld) -> None:
    for number in range(60):
        made.invoice(1_000, id=f"inv-{number:02}")
    words = seen(pia, "/organisation/audit")
    assert "created an invoice" in words
    first = set(re.findall(r"inv-\d\d", words))
    further = next(path for path in pia.page.links.values() if "after=" in path)
    second = set(re.findall(r"inv-\d\d", seen(pia, further)))
    assert second
    assert not first & second, "no line on two pages"
    assert first | second == {f"inv-{number:02}" for number in range(60)}
    words = seen(pia, "/organisation/audit?kind=invoice&about=inv-07")
    assert "inv-07" in words
    assert "inv-08" not in words
    assert "Pia Roy signed in" in seen(pia, "/organisation/audit?by=pia")


def test_p2_the_menu_shows_what_a_person_may_open(staffed: Office) -> None:
    luc = staffed.at_work("luc")
    page = luc.open("/organisation")
    assert luc.path == "/organisation/nights"
    assert "Chèques électroniques" in page.links
    assert "Personnes et permissions" not in page.links
    staffed.person("eve", "refund", name="Eve")
    eve = staffed.at_work("eve")
    eve.open("/organisation")
    assert eve.status == 403
    assert "Organisation" not in eve.page.links


def test_the_language_that_was_chosen_is_kept_for_the_next_visit_and_on_every_page(staffed: Office) -> None:
    luc = staffed.at_work("luc")
    luc.open("/organisation/nights")
    page = luc.press("English")
    assert luc.path == "/organisation/nights"
    assert "Night of" in page.words or "No night has begun yet." in page.words
    luc.press("Sign out")
    assert "Sign in" in luc.page.words
    luc.open(staffed.link("luc"))
    luc.press(luc.page.forms[-1].buttons[0])
    assert 'lang="en-CA"' in luc.text


def test_the_first_page_of_a_demo_names_what_to_try_until_it_is_dismissed(made: EcheckWorld) -> None:
    office = Office(made, guided=True)
    office.person("pia", principal=True, name="Pia Roy")
    office.person("luc", "failed_payment", "refund", name="Luc Roy", language="fr")
    browser = office.at_work("pia")
    assert "Your first minute" in browser.page.words
    assert browser.page.links["Call a refund back."] == "/clients/c-refund"
    assert "Your first minute" not in seen(browser, "/clients")
    seen(browser, "/action-items")
    browser.press("Got it, hide this")
    assert (browser.path, "Your first minute" in browser.page.words) == ("/action-items", False)
    page = office.at_work("luc").page
    assert "Annulez un remboursement." in page.links
    assert "Changez qui peut faire quoi." not in page.links
    assert "Your first minute" not in Office(made).at_work("pia").page.words, "nowhere but in the demo"


PAGES = ("nights", "e-checks", "accounts", "queues", "quarantine", "people", "people/luc", "settings", "audit",
         "audit?kind=payment", "audit?about=luc&by=test")  # fmt: skip


def test_every_page_opens_on_both_databases(office: Office) -> None:
    office.person("pia", principal=True, name="Pia Roy")
    office.failed()
    office.world.night()
    browser = office.at_work("pia")
    for path in PAGES:
        assert seen(browser, f"/organisation/{path}"), path
    assert re.search(r"Nov 25, 2026 .*a\.m\. 0 1 0 0", seen(browser, "/organisation/nights"))
    assert "payment asked for" not in seen(browser, "/organisation/audit?kind=invoice")
    assert "Subscriptions" in seen(browser, "/clients/c-1")
