"""P3: every act of a person is in the trail: who, when, what, before and after."""

from datetime import date
from typing import Any

from domain.event import Event
from domain.use_cases.act_on_item import reject_item, reopen_item, retry_item
from domain.use_cases.match_money import create_allocation, delete_allocation
from domain.use_cases.plan_instalments import cancel_instalments, change_instalments
from tests.world import ORGANISATION, World

MARIE: dict[str, Any] = {"organisation": ORGANISATION, "by": "marie"}


def last(club: World, type_: str) -> Event:
    found = club.books.run(lambda tx: tx.all(Event, organisation=ORGANISATION, type=type_, order_by="id"))
    return found[-1]


def test_P3_a_changed_instalment_says_what_it_was(club: World):
    payment = club.owing(amount=6_000, days=30)
    other = club.card("tok_approve")
    was = club.payment(payment)
    club.books.run(
        lambda tx: change_instalments(
            tx, **MARIE, instalments=[payment], day=date(2027, 3, 1), amount=None, payment_method=other
        )
    )
    told = last(club, "instalment.changed")
    assert (told.by, told.at) == ("marie", club.now)
    assert told.before == {
        "state": "scheduled", "due_on": was.due_on.isoformat(), "payment_method": was.payment_method,
        "merchant_account": was.merchant_account, "offline": None,
    }  # fmt: skip
    assert told.data["due_on"] == "2027-03-01"
    assert told.data["payment_method"] == other
    club.books.run(lambda tx: cancel_instalments(tx, **MARIE, instalments=[payment]))
    assert last(club, "instalment.cancelled").before == {"state": "scheduled"}


def test_P3_a_retry_with_another_method_says_which_was_replaced(club: World):
    payment = club.owing("tok_insufficient_funds")
    club.night()
    item, method, other = club.item(payment).id, club.payment(payment).payment_method, club.card("tok_approve")
    club.books.run(lambda tx: retry_item(tx, **MARIE, item=item, payment_method=other))
    told = last(club, "action_item.retrying")
    assert (told.by, told.before, told.data["payment_method"]) == (
        "marie", {"state": "open", "payment_method": method}, other,
    )  # fmt: skip


def test_P3_a_rejection_and_its_undo_say_what_was_before(club: World):
    payment = club.owing("tok_insufficient_funds")
    club.night()
    item = club.item(payment).id
    club.books.run(lambda tx: reject_item(tx, **MARIE, item=item, reason="moved away"))
    told = last(club, "action_item.rejected")
    assert (told.by, told.before, told.data["reason"]) == ("marie", {"state": "open"}, "moved away")
    club.books.run(lambda tx: reopen_item(tx, organisation=ORGANISATION, by="luc", item=item))
    told = last(club, "action_item.opened")
    assert (told.by, told.before) == ("luc", {"state": "rejected", "by": "marie", "note": "moved away"})


def test_P3_a_deleted_allocation_says_what_was_matched(club: World):
    invoice = club.invoice(2_000)
    paid = club.pay(1_500, offline="cash")
    assert paid is not None
    made = club.books.run(
        lambda tx: create_allocation(
            tx, **MARIE, client="c-1", allocation="al-1", source_kind="payment", source=paid["payment"],
            invoice=invoice, line=None, amount=1_000,
        )
    )  # fmt: skip
    club.books.run(lambda tx: delete_allocation(tx, **MARIE, client="c-1", allocation=made["allocation"]))
    [line] = last(club, "allocation.deleted").before["lines"]
    assert (line["invoice"], line["source"], line["amount"]) == (invoice, paid["payment"], 1_000)
