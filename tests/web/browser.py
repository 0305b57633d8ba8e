"""A browser without JavaScript: cookies, pages, and the forms that are really on them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

ORIGIN = "http://127.0.0.1:8000"


@dataclass
class Form:
    """`ids` are of the elements around it, `fields` what it would send, `buttons` what can be pressed."""

    action: str
    method: str
    ids: tuple[str, ...]
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """What a reader needs of a page: its words, its links, its forms, its language."""

    VOID = ("input", "meta", "link", "img", "br", "wbr")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._words: list[str] = []
        self._open: list[tuple[str, str]] = []
        self._form: Form | None = None
        self._begun: Form | None = None  # the form around a button that is one of several
        self._several: list[tuple[Form, Form, dict[str, str]]] = []
        self._gather: list[str] | None = None
        self._href = ""
        self._select = ""
        self.feed(html)
        self.words = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag not in self.VOID:
            self._open.append((tag, given.get("id", "")))
        if tag == "form":
            ids = tuple(id for _, id in self._open if id)
            self._form = Form(given["action"], given["method"], ids)
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(self._form, tag, given)
        if tag in ("button", "a"):
            self._gather, self._href = [], given.get("href", "")

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        """What an element adds to the form around it."""
        if tag in ("input", "textarea") and "name" in given:
            if given.get("type") not in ("radio", "checkbox") or "checked" in given:
                form.fields[given["name"]] = given.get("value", "")
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and self._select:
            if "selected" in given or self._select not in form.fields:
                form.fields[self._select] = given.get("value", "")
        elif tag == "button" and ("formaction" in given or given.get("name") == "act"):
            self._of_its_own(form, given)
        elif tag == "button" and "name" in given:
            form.fields[given["name"]] = given.get("value", "")

    def _of_its_own(self, around: Form, given: dict[str, str]) -> None:
        """One of several buttons of a form: what it sends is the form's, and its own value."""
        ids = tuple(id for _, id in self._open if id)
        own = {given["name"]: given.get("value", "")} if "name" in given else {}
        self._form = Form(given.get("formaction", around.action), around.method, ids)
        self._begun = around
        self.forms.append(self._form)
        self._several.append((self._form, around, own))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("button", "a") and self._gather is not None:
            text = " ".join("".join(self._gather).split())
            if tag == "a":
                self.links[text] = self._href
            elif self._form is not None:
                self._form.buttons.append(text)
            self._gather = None
        if tag == "button" and self._begun is not None:
            self._form, self._begun = self._begun, None
        if tag == "form":
            for one, around, own in self._several:
                one.fields = around.fields | own
            self._form = None
        if tag == "select":
            self._select = ""
        while self._open and (closed := self._open.pop()[0]) != tag:
            assert closed in ("li", "p"), f"<{closed}> is not closed before </{tag}>"

    def handle_data(self, data: str) -> None:
        self._words.append(data)
        if self._gather is not None:
            self._gather.append(data)

    def form(self, button: str, *, within: str = "") -> Form:
        """The form whose button begins with these words, around or inside the element of that id."""
        found = [
            form
            for form in self.forms
            if any(text.startswith(button) for text in form.buttons) and (not within or within in form.ids)
        ]
        assert found, f"no button {button!r} in {[form.buttons for form in self.forms]}"
        return found[0]


class Browser:
    """One person's browser, redirects followed."""

    def __init__(self, application: FastAPI) -> None:
        self.http = TestClient(application, base_url=ORIGIN, raise_server_exceptions=False, follow_redirects=True)
        self.status = 0
        self.headers: Any = {}
        self.text = ""
        self.path = ""

    def open(self, path: str, **headers: str) -> Page:
        return self._seen(self.http.get(path, headers=headers))

    def press(self, button: str, *, within: str = "", **typed: str) -> Page:
        """Fills in and sends the form of a button on the page that is open."""
        form = self.page.form(button, within=within)
        return self.post(form.action, form.fields | typed)

    def post(self, path: str, data: dict[str, str], **headers: str) -> Page:
        return self._seen(self.http.post(path, data=data, headers={"origin": ORIGIN} | headers))

    @property
    def page(self) -> Page:
        return Page(self.text)

    @property
    def csrf(self) -> str:
        return next(form.fields["csrf"] for form in self.page.forms if "csrf" in form.fields)

    def _seen(self, response: Any) -> Page:
        self.status, self.headers, self.text = response.status_code, response.headers, response.text
        self.path = response.url.raw_path.decode()
        return self.page
