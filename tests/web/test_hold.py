"""Taking a retry back: held for ten seconds in the database, whoever looks, whatever becomes of the tab."""

from adapters.errands import work_all
from domain.use_cases.act_on_item import retry_item
from domain.withdrawing import HOLD
from tests.world import ORGANISATION


def test_a_retry_on_the_web_waits_for_its_hold_and_is_sent_once_it_is_over(office):
    item = office.failed()
    office.at_work("luc").press("Retry", within=item.id)
    work_all(office.app)
    assert len(office.world.attempts(item.payment)) == 1
    office.world.wait(seconds=HOLD.total_seconds())
    work_all(office.app)
    assert len(office.world.attempts(item.payment)) == 2


def test_a_retry_by_command_is_not_held(small_office):
    item = small_office.failed()
    small_office.world.books.run(lambda tx: retry_item(tx, organisation=ORGANISATION, item=item.id, by="shop"))
    work_all(small_office.app)
    assert len(small_office.world.attempts(item.payment)) == 2


def test_a_held_retry_is_taken_back_and_nothing_is_sent(office):
    item = office.failed()
    browser = office.at_work("luc")
    browser.press("Retry", within=item.id)
    assert "Cancel retry" in " ".join(browser.page.form("Cancel retry", within=item.id).buttons)
    page = browser.press("Cancel retry", within=item.id)
    assert "The retry was cancelled: Client c-1, $45.00. Nothing was sent." in page.words
    office.work()
    assert len(office.world.attempts(item.payment)) == 1
    assert office.item(item.id).state == "open"
    assert office.world.payment(item.payment).state == "failed"
    assert "Took the retry back before it was sent." in browser.open(f"/action-items/{item.id}").words


def test_what_was_taken_back_can_be_retried_again(small_office):
    item = small_office.failed()
    browser = small_office.at_work("luc")
    browser.press("Retry", within=item.id)
    browser.press("Cancel retry", within=item.id)
    browser.press("Retry", within=item.id)
    small_office.work()
    assert len(small_office.world.attempts(item.payment)) == 2


def test_the_method_that_the_retry_replaced_is_put_back(office):
    item = office.failed("tok_lost_card")
    office.world.card("tok_approve", id="pm-good")
    browser = office.at_work("luc")
    browser.open(f"/action-items/{item.id}")
    browser.press("Retry $45.00", payment_method="pm-good")
    assert office.world.payment(item.payment).payment_method == "pm-good"
    browser.press("Cancel retry")
    assert office.world.payment(item.payment).payment_method == item.payment_method
    assert office.item(item.id).payment_method == item.payment_method


def test_a_colleague_may_take_it_back_and_the_hold_survives_the_tab(small_office):
    item = small_office.failed()
    small_office.at_work("luc").press("Retry", within=item.id)
    marie = small_office.at_work("marie")
    marie.press("Annuler le nouvel essai", within=item.id)
    assert small_office.item(item.id).state == "open"


def test_what_was_sent_is_not_taken_back(office):
    """The page still shows the button; a worker was quicker."""
    item = office.failed()
    browser = office.at_work("luc")
    form = browser.press("Retry", within=item.id).form("Cancel retry", within=item.id)
    office.work()
    page = browser.post(form.action, form.fields)
    assert browser.status == 409
    assert "The retry has been sent, or has its answer already" in page.words
    assert len(office.world.attempts(item.payment)) == 2


def test_the_button_goes_when_the_hold_is_over(small_office):
    item = small_office.failed()
    browser = small_office.at_work("luc")
    browser.press("Retry", within=item.id)
    small_office.world.wait(seconds=HOLD.total_seconds())
    browser.open("/action-items")
    assert "Cancel retry" not in browser.text
    assert "Retrying…" in browser.page.words
