"""A person's own page: password, code, where they are signed in, and the mail that they want."""

from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.database.books import BookTransaction
from adapters.web import codes, passwords, sessions, throttle
from adapters.web.pages import page
from adapters.web.sessions import Person
from adapters.web.throttle import Throttled, key_of
from adapters.web.visit import OfVisit, Posted, Visit
from domain.access import Password, ProvenIdentity
from domain.decision import Change, New
from domain.event import Event
from domain.notifying import DIGEST, OPT_IN
from domain.people import Administrator
from domain.permissions import Permission
from domain.refusal import Refusal

router = APIRouter(prefix="/account")
HERE = "/account"
FRESH = timedelta(minutes=15)  # since signing in: then nobody else sits at an open screen
CHOICES = (DIGEST, *OPT_IN.values())
Typed = Annotated[str, Form(max_length=passwords.LONGEST)]
Code = Annotated[str, Form(max_length=codes.MAX_CODE)]


class ProofNeeded(Refusal):
    """What lets a person in is changed by who has just shown who they are: by password, code or a new link."""

    code = "proof_needed"


@router.get("")
def show_account(request: Request, visit: OfVisit) -> Response:
    return _page(request, visit)


@router.post("/password")
def change_password(
    request: Request, visit: OfVisit, csrf: Posted, current: Typed = "", password: Typed = ""
) -> Response:
    """Ends every other session: whoever knew the old one is out."""
    person = _proved(visit, csrf, current)
    if isinstance(person, Response):
        return person
    try:
        passwords.checked(person, password)
    except Refusal as refusal:
        return _page(request, visit, status=422, refused=refusal.code)
    hash = passwords.hashed(password)

    def work(tx: BookTransaction, own: Person) -> None:
        passwords.keep(tx, own.administrator, hash)
        sessions.end_others(tx, own)

    visit.act("", csrf, work)
    return RedirectResponse(HERE, status_code=303)


@router.post("/code")
def begin_code(visit: OfVisit, csrf: Posted) -> Response:
    """A secret for an app; nothing is asked for before the person has shown that it works."""
    visit.act("", csrf, lambda tx, own: codes.begin(tx, own.administrator) if _fresh(tx, own) else _refuse())
    return RedirectResponse(f"{HERE}#code", status_code=303)


@router.post("/code/confirm")
def confirm_code(request: Request, visit: OfVisit, csrf: Posted, code: Code = "") -> Response:
    _take(visit)

    def work(tx: BookTransaction, own: Person) -> list[str] | None:
        spare = codes.confirm(tx, own.administrator, code)
        if spare is not None:
            throttle.forgive(tx, _code_key(own.administrator))
            sessions.end_others(tx, own)
        return spare

    spare = visit.act("", csrf, work)
    return _page(request, visit, status=200 if spare else 422, spare=spare or [], wrong="" if spare else "code")


@router.post("/code/remove")
def remove_code(request: Request, visit: OfVisit, csrf: Posted, code: Code = "") -> Response:
    _take(visit)

    def work(tx: BookTransaction, own: Person) -> bool:
        right = codes.prove(tx, own.administrator, code)
        if right:
            throttle.forgive(tx, _code_key(own.administrator))
            codes.forget(tx, own.administrator, by=own.administrator.id)
        return right

    if visit.act("", csrf, work):
        return RedirectResponse(f"{HERE}#code", status_code=303)
    return _page(request, visit, status=422, wrong="code")


@router.post("/sessions/end")
def end_sessions(visit: OfVisit, csrf: Posted) -> Response:
    visit.act("", csrf, lambda tx, own: sessions.end_others(tx, own))
    return RedirectResponse(f"{HERE}#sessions", status_code=303)


@router.post("/mail")
def choose_mail(visit: OfVisit, csrf: Posted, wanted: Annotated[list[str] | None, Form()] = None) -> Response:
    """What the person is told of by mail (N1, N2); the permission is asked for when a mail is sent."""
    chosen = tuple(one for one in CHOICES if one in (wanted or ()))

    def work(tx: BookTransaction, own: Person) -> None:
        person = tx.lock(Administrator, organisation=own.organisation.id, id=own.administrator.id)
        if person.notifications != chosen:
            key = {"organisation": person.organisation, "id": person.id}
            told = _changed(tx, person, notifications=list(chosen), before=list(person.notifications))
            tx.write([(Change(thing=Administrator, key=key, put={"notifications": chosen}), told)])

    visit.act("", csrf, work)
    return RedirectResponse(f"{HERE}#mail", status_code=303)


def _changed(tx: BookTransaction, person: Administrator, *, before: list[str], **after: Any) -> New:
    return New(
        thing=Event(
            organisation=person.organisation, type="administrator.changed", subject=f"administrator:{person.id}",
            sequence=1, at=tx.now, by=person.id, public=False, data=after, before={"notifications": before},
        )
    )  # fmt: skip


def _page(request: Request, visit: Visit, *, status: int = 200, **more: Any) -> Response:
    def work(tx: BookTransaction, own: Person) -> dict[str, Any]:
        person = own.administrator
        secret, address = codes.shown(tx, person)
        return {
            "password": _password(tx, person), "code": codes.of(tx, person), "secret": secret, "address": address,
            "sessions": sessions.of_person(tx, person), "fresh": _fresh(tx, own), "choices": CHOICES,
            "told": person.may(Permission.FAILED_PAYMENT),
            "identity": tx.find(ProvenIdentity, organisation=person.organisation, administrator=person.id),
        }  # fmt: skip

    context: dict[str, Any] = {"wrong": "", "refused": "", "spare": []} | more
    return page(request, "account.html", status=status, **visit.read("", work), **context)


def _proved(visit: Visit, csrf: str, current: str) -> Administrator | Response:
    """By the password that the person has, or by having just signed in. The page that says what is wrong, else."""
    kept, fresh, person = visit.act("", csrf, lambda tx, own: (_password(tx, own.administrator), _fresh(tx, own), own))
    if kept is None:
        return person.administrator if fresh else _page(visit.request, visit, status=409, refused=ProofNeeded.code)
    key = key_of("password", person.administrator.email.casefold())
    try:
        visit.app.books.run(lambda tx: throttle.take(tx, key))
    except Throttled:
        return _page(visit.request, visit, status=429, wrong="password")
    if not passwords.matches(kept, current):
        return _page(visit.request, visit, status=422, wrong="password")
    visit.app.books.run(lambda tx: throttle.forgive(tx, key))
    return person.administrator


def _take(visit: Visit) -> None:
    """Counts a code that is about to be looked at; raises ProofNeeded while nobody listens."""
    person = visit.read("", lambda tx, own: own.administrator)
    try:
        visit.app.books.run(partial(throttle.take, key=_code_key(person)))
    except Throttled:
        raise ProofNeeded from None


def _code_key(person: Administrator) -> str:
    return key_of("code", person.organisation, person.id)


def _password(tx: BookTransaction, person: Administrator) -> Password | None:
    return tx.find(Password, organisation=person.organisation, administrator=person.id)


def _fresh(tx: BookTransaction, own: Person) -> bool:
    return tx.now - own.session.created_at < FRESH


def fresh_person(tx: BookTransaction, own: Person) -> Administrator:
    """Raises ProofNeeded for who has been signed in for a while."""
    if not _fresh(tx, own):
        raise ProofNeeded
    return own.administrator


def _refuse() -> None:
    raise ProofNeeded
