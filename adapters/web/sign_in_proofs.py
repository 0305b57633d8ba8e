"""Signing in without a link at hand: by password, by a link that is mailed, and the code that some show besides."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.invitations import invite
from adapters.mail.planning import keep
from adapters.web import codes, passwords, sessions, throttle
from adapters.web.cookies import session_cookie
from adapters.web.guard import from_our_pages
from adapters.web.pages import page
from adapters.web.sign_in import signed_in
from adapters.web.throttle import Throttled, key_of
from domain.mail import MailKind
from domain.notifying import Notice, plan
from domain.organisation import Organisation
from domain.people import Administrator

router = APIRouter(prefix="/sign-in")
MAX_EMAIL = 254
Email = Annotated[str, Form(max_length=MAX_EMAIL)]


@router.post("/password")
def by_password(
    request: Request, email: Email = "", password: Annotated[str, Form(max_length=passwords.LONGEST)] = ""
) -> Response:  # fmt: skip
    """The try is counted before the password is looked at; an address that nobody has takes as long to refuse."""
    from_our_pages(request)
    app: App = request.app.state.app
    key = key_of("password", email.strip().casefold())
    try:
        app.books.run(lambda tx: throttle.take(tx, key))
    except Throttled as error:
        return _wait(request, app, error)
    found = app.books.run(lambda tx: passwords.people_at(tx, email), read_only=True)
    right = [person for person, kept in found if passwords.matches(kept, password)]
    if not found:
        passwords.matches(None, password)
    if not right:
        app.log("sign_in.refused", how="password")
        return _door(request, status=401, wrong="password")
    if len(right) > 1:
        return _where(request, app, right, key)
    held = request.cookies.get(session_cookie(app.settings), "")
    return signed_in(app, app.books.run(partial(_begin, person=right[0], key=key, held=held)))


def _begin(tx: BookTransaction, *, person: Administrator, key: str, held: str) -> str:
    throttle.forgive(tx, key)
    return sessions.begin(tx, person, instead_of=held)


def _where(request: Request, app: App, right: list[Administrator], key: str) -> Response:
    """Somebody who works in several organisations says in which: a way into each, good once."""

    def way(tx: BookTransaction, one: Administrator) -> tuple[str, str]:
        token = invite(tx, organisation=one.organisation, administrator=one.id)
        return tx.get(Organisation, id=one.organisation).name, token

    def ways(tx: BookTransaction) -> list[tuple[str, str]]:
        throttle.forgive(tx, key)
        return [way(tx, one) for one in right]

    return page(request, "sign_in_where.html", language=right[0].language, ways=app.books.run(ways))


@router.post("/link")
def mail_link(request: Request, email: Email = "") -> Response:
    """The answer is the same whoever asks: nobody learns here which addresses we know."""
    from_our_pages(request)
    app: App = request.app.state.app
    key = key_of("link", email.strip().casefold())
    try:
        app.books.run(lambda tx: throttle.take(tx, key))
    except Throttled as error:
        return _wait(request, app, error)
    app.books.run(lambda tx: _plan_links(tx, email))
    return _door(request, sent=True)


def _plan_links(tx: BookTransaction, email: str) -> None:
    """A mail for each organisation in which the address works; the link itself is made when it is sent."""
    for person, _ in passwords.people_at(tx, email):
        notice = Notice(kind=MailKind.SIGN_IN_LINK, about=f"asked:{tx.mint()}", facts={})
        reader = (f"administrator:{person.id}", person.email, person.language)
        keep(tx, plan(person.organisation, notice, [reader], now=tx.now))


@router.get("/code")
def show_code(request: Request) -> Response:
    app: App = request.app.state.app
    token = request.cookies.get(session_cookie(app.settings), "")
    person = app.books.run(lambda tx: sessions.half_way(tx, token), read_only=True)
    return page(request, "sign_in_code.html", language=person.language, wrong=False)


@router.post("/code")
def by_code(request: Request, code: Annotated[str, Form(max_length=codes.MAX_CODE)] = "") -> Response:
    """The second proof; the session that comes of it has another id."""
    from_our_pages(request)
    app: App = request.app.state.app
    token = request.cookies.get(session_cookie(app.settings), "")
    person = app.books.run(lambda tx: sessions.half_way(tx, token), read_only=True)
    key = key_of("code", person.organisation, person.id)
    try:
        app.books.run(lambda tx: throttle.take(tx, key))
    except Throttled as error:
        return _wait(request, app, error)
    fresh = app.books.run(partial(_prove, person=person, code=code, token=token, key=key))
    if fresh is None:
        app.log("sign_in.refused", how="code", organisation=person.organisation)
        return page(request, "sign_in_code.html", status=401, language=person.language, wrong=True)
    return signed_in(app, fresh)


def _prove(tx: BookTransaction, *, person: Administrator, code: str, token: str, key: str) -> str | None:
    sessions.half_way(tx, token)
    if not codes.prove(tx, person, code):
        return None
    throttle.forgive(tx, key)
    return sessions.begin(tx, person, instead_of=token, proved=True)


def _door(request: Request, *, status: int = 200, wrong: str = "", sent: bool = False, minutes: int = 0) -> Response:
    return page(
        request, "sign_in_needed.html", status=status, wrong=wrong, sent=sent, minutes=minutes, note=None
    )  # fmt: skip


def _wait(request: Request, app: App, error: Throttled) -> Response:
    """When somebody listens again; whether the address is known is not said."""
    left_s = max((error.until - app.books.run(lambda tx: tx.now, read_only=True)).total_seconds(), 1)
    response = _door(request, status=429, minutes=max(round(left_s / 60), 1))
    response.headers["retry-after"] = str(round(left_s))
    return response
