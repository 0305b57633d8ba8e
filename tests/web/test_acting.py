"""Acting on items: one effect, whoever presses and however often; every refusal in words (A3, A4, A5, A10)."""

import threading

from domain.use_cases.act_on_item import reject_item, retry_item
from tests.web.office import Office
from tests.world import ORGANISATION


def test_retry_turns_the_row_pending_at_once_and_ends_as_resolved(office):
    item = office.failed()
    office.world.card("tok_approve", id="pm-good")
    browser = office.at_work("luc")
    browser.open(f"/action-items/{item.id}")
    page = browser.press("Retry $45.00", payment_method="pm-good")
    assert "Retrying $45.00 from Client c-1." in page.words
    assert "$45.00 is being charged again to Client c-1" in page.words
    office.work()
    assert "Client c-1's $45.00 is settled" in browser.open(f"/action-items/{item.id}").words
    assert office.item(item.id).state == "resolved"
    assert office.world.captured() == 4500


def test_retry_from_the_list_comes_back_to_the_list(office):
    item = office.failed()
    browser = office.at_work("luc")
    browser.open("/action-items?tab=instalments")
    page = browser.press("Retry", within=item.id)
    assert browser.path == "/action-items?tab=instalments"
    assert "Retrying…" in page.words
    assert "Refresh" in page.links


def test_a_retry_that_fails_opens_again_with_its_reason(office):
    item = office.failed()
    browser = office.at_work("luc")
    browser.press("Retry", within=item.id)
    office.work()
    page = browser.open(f"/action-items/{item.id}")
    assert "Insufficient funds." in page.words
    assert page.words.count("$45.00 failed.") == 2
    assert "Attempts so far 2" in page.words


def test_a_double_click_is_harmless(office):
    item = office.failed()
    browser = office.at_work("luc")
    form = browser.page.form("Retry", within=item.id)
    browser.post(form.action, form.fields)
    page = browser.post(form.action, form.fields)
    assert browser.status == 200
    assert "It is made once." in page.words
    office.work()
    assert len(office.world.attempts(item.payment)) == 2


def test_the_second_presser_is_told_who_and_when(office):
    item = office.failed()
    luc, marie = office.at_work("luc"), office.at_work("marie")
    luc.press("Retry", within=item.id)
    office.world.wait(seconds=12)
    page = marie.press("Réessayer", within=item.id)
    assert marie.status == 409
    assert "Luc Roy a réessayé ce paiement il y a 12 secondes." in page.words
    office.work()
    assert len(office.world.attempts(item.payment)) == 2


def test_two_people_who_press_at_the_same_instant_make_one_charge(office):
    item = office.failed()
    browsers = [office.at_work("luc"), office.at_work("marie")]
    forms = [
        browser.page.form(word, within=item.id) for browser, word in zip(browsers, ("Retry", "Réessayer"), strict=True)
    ]
    start = threading.Barrier(2)

    def press(position: int) -> None:
        start.wait()
        browsers[position].post(forms[position].action, forms[position].fields)

    threads = [threading.Thread(target=press, args=(position,)) for position in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(browser.status for browser in browsers) == [200, 409]
    office.work()
    assert len(office.world.attempts(item.payment)) == 2


def test_a_page_that_is_out_of_date_retries_nothing_unseen(office):
    """Somebody else's retry has failed meanwhile: whoever presses on the old page is shown the new state."""
    item = office.failed()
    luc, marie = office.at_work("luc"), office.at_work("marie")
    luc.press("Retry", within=item.id)
    office.work()
    page = marie.press("Réessayer", within=item.id)
    assert marie.status == 409
    assert "Cet élément a changé depuis l'ouverture de la page (Luc Roy, à l'instant)" in page.words
    office.work()
    assert len(office.world.attempts(item.payment)) == 2


def test_a_dead_card_is_demoted_and_says_why(office):
    item = office.failed("tok_lost_card")
    browser = office.at_work("luc")
    assert "Choose another card" in " ".join(browser.page.links)
    page = browser.open(f"/action-items/{item.id}")
    assert "The client has no other card on file." in page.words
    assert "can't be charged any more" in page.words
    assert [attributes for tag, attributes in page.tags if tag == "button" and "disabled" in attributes]


def test_a_dead_card_is_replaced_in_the_same_step(office):
    item = office.failed("tok_lost_card")
    office.world.card("tok_approve", id="pm-good")
    browser = office.at_work("luc")
    page = browser.open(f"/action-items/{item.id}")
    assert page.form("Retry").fields["payment_method"] == "pm-good"
    browser.press("Retry $45.00")
    office.work()
    page = browser.open(f"/action-items/{item.id}")
    assert "Retried with another method: Visa ••4242." in page.words
    assert office.item(item.id).state == "resolved"


def test_where_another_card_is_advised_it_is_chosen_already(office):
    """An expired card may be retried, once its date is put right; the other one on file is the better guess."""
    item = office.failed("tok_expired_card")
    browser = office.at_work("luc")
    assert browser.open(f"/action-items/{item.id}").form("Retry").fields["payment_method"] == item.payment_method
    office.world.card("tok_approve", id="pm-good")
    assert browser.open(f"/action-items/{item.id}").form("Retry").fields["payment_method"] == "pm-good"


def test_a_retry_of_a_dead_card_by_a_forged_form_is_refused_in_words(office):
    item = office.failed("tok_lost_card")
    browser = office.at_work("luc")
    fields = {"csrf": browser.csrf, "version": str(item.version)}
    page = browser.post(f"/action-items/{item.id}/retry", fields)
    assert browser.status == 422
    assert "This payment method can't be charged any more: choose another one." in page.words


def test_another_clients_card_is_not_charged(office):
    item = office.failed()
    office.world.client("c-2")
    office.world.card("tok_approve", client="c-2", id="pm-theirs")
    browser = office.at_work("luc")
    fields = {"csrf": browser.csrf, "version": str(item.version), "payment_method": "pm-theirs"}
    browser.post(f"/action-items/{item.id}/retry", fields)
    assert browser.status == 404
    assert office.item(item.id).state == "open"


def test_rejecting_needs_a_reason_and_keeps_what_was_typed(office):
    item = office.failed()
    browser = office.at_work("luc")
    browser.open(f"/action-items/{item.id}")
    page = browser.press("Reject", reason="   ")
    assert browser.status == 422
    assert page.words.count("Please say why.") == 2
    assert any(attributes.get("aria-invalid") == "true" for _, attributes in page.tags)
    assert office.item(item.id).state == "open"


def test_a_rejection_can_be_undone_from_the_note_about_it(office):
    item = office.failed()
    browser = office.at_work("luc")
    browser.open(f"/action-items/{item.id}")
    page = browser.press("Reject", reason="Paid in cash.", back="/action-items")
    assert "Rejected: Client c-1, $45.00." in page.words
    assert "All clear" in page.words
    page = browser.press("Undo")
    assert "Reopened: Client c-1, $45.00." in page.words
    assert office.item(item.id).state == "open"
    history = browser.open(f"/action-items/{item.id}").words
    assert "Paid in cash." in history
    assert history.index("Reopened.") < history.index("Rejected.")


def test_a_rejected_item_is_found_and_reopened_among_the_closed(office):
    item = office.failed()
    browser = office.at_work("luc")
    browser.open(f"/action-items/{item.id}")
    browser.press("Reject", reason="Moved away.")
    page = browser.open("/action-items?tab=closed")
    assert "Moved away." in page.words
    assert "Luc Roy" in page.words
    browser.press("Reopen", within=item.id)
    assert office.item(item.id).state == "open"


def test_an_item_that_was_closed_meanwhile_says_by_whom(office):
    item = office.failed()
    luc, marie = office.at_work("luc"), office.at_work("marie")
    luc.open(f"/action-items/{item.id}")
    marie.open(f"/action-items/{item.id}")
    luc.press("Reject", reason="Paid.")
    page = marie.press("Réessayer")
    assert marie.status == 409
    assert "Luc Roy a rejeté cet élément à l'instant." in page.words


def test_a_doubt_allows_no_retry_and_no_rejection(office):
    item = office.failed("tok_timeout_before_charge")
    browser = office.at_work("luc")
    page = browser.open(f"/action-items/{item.id}")
    assert "Nobody knows yet whether Client c-1 paid $45.00" in page.words
    assert not [form for form in page.forms if form.action.endswith(("/retry", "/reject"))]
    for act in ("retry", "reject"):
        fields = {"csrf": browser.csrf, "version": str(item.version), "reason": "because"}
        page = browser.post(f"/action-items/{item.id}/{act}", fields)
        assert browser.status == 409
        assert "settle that first" in page.words


def test_asking_again_looks_the_payment_up(office):
    item = office.failed("tok_timeout_before_charge")
    browser = office.at_work("luc")
    page = browser.press("Ask again", within=item.id)
    assert "Asking the processor about Client c-1, $45.00." in page.words
    assert "Asked the processor again." in browser.open(f"/action-items/{item.id}").words
    office.work()
    assert office.world.payment(item.payment).state == "in_doubt"


def test_it_was_paid_needs_the_reference_and_books_it_once(office):
    item = office.failed("tok_timeout_before_charge")
    browser = office.at_work("luc")
    browser.open(f"/action-items/{item.id}")
    page = browser.press("It was paid", reason="Statement of the bank.", reference=" ")
    assert browser.status == 422
    assert "Please give the processor's reference." in page.words
    page = browser.press("It was paid", reason="Statement of the bank.", reference="R-771")
    assert "Booked as paid: Client c-1, $45.00." in page.words
    assert "Statement of the bank. (R-771)" in page.words
    assert office.world.balance() == 0
    browser.post(
        f"/action-items/{item.id}/settle", {"csrf": browser.csrf, "outcome": "paid", "reference": "x", "reason": "y"}
    )
    assert browser.status == 409
    assert office.world.balance() == 0


def test_it_was_not_paid_allows_a_retry(office):
    item = office.failed("tok_timeout_before_charge")
    browser = office.at_work("luc")
    browser.open(f"/action-items/{item.id}")
    page = browser.press("It was not paid", reason="Nothing at the processor.")
    assert "Recorded as not paid" in page.words
    assert page.form("Retry $45.00")


def test_acts_are_in_the_name_of_the_person(office):
    item = office.failed()
    browser = office.at_work("marie")
    browser.press("Réessayer", within=item.id)
    assert office.item(item.id).by == "marie"
    who = office.world.scalar("SELECT count(*) FROM events WHERE type = 'action_item.retrying' AND \"by\" = 'marie'")
    assert who == 1


def test_a_service_or_a_person_who_is_not_known_here_is_named_as_they_signed(office):
    item = office.failed()
    office.world.books.run(lambda tx: retry_item(tx, organisation=ORGANISATION, item=item.id, by="nightly-script"))
    page = office.at_work("luc").open(f"/action-items/{item.id}")
    assert "nightly-script asked for it just now." in page.words


def test_what_people_write_is_never_markup(office):
    item = office.failed()
    office.rename("c-1", '<img src=x onerror="alert(1)"> & Co')
    evil = "</textarea><script>alert(1)</script>{{ 7*7 }}"
    browser = office.at_work("luc")
    browser.open(f"/action-items/{item.id}")
    browser.press("Reject", reason=evil)
    for path in ("/action-items?tab=closed", f"/action-items/{item.id}", f"/action-items?q={evil}"):
        page = browser.open(path)
        assert browser.status == 200
        assert not any(tag == "img" and attributes.get("src") == "x" for tag, attributes in page.tags)
        assert "<script>alert" not in browser.text
        assert "{{ 7*7 }}" in page.words or "?q=" not in path


def test_what_nobody_can_see_is_not_kept(office):
    item = office.failed()
    browser = office.at_work("luc")
    browser.open(f"/action-items/{item.id}")
    browser.press("Reject", reason="a\x00b\u202e\x1b[31mc\nd")
    assert office.item(item.id).note == "ab[31mc\nd"


def test_a_reason_without_end_is_refused_before_it_is_kept(small_office: Office):
    item = small_office.failed()
    browser = small_office.at_work("luc")
    browser.open(f"/action-items/{item.id}")
    page = browser.press("Reject", reason="x" * 1001)
    assert browser.status == 422
    assert "Something is missing or too long" in page.words
    browser.open(f"/action-items/{item.id}")
    browser.press("Reject", reason="x" * 4_300_000)
    assert browser.status == 413


def test_an_undo_on_a_page_of_yesterday_is_refused_in_words(office):
    item = office.failed()
    office.world.books.run(
        lambda tx: reject_item(tx, organisation=ORGANISATION, item=item.id, by="luc", reason="Paid.")
    )
    browser = office.at_work("luc")
    browser.open("/action-items?tab=closed")
    form = browser.page.form("Reopen", within=item.id)
    browser.post(form.action, form.fields)
    page = browser.post(form.action, form.fields)
    assert browser.status == 409
    assert "Only a rejected item whose payment is still owed can be reopened." in page.words


def test_a_card_number_typed_as_a_reason_is_never_kept(office):
    item = office.failed()
    browser = office.at_work("luc")
    browser.open(f"/action-items/{item.id}")
    page = browser.press("Reject", reason="He wrote 4111 1111 1111 1111 on the form.")
    assert browser.status == 422
    assert "looks like a card number" in page.words
    assert (office.item(item.id).state, office.item(item.id).note) == ("open", "")


def test_a_card_number_typed_as_a_reference_is_never_kept(office):
    item = office.failed("tok_timeout_before_charge")
    browser = office.at_work("luc")
    browser.open(f"/action-items/{item.id}")
    typed = {"csrf": browser.csrf, "outcome": "paid", "reference": "4111111111111111", "reason": "seen"}
    browser.post(f"/action-items/{item.id}/settle", typed)
    assert browser.status == 422
    assert office.item(item.id).state == "open"
