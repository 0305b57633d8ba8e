"""Section 5 of the rules in a real browser: what a person does with what failed; each with JavaScript in one language
and without it in the other."""

import itertools

import pytest

from domain.action_item import ActionItem
from tests.browser.club import CLUB, TODAY, Club
from tests.browser.desk import Desk, Desks

NUMBERS = itertools.count(1)
ALTERNATELY = pytest.mark.parametrize(
    ("language", "scripts"), [("en", True), ("fr", False)], ids=["en", "fr-no-script"]
)
TURNED = pytest.mark.parametrize(("language", "scripts"), [("fr", True), ("en", False)], ids=["fr", "en-no-script"])
HELD_S = 11  # a retry from the pages can be taken back for ten seconds
DOUBT_MIN = 10


def failed(club: Club, token: str = "tok_insufficient_funds") -> ActionItem:
    """An instalment of 45.00 that was due today."""
    club.at(TODAY, 9)
    client = club.client(f"i{next(NUMBERS)}", "Léa Roy", token=token)
    line = {"line": "l1", "description": "Judo", "amount": 4_500}
    invoice = f"{client}-inv"
    club.tell("invoice.create", client=client, invoice=invoice, lines=[line])
    club.tell(
        "instalment_plan.create", client=client, plan=f"{client}-plan", invoice=invoice, total=4_500,
        payment_method=f"{client}-card", schedule={"dates": [TODAY.isoformat()]},
    )  # fmt: skip
    for _ in range(8 if token == "tok_garbage" else 0):  # until nobody asks any more
        club.wait(minutes=DOUBT_MIN)
    return club.app.books.run(lambda tx: tx.all(ActionItem, organisation=CLUB, client=client), read_only=True)[0]


def state(club: Club, item: ActionItem) -> str:
    return str(club.one(f"SELECT state FROM action_items WHERE id = '{item.id}'"))


def about(desk: Desk, item: ActionItem) -> dict[str, str]:
    return {"client": "Léa Roy", "amount": desk.money(item.amount)}


@ALTERNATELY
def test_a3_a5_a_retry_with_another_card_turns_pending_and_ends_as_paid(
    club: Club, desks: Desks, language: str, scripts: bool
) -> None:
    desk, item = desks.at(language, scripts=scripts), failed(club)
    club.tell(
        "payment_method.register", client=item.client, payment_method=f"{item.client}-new", kind="card",
        merchant_account="main", token="tok_approve", brand="amex", last4="1005", expiry="2029-01",
    )  # fmt: skip
    desk.open(f"/action-items/{item.id}")
    desk.page.locator(f'[name="payment_method"][value="{item.client}-new"]').check()
    desk.press("web.retry.do", within="#retry", amount=desk.money(item.amount))
    assert desk.say("web.told.retried", **about(desk, item)) in desk.told()
    assert state(club, item) == "retrying"
    desk.page.locator(".badge.retrying").wait_for()
    club.wait(seconds=HELD_S)
    if not scripts:
        desk.follow("web.refresh", within="main")
    headline = desk.say("web.headline.resolved", **about(desk, item))
    desk.page.get_by_role("heading", name=headline).wait_for()  # with scripts, by itself
    assert state(club, item) == "resolved"
    assert desk.watch.complaints == []


@TURNED
def test_a3_a_retry_from_the_list_that_fails_is_open_again(
    club: Club, desks: Desks, language: str, scripts: bool
) -> None:
    desk, item = desks.at(language, scripts=scripts), failed(club)
    desk.open(f"/action-items?ids={item.id}")
    desk.press("web.act.retry", within=f"#{item.id}")
    row = desk.page.locator(f"#{item.id}")
    assert desk.say("web.state.retrying") in row.inner_text()
    club.wait(seconds=HELD_S)
    if not scripts:
        row.get_by_role("link", name=desk.say("web.refresh")).click()
    row.get_by_text(desk.words.reason("insufficient_funds", "staff")).wait_for()
    row.get_by_role("button", name=desk.say("web.act.retry")).wait_for()
    assert state(club, item) == "open"
    assert desk.watch.complaints == []


@ALTERNATELY
def test_a4_a_rejection_says_why_and_can_be_undone(club: Club, desks: Desks, language: str, scripts: bool) -> None:
    desk, item = desks.at(language, scripts=scripts), failed(club)
    desk.open(f"/action-items/{item.id}")
    desk.page.fill("#reject textarea", "Paid at the counter")
    desk.press("web.act.reject", within="#reject")
    assert desk.say("web.told.rejected", **about(desk, item)) in desk.told()
    assert desk.page.get_by_text("Paid at the counter").first.is_visible()
    assert state(club, item) == "rejected"
    desk.press("web.act.undo", within="#status")
    assert desk.say("web.told.reopened", **about(desk, item)) in desk.told()
    assert state(club, item) == "open"
    assert desk.watch.complaints == []


@TURNED
def test_a10_an_item_in_doubt_is_asked_about_again_and_settled_as_paid(
    club: Club, desks: Desks, language: str, scripts: bool
) -> None:
    desk, item = desks.at(language, scripts=scripts), failed(club, "tok_garbage")
    desk.open(f"/action-items/{item.id}")
    desk.press("web.act.ask_again", within="#settle")
    assert desk.say("web.told.asked", **about(desk, item)) in desk.told()
    for _ in range(8):
        club.wait(minutes=DOUBT_MIN)
    desk.open(f"/action-items/{item.id}")
    form = desk.page.locator("form").filter(has=desk.page.locator("#paid-reference"))
    form.locator("input:not([type=hidden])").fill("ch_123")
    form.locator("textarea").fill("On their statement")
    form.get_by_role("button").click()
    assert desk.say("web.told.paid", **about(desk, item)) in desk.told()
    assert state(club, item) == "resolved"
    assert desk.watch.complaints == []


@ALTERNATELY
def test_a10_what_was_not_paid_can_be_retried(club: Club, desks: Desks, language: str, scripts: bool) -> None:
    desk, item = desks.at(language, scripts=scripts), failed(club, "tok_garbage")
    desk.open(f"/action-items/{item.id}")
    form = desk.page.locator("form").filter(has=desk.page.get_by_role("button", name=desk.say("web.unpaid.do")))
    form.locator("textarea").fill("Nothing at the processor")
    form.get_by_role("button").click()
    assert desk.say("web.told.not_paid", **about(desk, item)) in desk.told()
    assert desk.page.locator("#retry button").is_enabled()
    assert state(club, item) == "open"
    assert desk.watch.complaints == []
