"""Every page that the router has, in both languages, wide and narrow: see `tests.browser.watching`."""

import re
from collections.abc import Iterator
from itertools import product

import pytest
from playwright.sync_api import Browser, Page

from adapters.database.action_centre import Tab
from adapters.database.reports import REPORTS
from adapters.web.operations import OPERATIONS, About
from tests.browser.club import PASSWORD, Club
from tests.browser.story import LIAM, ZOE, tell_the_past
from tests.browser.watching import Watch
from tests.web.routes import routes
from tests.web.test_permissions import FOR_SERVICES

WIDTHS = {1280: "light", 320: "dark"}  # the colours of the night are judged too
GUEST = ("/sign-in", "/unsubscribe")
SHEETS = ("/csv",)
BEGUN_FROM = {
    About.ACCOUNT: "", About.INVOICE: "?invoice=zoe-skates", About.PAYMENT: "?payment=zoe-paid",
    About.REFUND: "?refund=liam-refund", About.ALLOCATION: "?allocation=none", About.UPCOMING: "",
    About.SUBSCRIPTION: "",
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
        "mail": [club.one("SELECT min(id) FROM mails")],
    }  # fmt: skip


def addresses(club: Club) -> Iterator[str]:
    """Of every page, with real ids in them."""
    known = filled(club)
    for method, path in routes(club.office.web):
        if method != "GET" or path.startswith(FOR_SERVICES) or path.endswith(SHEETS):
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


def sign_in(page: Page, club: Club, language: str) -> None:
    page.goto(f"{club.url}/sign-in")
    page.goto(f"{club.url}/account")
    page.fill("#email", club.email(language))
    page.fill("#password", PASSWORD)
    page.click("form.proof button.primary")
    assert page.locator("html").get_attribute("lang") == f"{language}-CA"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_is_sound(lived: Club, browser: Browser, language: str) -> None:
    complaints: list[str] = []
    for width, colours in WIDTHS.items():
        context = browser.new_context(
            viewport={"width": width, "height": 720}, locale=f"{language}-CA", color_scheme=colours,  # type: ignore[arg-type]
            extra_http_headers={"accept-language": language},
        )  # fmt: skip
        guest = browser.new_context(viewport={"width": width, "height": 720}, locale=f"{language}-CA")
        watches = Watch(context, lived.url), Watch(guest, lived.url)
        known, unknown = context.new_page(), guest.new_page()
        sign_in(known, lived, language)
        for address in addresses(lived):
            page, watch = (unknown, watches[1]) if address.startswith(GUEST) else (known, watches[0])
            answer = page.goto(lived.url + address)
            assert answer is not None
            if answer.status >= 500:
                complaints.append(f"{address}: {answer.status}")
            watch.judge(page, answer.body())
        complaints += [one for watch in watches for one in watch.complaints]
        guest.close()
        context.close()
    assert not complaints, "\n".join(sorted(set(complaints)))
