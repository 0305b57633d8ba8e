"""One act on many items (A6): frozen as it was shown, done once for each whatever crashes, an answer for every row."""

from contextlib import suppress
from typing import Any

import pytest

from adapters.bulk_acting import CHUNK, carry_out, count_rows, freeze, start
from adapters.errands import ErrandKind, due_errands
from domain.bulk_act import Bulk, BulkAct, BulkRow, BulkState, RowState
from domain.use_cases.act_on_item import reject_item, reopen_item, retry_item
from tests.use_cases.test_crash_points import Crash, crash_at_commit, crash_before_statement
from tests.web.crowd import crowd
from tests.world import ORGANISATION


def begun(office, items, act=Bulk.RETRY, by="luc", reason=""):
    chosen = [(item.id, item.version, item.amount, "") for item in items]
    books = office.world.books
    bulk = books.run(lambda tx: freeze(tx, ORGANISATION, act, by, chosen)).id
    books.run(lambda tx: start(tx, ORGANISATION, bulk, by=by, reason=reason))
    return bulk


def told(office, bulk):
    """(state of the act, how many rows in each state, what refused the others)."""

    def read(tx):
        act = tx.get(BulkAct, organisation=ORGANISATION, id=bulk)
        rows = tx.all(BulkRow, organisation=ORGANISATION, bulk=bulk, order_by="position")
        return act.state, dict(count_rows(tx, act)), [row.code for row in rows if row.code]

    return office.world.books.run(read)


def all_of(office):
    while carry_out(office.app, organisation=ORGANISATION):
        pass


def charged_once(office, items):
    assert office.world.scalar("SELECT count(*) FROM attempts") == 2 * len(items)
    assert office.world.scalar("SELECT max(number) FROM attempts") == 2
    assert office.world.captured() == sum(item.amount for item in items)


@pytest.mark.parametrize("kind", ["statement", "commit"])
def test_A6_a_bulk_retry_that_crashes_anywhere_is_finished_once(small_office, kind):
    """The process dies before each statement, or at each commit, in turn; the next one goes on."""
    items = crowd(small_office, 6)
    bulk, number, crashes = begun(small_office, items), 0, 0
    crash = crash_before_statement if kind == "statement" else crash_at_commit
    while told(small_office, bulk)[0] is BulkState.RUNNING:
        number += 1
        with crash(small_office.world.engine, number), suppress(Crash):
            crashes += 1
            carry_out(small_office.app, organisation=ORGANISATION, limit=4)
            crashes -= 1
    assert crashes > (20 if kind == "statement" else 0)
    assert told(small_office, bulk) == (BulkState.ENDED, {RowState.DONE: 6}, [])
    small_office.work()
    charged_once(small_office, items)


def test_A6_a_bulk_retry_of_many_survives_a_crash_in_the_middle(office):
    items = crowd(office, 120)
    bulk = begun(office, items)
    carry_out(office.app, organisation=ORGANISATION)
    with crash_before_statement(office.world.engine, 100), pytest.raises(Crash):
        all_of(office)
    done = told(office, bulk)[1][RowState.DONE]
    assert CHUNK <= done < 120
    office.work()
    assert told(office, bulk) == (BulkState.ENDED, {RowState.DONE: 120}, [])
    charged_once(office, items)
    assert {item.state for item in office.world.items()} == {"resolved"}


def test_what_runs_is_found_by_whoever_sweeps_and_no_longer_once_it_ended(small_office):
    def due():
        found = small_office.world.books.run(due_errands)
        return [errand for errand in found if errand.kind is ErrandKind.BULK]

    items = crowd(small_office, 2)
    assert due() == []
    begun(small_office, items)
    assert len(due()) == 1
    small_office.work()
    assert due() == []


def test_a_bulk_reject_closes_each_with_its_reason(office):
    items = crowd(office, 3)
    bulk = begun(office, items, Bulk.REJECT, reason="Season cancelled.")
    office.work()
    assert told(office, bulk)[1] == {RowState.DONE: 3}
    closed = office.world.items()
    assert {(item.state, item.note, item.by) for item in closed} == {("rejected", "Season cancelled.", "luc")}


def test_what_moved_on_meanwhile_is_passed_over_and_says_why(small_office):
    rejected, retried, failed_again, plain = items = crowd(small_office, 4)
    books = small_office.world.books
    chosen = [(item.id, item.version, item.amount, "") for item in items]
    bulk = books.run(lambda tx: freeze(tx, ORGANISATION, Bulk.RETRY, "luc", chosen)).id
    act: dict[str, Any] = {"organisation": ORGANISATION, "by": "marie"}
    books.run(lambda tx: reject_item(tx, item=rejected.id, reason="Paid.", **act))
    books.run(lambda tx: retry_item(tx, item=retried.id, **act))
    books.run(lambda tx: reject_item(tx, item=failed_again.id, reason="Paid.", **act))
    books.run(lambda tx: reopen_item(tx, item=failed_again.id, **act))
    books.run(lambda tx: start(tx, ORGANISATION, bulk, by="luc", reason=""))
    carry_out(small_office.app, organisation=ORGANISATION)
    assert told(small_office, bulk)[2] == ["item_closed", "already_retrying", "item_changed"]
    assert small_office.item(plain.id).state == "retrying"


def test_the_permission_counts_when_the_act_is_done(small_office):
    items = crowd(small_office, 2)
    bulk = begun(small_office, items)
    small_office.person("luc", "failed_payment", name="Luc Roy")
    small_office.work()
    assert told(small_office, bulk)[2] == ["permission_denied", "permission_denied"]
    assert {item.state for item in small_office.world.items()} == {"open"}


def test_a_bug_in_one_row_spoils_no_other(small_office, caplog):
    """The plan of one item is gone: a thing that nobody foresaw."""
    items = crowd(small_office, 3)
    small_office.world.books.run(
        lambda tx: tx.connection.exec_driver_sql(f"UPDATE payments SET state = 'due' WHERE id = '{items[1].payment}'")
    )
    bulk = begun(small_office, items)
    small_office.work()
    state, rows, codes = told(small_office, bulk)
    assert (state, rows[RowState.DONE], len(codes)) == (BulkState.ENDED, 2, 1)


def test_an_act_that_is_started_twice_begins_once(small_office):
    items = crowd(small_office, 1)
    bulk = begun(small_office, items)
    small_office.world.books.run(lambda tx: start(tx, ORGANISATION, bulk, by="marie", reason=""))
    small_office.work()
    assert len(small_office.world.attempts(items[0].payment)) == 2


def test_A6_on_the_page_the_set_is_frozen_stated_and_followed(small_office):
    small_office.failed(client="c-2", amount=5_700)
    dead = small_office.failed("tok_lost_card", client="c-3", amount=9_900)
    browser = small_office.at_work("luc")
    page = browser.press("Retry selected", all="1")
    assert "Retry 1 payment, $57.00" in page.words
    assert "1 will be skipped 1 ($99.00): The method is dead: a new one is needed first." in page.words
    page = browser.press("Retry 1 payment")
    assert "0 of 1 done, asked for by Luc Roy." in page.words
    watched = next(attributes for _, attributes in page.tags if attributes.get("id") == "progress")
    assert (watched["hx-get"], watched["hx-trigger"]) == (browser.path, "load delay:2s")
    small_office.work()
    page = browser.open(browser.path)
    assert "Finished: 1 of 1 done" in page.words
    assert "Client c-2" in browser.open(f"{browser.path}?only=failed").links
    assert small_office.item(dead.id).state == "open"


def test_A6_a_bulk_rejection_is_undone_by_one_press(small_office):
    items = crowd(small_office, 2)
    browser = small_office.at_work("luc")
    browser.press("Reject selected", all="1")
    browser.press("Reject 2 items", reason="")
    assert browser.status == 422
    browser.press("Reject 2 items", reason="Season cancelled.")
    small_office.work()
    browser.open(browser.path)
    browser.press("Undo: reopen them")
    small_office.work()
    assert "Reopen 2 items" in browser.open(browser.path).words
    assert {small_office.item(item.id).state for item in items} == {"open"}


def test_A6_nothing_ticked_goes_back_to_the_list_and_strangers_are_not_there(small_office):
    small_office.failed()
    stranger = small_office.failed_elsewhere()
    browser = small_office.at_work("luc")
    form = browser.page.form("Retry selected")
    browser.post(form.action, form.fields)
    assert browser.path == "/action-items"
    browser.post(form.action, form.fields | {"item": f"{stranger.id}~1"})
    assert browser.status == 404
