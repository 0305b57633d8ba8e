"""What may not happen on a page: an error on the console, a request to another host, a page too heavy or too wide,
a violation of WCAG 2.2 A or AA."""

import json
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError

WEIGHT = 100_000  # bytes of a first view, nothing compressed, nothing in a cache
RULES = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "rules": {"target-size": {"enabled": True}},  # in 2.2 AA, yet off unless asked for
}
UNFOLD = "document.querySelectorAll('details').forEach(one => one.open = true)"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LOADED = """() => performance.getEntriesByType("resource").reduce((sum, one) => sum + one.decodedBodySize, 0)"""


class Watch:
    """Collects complaints about every page of a context, each with the address that it is about."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.host = urlsplit(url).netloc
        self.complaints: list[str] = []
        context.on("console", self._console)
        context.on("weberror", self._broken)
        context.on("request", self._request)

    def _console(self, said: ConsoleMessage) -> None:
        # A page that says "not found" has that status, which the console repeats.
        of_page = said.page is not None and said.location.get("url") == said.page.url and "status of" in said.text
        if said.type in ("error", "warning") and not of_page:
            self.complaints.append(f"{said.page.url if said.page else '?'}: console: {said.text}")

    def _broken(self, error: WebError) -> None:
        self.complaints.append(f"{error.page.url if error.page else '?'}: {error.error}")

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).netloc != self.host and not request.url.startswith("data:"):
            self.complaints.append(f"{request.frame.url}: asks {request.url}")

    def weigh(self, page: Page, body: bytes) -> None:
        """A page that has just been loaded, with what it brought along."""
        weight = len(body) + int(page.evaluate(LOADED))
        if weight > WEIGHT:
            self.complaints.append(f"{page.url}: weighs {weight}")

    def judge(self, page: Page, *, axe: bool) -> None:
        """Everything unfolded, as it stands."""
        size = page.viewport_size
        where = f"{page.url.partition(self.host)[2]} at {size['width'] if size else '?'}"
        page.evaluate(UNFOLD)
        if (too_wide := page.evaluate(OVERFLOW)) > 0:
            self.complaints.append(f"{where}: {too_wide} pixels too wide")
        if axe:
            self.axe(page, where)

    def axe(self, page: Page, where: str) -> None:
        page.evaluate(AXE_SCRIPT)
        found: dict[str, Any] = page.evaluate(f"axe.run({json.dumps(RULES)})")
        for violation in found["violations"]:
            nodes = "; ".join(f"{one['target']} {one['failureSummary']}" for one in violation["nodes"][:3])
            self.complaints.append(f"{where}: {violation['id']} ({len(violation['nodes'])}): {nodes}")
