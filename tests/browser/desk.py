"""A person at the desk with a real browser: signed in once, in one language, with or without JavaScript."""

from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from adapters.locale import say
from adapters.wording import Wording
from tests.browser.club import PASSWORD, Club
from tests.browser.watching import Watch

PATIENCE_MS = 10_000


class Desk:
    """Pages are asked for by the words on them, as a person would."""

    def __init__(self, club: Club, page: Page, language: str, watch: Watch) -> None:
        self.club = club
        self.page = page
        self.language = language
        self.watch = watch
        self.words = Wording(language=language, timezone="America/Toronto", currency="CAD", now=club.world.now)

    def say(self, id: str, **params: Any) -> str:
        return say(id, self.language, **params)

    def sign_in(self) -> None:
        """By the form, with a password."""
        self.page.goto(f"{self.club.url}/sign-in")
        self.page.goto(f"{self.club.url}/account")
        self.page.fill("#email", self.club.email(self.language))
        self.page.fill("#password", PASSWORD)
        self.press("web.sign_in")
        self.page.locator(f'html[lang="{self.language}-CA"] .me').wait_for()

    def open(self, path: str) -> None:
        answer = self.page.goto(self.club.url + path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"

    def press(self, id: str, *, within: str = "body", **params: Any) -> None:
        self.page.locator(within).get_by_role("button", name=self.say(id, **params)).first.click()

    def follow(self, id: str, *, within: str = "body") -> None:
        self.page.locator(within).get_by_role("link", name=self.say(id)).first.click()

    def fill(self, name: str, value: str) -> None:
        """Whatever the field is: a box to tick, a list to choose from, a line to type in."""
        field = self.page.locator(f'main [name="{name}"]:not([type="hidden"])')
        kind = field.first.evaluate("one => one.type")
        if kind in ("checkbox", "radio"):
            self.page.locator(f'main [name="{name}"][value="{value}"]').check()
        elif kind.startswith("select"):
            field.select_option(value)
        else:
            field.fill(value)

    def amount(self, cents: int) -> str:
        """As people type it."""
        return f"{cents / 100:.2f}".replace(".", "," if self.language == "fr" else ".")

    def money(self, cents: int) -> str:
        return self.words.money(cents)

    def told(self) -> str:
        return self.page.locator("#status").inner_text()


class Desks:
    """One for each language and way, signed in when it is first asked for."""

    def __init__(self, club: Club, browser: Browser) -> None:
        self._club = club
        self._browser = browser
        self._open: dict[tuple[str, bool], Desk] = {}
        self._contexts: list[BrowserContext] = []

    def at(self, language: str, *, scripts: bool) -> Desk:
        if (language, scripts) not in self._open:
            desk = self._open[language, scripts] = self._new(language, scripts=scripts)
            desk.sign_in()
        return self._open[language, scripts]

    def guest(self, language: str) -> Desk:
        """Somebody who has not signed in."""
        return self._new(language, scripts=True)

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _new(self, language: str, *, scripts: bool) -> Desk:
        context = self._browser.new_context(
            viewport={"width": 1280, "height": 720}, locale=f"{language}-CA", java_script_enabled=scripts
        )
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        return Desk(self._club, context.new_page(), language, Watch(context, self._club.url))
