"""Puts templates, words and a person together into a page."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from adapters.bootstrap import App
from adapters.web.cookies import drop_note, read_note, spoken_before
from adapters.web.guide import guide
from adapters.web.navigation import links
from adapters.web.visit import visit
from adapters.web.wording import HTML_LANGUAGES, Wording
from domain.organisation import LANGUAGES

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
READ_TOO = ("/clients/", "/organisation/")  # what is sent below these addresses has a page to come back to


def wording_of(request: Request, language: str | None = None) -> Wording:
    """The person's words; before anybody has signed in, those that the browser asks for."""
    app: App = request.app.state.app
    guest = visit(request)
    now = guest.now or app.now()
    if guest.person is None:
        return Wording(language=language or asked_language(request), now=now)
    owner = guest.person.organisation
    return Wording(language=guest.person.language, timezone=owner.timezone, currency=owner.currency, now=now)


def asked_language(request: Request) -> str:
    """The language that was chosen here before, else the first of ours in Accept-Language, without its weights."""
    before = spoken_before(request, request.app.state.app.settings)
    if before in LANGUAGES:
        return before
    for part in request.headers.get("accept-language", "").split(","):
        language = part.split(";")[0].strip().lower()[:2]
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]


def page(
    request: Request, template: str, *, status: int = 200, language: str | None = None,
    wording: Wording | None = None, **context: Any,
) -> HTMLResponse:  # fmt: skip
    """A whole page, or a piece of one for htmx; in the reader's words, unless it is somebody else's paper."""
    app: App = request.app.state.app
    w = wording or wording_of(request, language)
    note = context.pop("note", None)
    html = environment().get_template(template).render(
        w=w, t=w, person=visit(request).person, path=_path(request), languages=_languages(w), note=note,
        navigation=links(visit(request).person, request.url.path),
        guide=guide(request, app.settings, visit(request).person) if status == 200 else [],
        oidc=app.settings.oidc_name if app.settings.oidc_issuer else "", **context
    )  # fmt: skip
    response = HTMLResponse(html, status_code=status, headers={"content-language": w.html})
    if read_note(request, app.settings) is not None:
        drop_note(response, app.settings)
    return response


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.globals["static"] = static
    return made


@cache
def static(name: str) -> str:
    """The address of one of our files: another content has another address."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"


def _languages(w: Wording) -> list[Mapping[str, str]]:
    """The languages that the page could be in, each named in itself."""
    return [
        {"code": language, "html": HTML_LANGUAGES[language], "name": w(f"web.language.{language}")}
        for language in LANGUAGES
        if language != w.language
    ]


def _path(request: Request) -> str:
    """Where the language switch comes back to."""
    if request.method != "GET":
        return "/".join(request.url.path.split("/")[:3]) if request.url.path.startswith(READ_TOO) else "/action-items"
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path
