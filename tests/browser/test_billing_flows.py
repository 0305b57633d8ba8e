"""Sections 1 and 6 of the rules in a real browser: every operation of a client's billing, previewed and done; each
with JavaScript in one language and without it in the other."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.database.desk import desk as read_desk
from adapters.web.operations import OPERATIONS, About
from tests.browser.club import CLUB, Club, card_of, newcomer
from tests.browser.desk import Desk, Desks
from tests.browser.flows import CLIENTS, FLOWS, Flow

NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def funded(club: Club) -> Club:
    club.tell("scholarship.open", fund="rotary", amount=1_000_000)
    return club


def somebody(club: Club, kind: str) -> str:
    client = f"k{next(NUMBERS)}"
    other = card_of(client, f"{client}-card-2", token="tok_approve", brand="amex", last4="1005", expiry="2029-01")
    club.tell_all(*newcomer(client, "Ada Roy"), ("payment_method.register", other), *CLIENTS[kind](client))
    return client


def begin(desk: Desk, flow: Flow, client: str) -> None:
    """From the client's page to the form, as a person finds it."""
    desk.open(f"/clients/{client}")
    operation = OPERATIONS[flow.name]
    if flow.ticks_upcoming:
        desk.page.locator('.upcoming [name="instalments"]:enabled').first.check()
        desk.press(f"operation.{flow.name}.begin")
    elif flow.row == "-":
        desk.follow(f"operation.{flow.name}.begin")
    elif flow.row:
        row = f'[id="{flow.row.format(c=client)}"]'
        desk.page.locator(f"{row} summary").first.click()
        desk.follow(f"operation.{flow.name}.begin", within=row)
    else:
        assert operation.about is About.ACCOUNT
        desk.page.locator(".menu summary").click()
        desk.follow(f"operation.{flow.name}.title", within=".menu")


def balance(club: Club, client: str) -> int:
    return int(club.app.books.run(lambda tx: read_desk(tx, CLUB, client), read_only=True).told["balance"])


def test_every_operation_has_its_flow() -> None:
    assert {flow.name for flow in FLOWS} == set(OPERATIONS)


def ways() -> Iterator[Any]:
    """Each operation every day once, with and without scripts in turn; the other way in a soak."""
    for number, flow in enumerate(FLOWS):
        for scripts, how in ((True, "with-scripts"), (False, "without")):
            other = (number % 4 < 2) != scripts
            yield pytest.param(number, scripts, id=f"{flow.name}-{how}", marks=[pytest.mark.soak] if other else [])


@pytest.mark.parametrize(("number", "scripts"), list(ways()))
def test_b5_to_b16_and_r3_to_r5_an_operation_shows_what_it_changes_and_then_does_that(
    funded: Club, desks: Desks, number: int, scripts: bool
) -> None:
    flow, club = FLOWS[number], funded
    desk = desks.at("en" if number % 2 == scripts else "fr", scripts=scripts)
    client = somebody(club, flow.client)
    before = balance(club, client)
    begin(desk, flow, client)
    for name, value in flow.typed.items():
        desk.fill(name, desk.amount(value) if isinstance(value, int) else str(value).format(c=client))
    desk.press("operation.preview")
    foreseen = desk.page.get_by_role("row").filter(has_text=desk.say("billing.balance")).inner_text()
    assert foreseen.split("\t")[1:] == [desk.money(before), desk.money(before + flow.balance)]
    assert balance(club, client) == before, "a preview changes nothing"
    desk.press(f"operation.{flow.name}.do", within="main")
    assert desk.say(f"operation.{flow.name}.title") in desk.told()
    shown = desk.page.locator(".sums dd").first.inner_text()
    assert shown == desk.money(before + flow.balance)
    assert balance(club, client) == before + flow.balance
    assert desk.watch.complaints == []
