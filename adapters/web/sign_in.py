"""Signing in with a one-time link, signing out, and the language of a session."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.bootstrap import App
from adapters.web import sessions
from adapters.web.cookies import (
    Note,
    drop_session,
    keep_session,
    leave_note,
    read_note,
    session_cookie,
    speak_again,
    spoken_before,
)  # fmt: skip
from adapters.web.guard import from_our_pages
from adapters.web.pages import page
from adapters.web.sessions import LinkNotValid
from adapters.web.visit import OfVisit, Posted
from domain.organisation import LANGUAGES

router = APIRouter()
HOME = "/action-items"
# Any page of ours that is read; never one that acts, nor a way in.
OUR_PAGE = re.compile(
    r"/(?!sign-|language|guide|v1/)[a-z][a-z-]*(/[A-Za-z0-9._-]{1,64}){0,5}(\?[A-Za-z0-9._~%&=+:*-]{0,500})?"
)
Token = Annotated[str, Query(max_length=sessions.MAX_TOKEN)]


def ours(path: str) -> str:
    """Where to go back to: one of our own pages, whatever a form says."""
    return path if OUR_PAGE.fullmatch(path) else HOME


def signed_in(app: App, token: str) -> Response:
    """To work, or to the second proof."""
    owes = app.books.run(lambda tx: sessions.awaits(tx, token), read_only=True)
    response = RedirectResponse("/sign-in/code" if owes else HOME, status_code=303)
    keep_session(response, app.settings, token)
    return response


@router.get("/")
def home() -> Response:
    return RedirectResponse(HOME, status_code=303)


@router.get("/sign-in")
def show_sign_in(request: Request, token: Token = "", language: str = "") -> Response:
    """A page with a button: whoever only looks at a link (a mail scanner, a preview) does not use it up."""
    app: App = request.app.state.app
    note = read_note(request, app.settings)
    if not token:
        return page(request, "sign_in_needed.html", language=_known(language), note=note)
    try:
        invited = app.books.run(lambda tx: sessions.invited(tx, token), read_only=True)
    except LinkNotValid:
        return page(request, "link_not_valid.html", status=410, language=_known(language))
    chosen = _known(language) or _known(spoken_before(request, app.settings)) or invited.language
    return page(request, "sign_in.html", language=chosen, token=token, name=invited.name)


@router.post("/sign-in")
def sign_in(
    request: Request,
    token: Annotated[str, Form(max_length=sessions.MAX_TOKEN)] = "",
    language: Annotated[str, Form(max_length=2)] = "",
) -> Response:
    """Uses the link up; the session speaks the language in which the page was read."""
    from_our_pages(request)
    app: App = request.app.state.app
    held = request.cookies.get(session_cookie(app.settings), "")
    try:
        fresh = app.books.run(lambda tx: sessions.sign_in(tx, token, language=_known(language), instead_of=held))
    except LinkNotValid:
        return page(request, "link_not_valid.html", status=410)
    return signed_in(app, fresh)


@router.post("/sign-out")
def sign_out(request: Request, visit: OfVisit, csrf: Posted) -> Response:
    visit.act("", csrf, lambda tx, person: sessions.end(tx, visit.token))
    response = RedirectResponse("/sign-in", status_code=303)
    drop_session(response, visit.app.settings)
    leave_note(response, visit.app.settings, Note(code="signed_out"))
    return response


@router.post("/language")
def speak(
    visit: OfVisit,
    csrf: Posted,
    language: Annotated[str, Form(max_length=2)] = "",
    back: Annotated[str, Form(max_length=600)] = "",
) -> Response:
    visit.act("", csrf, lambda tx, person: sessions.speak(tx, person.session, language))
    response = RedirectResponse(ours(back), status_code=303)
    if _known(language):
        speak_again(response, visit.app.settings, language)
    return response


def _known(language: str) -> str | None:
    return language if language in LANGUAGES else None
