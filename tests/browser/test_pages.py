"""Every page that the router has, in both languages, wide and narrow: see `tests.browser.watching`."""

import re
from collections.abc import Collection, Iterator
from itertools import product
from typing import Literal

import pytest
from playwright.sync_api import Browser

from adapters.database.item_filter import Tab
from adapters.database.reports import REPORTS
from adapters.web.operations import OPERATIONS, About
from tests.browser.club import Club
from tests.browser.desk import Desks
from tests.browser.story import LIAM, ZOE, tell_the_past
from tests.web.routes import routes
from tests.web.test_permissions import FOR_SERVICES

WIDTHS: dict[int, Literal["light", "dark"]] = {1280: "light", 320: "dark"}  # the colours of the night are judged too
GUEST = ("/sign-in", "/unsubscribe")
PIECES = ("/csv", "/html", "/watch")  # sheets, a mail as it looks in its box, what htmx puts into a page
BEGUN_FROM = {
    About.ACCOUNT: "", About.INVOICE: "?invoice=zoe-skates", About.PAYMENT: "?payment=zoe-paid",
    About.REFUND: "?refund=liam-refund", About.ALLOCATION: "?allocation=none", About.UPCOMING: "",
    About.SUBSCRIPTION: "?subscription=zoe-pass",
}  # fmt: skip
ITEMS = "SELECT min(id) FROM action_items GROUP BY kind, state, reason_class"
# What a page also looks like.
VARIANTS = {
    "/action-items": [f"?tab={tab.value}" for tab in Tab] + ["?q=nothing+like+it"],
    "/clients": ["?q=nothing+like+it"],
}
STRANGE = ("/no-such-page", "/clients/nobody", "/action-items/itm_none")


@pytest.fixture(scope="module")
def lived(club: Club) -> Club:
    tell_the_past(club)
    return club


def filled(club: Club) -> dict[str, list[str]]:
    """What each parameter of an address may be. A new one belongs here."""
    return {
        "item": club.ids(ITEMS), "client": [ZOE, LIAM], "name": list(REPORTS),
        "mail": [club.one("SELECT min(id) FROM mails")], "administrator": ["emma", "marie"],
        "batch": club.ids("SELECT id FROM echeck_batches"), "message": club.ids("SELECT id FROM quarantine"),
        "payment": [club.one("SELECT payment FROM action_items WHERE client = 'c-101'")], "bulk": ["blk_none"],
    }  # fmt: skip


def addresses(club: Club) -> Iterator[str]:
    """Of every page, with real ids in them."""
    known = filled(club)
    assert all(known.values()), known
    for method, path in routes(club.office.web):
        if method != "GET" or path.startswith(FOR_SERVICES) or path.endswith(PIECES):
            continue
        if path.endswith("/{operation}"):
            for operation in OPERATIONS.values():
                client = LIAM if operation.about is About.REFUND else ZOE
                yield path.format(client=client, operation=operation.name) + BEGUN_FROM[operation.about]
            continue
        names = re.findall(r"\{(\w+)\}", path)
        assert not set(names) - known.keys(), f"{path}: say in `filled` what its parameters may be"
        for values in product(*(known[name] for name in names)):
            yield path.format(**dict(zip(names, values, strict=True)))
        yield from (path + more for more in VARIANTS.get(path, []))
    yield from STRANGE


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_is_sound(lived: Club, browser: Browser, language: str) -> None:
    """Axe judges each page once in each language: by day and wide in one, by night and narrow in the other."""
    every_page(lived, browser, language, judged=(1280,) if language == "en" else (320,))


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_is_sound_in_every_way(lived: Club, browser: Browser, language: str) -> None:
    every_page(lived, browser, language, judged=(1280, 320))


def every_page(club: Club, browser: Browser, language: str, *, judged: Collection[int]) -> None:
    desks = Desks(club, browser)
    known, guest = desks.at(language, scripts=True), desks.guest(language)
    for address in addresses(club):
        desk = guest if address.startswith(GUEST) else known
        answer = desk.page.goto(club.url + address)
        assert answer is not None
        if answer.status >= 500:
            desk.watch.complaints.append(f"{address}: {answer.status}")
        desk.watch.weigh(desk.page, answer.body())
        for width, colours in WIDTHS.items():
            desk.page.set_viewport_size({"width": width, "height": 720})
            desk.page.emulate_media(color_scheme=colours)
            desk.watch.judge(desk.page, axe=width in judged)
    complaints = known.watch.complaints + guest.watch.complaints
    desks.close()
    assert not complaints, "\n".join(sorted(set(complaints)))
