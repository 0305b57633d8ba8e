"""Signing in through an identity provider: there, back, and what ties an account of theirs to a person of ours."""

from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.invitations import hash_of, invite
from adapters.web import sessions
from adapters.web.account import fresh_person
from adapters.web.cookies import drop_oidc, keep_oidc, oidc_cookie, session_cookie
from adapters.web.oidc import NotBelieved, Provider
from adapters.web.oidc import Visit as Way
from adapters.web.pages import page
from adapters.web.sessions import Person
from adapters.web.sign_in import signed_in
from adapters.web.visit import OfVisit, Posted
from domain.access import OidcVisit, ProvenIdentity
from domain.decision import Change, New, Remove
from domain.event import Event
from domain.organisation import Organisation
from domain.people import Administrator

router = APIRouter()
LASTS = timedelta(minutes=10)  # at the provider, with a second proof of theirs
MAX = 2_000
Text = Annotated[str, Query(max_length=MAX)]
MAX_PLACES = 20


@router.get("/sign-in/oidc")
def go_there(request: Request) -> Response:
    return _leave(request, request.app.state.app, None)


@router.post("/account/oidc")
def connect(request: Request, visit: OfVisit, csrf: Posted) -> Response:
    """The person who has just signed in ties an account of the provider to themselves, once they are back."""
    person = visit.act("", csrf, fresh_person)
    return _leave(request, visit.app, person)


@router.post("/account/oidc/remove")
def disconnect(visit: OfVisit, csrf: Posted) -> Response:
    visit.act("", csrf, _untie)
    return RedirectResponse("/account#oidc", status_code=303)


@router.get("/sign-in/oidc/back")
def come_back(request: Request, state: Text = "", code: Text = "", iss: Text = "") -> Response:
    """The answer must be of this browser's own visit there, which is used up by it."""
    app: App = request.app.state.app
    provider: Provider | None = request.app.state.provider
    cookie = request.cookies.get(oidc_cookie(app.settings), "")
    kept = app.books.run(partial(_take, state=state, cookie=cookie))
    if provider is None or kept is None or not code:
        return _refused(request, app, "visit")
    way = Way(state=state, nonce=kept.nonce, verifier=kept.verifier)
    try:
        subject = provider.subject(way, code, issuer=iss)
    except NotBelieved as error:
        return _refused(request, app, str(error))
    if kept.administrator:
        if not app.books.run(partial(_tie, kept=kept, issuer=provider.issuer, subject=subject)):
            return _refused(request, app, "somebody_elses")
        return _ended(app, RedirectResponse("/account#oidc", status_code=303))
    people = app.books.run(partial(_people, issuer=provider.issuer, subject=subject), read_only=True)
    if not people:
        return _refused(request, app, "not_connected", known=True)
    if len(people) > 1:
        return _ended(app, _where(request, app, people))
    held = request.cookies.get(session_cookie(app.settings), "")
    fresh = app.books.run(lambda tx: sessions.begin(tx, people[0], instead_of=held, proved=True))
    return _ended(app, signed_in(app, fresh))


def _leave(request: Request, app: App, person: Administrator | None) -> Response:
    provider: Provider | None = request.app.state.provider
    way = Way.fresh()
    try:
        address = provider.way_there(way) if provider is not None else ""
    except NotBelieved as error:
        return _refused(request, app, str(error))
    if not address:
        return _refused(request, app, "no_provider")
    cookie = Way.fresh().state
    app.books.run(lambda tx: tx.write([(New(thing=_visit(tx, way=way, cookie=cookie, person=person)),)]))
    # A form may not lead to another host (CSP), a link may: who came by a form presses once more.
    response: Response = RedirectResponse(address, status_code=303)
    if person is not None:
        response = page(request, "oidc_leave.html", address=address)
    keep_oidc(response, app.settings, cookie)
    return response


def _visit(tx: BookTransaction, *, way: Way, cookie: str, person: Administrator | None) -> OidcVisit:
    return OidcVisit(
        hash=hash_of(way.state), browser=hash_of(cookie), nonce=way.nonce, verifier=way.verifier,
        organisation=person.organisation if person else "", administrator=person.id if person else "",
        expires_at=tx.now + LASTS,
    )  # fmt: skip


def _take(tx: BookTransaction, *, state: str, cookie: str) -> OidcVisit | None:
    """The visit of this state and this browser, used up."""
    key = {"hash": hash_of(state)}
    if not cookie or tx.find(OidcVisit, **key) is None:
        return None
    found = tx.lock(OidcVisit, **key)
    if found.used_at is not None or found.expires_at <= tx.now or found.browser != hash_of(cookie):
        return None
    tx.write([(Change(thing=OidcVisit, key=key, put={"used_at": tx.now}),)])
    return found


def _tie(tx: BookTransaction, *, kept: OidcVisit, issuer: str, subject: str) -> bool:
    """False where the account is tied to somebody else of the organisation."""
    person = tx.get(Administrator, organisation=kept.organisation, id=kept.administrator)
    theirs = tx.find(ProvenIdentity, organisation=person.organisation, issuer=issuer, subject=subject)
    if theirs is not None and theirs.administrator != person.id:
        return False
    key = {"organisation": person.organisation, "administrator": person.id}
    old = [Remove(thing=ProvenIdentity, key=key)] if tx.find(ProvenIdentity, **key) is not None else []
    if old:
        tx.write([(*old,)])
    fresh = ProvenIdentity(
        organisation=person.organisation, administrator=person.id, issuer=issuer, subject=subject, created_at=tx.now
    )  # fmt: skip
    tx.write([(New(thing=fresh), _told(tx, person, "identity_connected"))])
    return True


def _untie(tx: BookTransaction, own: Person) -> None:
    person = own.administrator
    key = {"organisation": person.organisation, "administrator": person.id}
    if tx.find(ProvenIdentity, **key) is not None:
        tx.write([(Remove(thing=ProvenIdentity, key=key), _told(tx, person, "identity_disconnected"))])


def _people(tx: BookTransaction, *, issuer: str, subject: str) -> list[Administrator]:
    found = tx.all(ProvenIdentity, issuer=issuer, subject=subject, limit=MAX_PLACES)
    return [tx.get(Administrator, organisation=one.organisation, id=one.administrator) for one in found]


def _where(request: Request, app: App, people: list[Administrator]) -> Response:
    def way(tx: BookTransaction, one: Administrator) -> tuple[str, str]:
        token = invite(tx, organisation=one.organisation, administrator=one.id)
        return tx.get(Organisation, id=one.organisation).name, token

    ways: Any = app.books.run(lambda tx: [way(tx, one) for one in people])
    return page(request, "sign_in_where.html", language=people[0].language, ways=ways)


def _refused(request: Request, app: App, why: str, *, known: bool = False) -> Response:
    app.log("sign_in.refused", how="oidc", why=why)
    wrong = "not_connected" if known else "provider"
    response = page(request, "sign_in_needed.html", status=401, wrong=wrong, sent=False, minutes=0, note=None)
    return _ended(app, response)


def _ended(app: App, response: Response) -> Response:
    drop_oidc(response, app.settings)
    return response


def _told(tx: BookTransaction, person: Administrator, what: str) -> New:
    return New(
        thing=Event(
            organisation=person.organisation, type=f"administrator.{what}", subject=f"administrator:{person.id}",
            sequence=1, at=tx.now, by=person.id, public=False,
        )
    )  # fmt: skip
