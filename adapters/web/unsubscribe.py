"""Turning a kind of mail off by the signed link that it carries, at one click (RFC 8058) or with a look first."""

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.mail.unsubscribing import MAX_TOKEN, Choice, LinkNotOurs, choose, read
from adapters.web.pages import page
from domain.organisation import Organisation

router = APIRouter()
Token = Annotated[str, Query(max_length=MAX_TOKEN)]


@router.get("/unsubscribe")
def show_unsubscribe(request: Request, token: Token = "") -> Response:
    """A page with a button: whoever only looks at a link (a mail scanner, a preview) changes nothing."""
    app: App = request.app.state.app
    try:
        choice = app.books.run(lambda tx: read(tx, app.settings, token), read_only=True)
    except LinkNotOurs:
        return _not_valid(request)
    return _page(request, app, choice, token, done=False)


@router.post("/unsubscribe")
def unsubscribe(request: Request, token: Token = "", again: Annotated[str, Form(max_length=1)] = "") -> Response:
    """The link is the proof: a mail program sends no cookie, and nobody's session is touched."""
    app: App = request.app.state.app
    try:
        choice = app.books.run(lambda tx: choose(tx, app.settings, token, on=again == "1"))
    except LinkNotOurs:
        return _not_valid(request)
    return _page(request, app, choice, token, done=True)


def _page(request: Request, app: App, choice: Choice, token: str, *, done: bool) -> Response:
    def owner(tx: BookTransaction) -> Organisation:
        return tx.get(Organisation, id=choice.administrator.organisation)

    organisation = app.books.run(owner, read_only=True)
    return page(
        request, "unsubscribe.html", language=choice.administrator.language, choice=choice, token=token, done=done,
        organisation=organisation,
    )  # fmt: skip


def _not_valid(request: Request) -> Response:
    return page(request, "unsubscribe.html", status=410, choice=None, token="", done=False, organisation=None)
