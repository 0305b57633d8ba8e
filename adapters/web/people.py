"""People and permissions: who works here, what each may do and is told by mail, where they are signed in (P2)."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.database.books import BookTransaction
from adapters.inbox import refusals
from adapters.inbox.rehearsing import NotTaken
from adapters.web import sessions
from adapters.web.account import CHOICES
from adapters.web.cookies import Note, leave_note, read_note
from adapters.web.forms import Entered
from adapters.web.items import ItemId
from adapters.web.operating import Fields, SentFields
from adapters.web.organisation import must_see, section_page
from adapters.web.pages import wording_of
from adapters.web.sending import carry_out, envelope
from adapters.web.sessions import Person
from adapters.web.visit import OfVisit, Posted, Visit
from domain.command import CommandStatus
from domain.organisation import LANGUAGES
from domain.people import Administrator
from domain.permissions import Permission
from domain.refusal import NotKnown, PermissionDenied, Refusal
from domain.use_cases.end_sessions import end_sessions

router = APIRouter(prefix="/organisation")
HERE = "/organisation/people"
REGISTER = "administrator.register"
MAX_PEOPLE = 1_000


class OwnPermission(Refusal):
    """Whoever looks after people can't take that from themselves: nobody would be left to give it back."""

    code = "own_permission"


class PrincipalFixed(Refusal):
    """The principal administrator is changed by nobody else."""

    code = "principal_fixed"


@router.get("/people")
def list_people(request: Request, visit: OfVisit) -> Response:
    def work(tx: BookTransaction, person: Person) -> list[tuple[Administrator, int]]:
        must_see(person, "people")
        found = tx.all(Administrator, order_by="name id", limit=MAX_PEOPLE, organisation=person.organisation.id)
        return [(one, len(sessions.of_person(tx, one))) for one in found]

    found = visit.read("", work)
    note = read_note(request, visit.app.settings)
    return section_page(request, visit, "people", found=found, permissions=list(Permission), told=note)


@router.post("/add-person")
def add_person(request: Request, visit: OfVisit, csrf: Posted, fields: SentFields) -> Response:
    """Somebody new; they ask for a link by mail and are in."""
    return _register(request, visit, csrf, fields, None)


@router.get("/add-person")
def show_new(request: Request, visit: OfVisit) -> Response:
    return _page(request, visit, None)


@router.get("/people/{administrator}")
def show_person(request: Request, visit: OfVisit, administrator: ItemId) -> Response:
    return _page(request, visit, administrator)


@router.post("/people/{administrator}")
def change_person(
    request: Request, visit: OfVisit, csrf: Posted, fields: SentFields, administrator: ItemId
) -> Response:
    return _register(request, visit, csrf, fields, administrator)


@router.post("/people/{administrator}/sessions/end")
def sign_out_everywhere(visit: OfVisit, csrf: Posted, administrator: ItemId) -> Response:
    """Every session of the person ends now; one's own, but the one that asks."""

    def work(tx: BookTransaction, own: Person) -> None:
        end_sessions(
            tx, organisation=own.organisation.id, administrator=administrator, by=own.administrator.id,
            keep=own.session.hash,
        )  # fmt: skip

    visit.act("sessions.end", csrf, work)
    response = RedirectResponse(f"{HERE}/{administrator}", status_code=303)
    leave_note(response, visit.app.settings, Note(code="sessions_ended"))
    return response


def _register(request: Request, visit: Visit, csrf: str, fields: Fields, administrator: str | None) -> Response:
    """`administrator.register` in the person's name: audited as when a service sends it (P3)."""
    entered = Entered(fields=fields)

    def work(tx: BookTransaction, own: Person) -> Person:
        if administrator is not None:
            known = tx.get(Administrator, organisation=own.organisation.id, id=administrator)
            _must_be_ours_to_change(own, known, entered)
        return own

    try:
        own = visit.act(REGISTER, csrf, work)
        key = entered.must("key")
        data: dict[str, Any] = {
            "administrator": administrator or f"adm_{key}", "name": entered.must("name"),
            "email": entered.must("email"), "language": entered.must("language"),
            "permissions": entered.all("permissions"), "notifications": entered.all("notifications"),
        }  # fmt: skip
        sent = envelope(REGISTER, key=key, organisation=own.organisation.id, by=own.administrator.id, data=data)
        answered = carry_out(visit.app, sent)
    except (PermissionDenied, NotKnown):
        raise
    except NotTaken as refused:
        return _page(request, visit, administrator, fields=fields, refused=refused.error)
    except Refusal as refusal:
        return _page(request, visit, administrator, fields=fields, refused=refusals.told(refusal))
    if answered.status is CommandStatus.REFUSED:
        return _page(request, visit, administrator, fields=fields, refused=answered.error)
    response = RedirectResponse(HERE, status_code=303)
    leave_note(response, visit.app.settings, Note(code="person_kept"))
    return response


def _must_be_ours_to_change(own: Person, known: Administrator, entered: Entered) -> None:
    """Raises OwnPermission or PrincipalFixed."""
    itself = known.id == own.administrator.id
    if known.principal and not itself:
        raise PrincipalFixed("name")
    if itself and not known.principal and Permission.ADMINISTER not in entered.all("permissions"):
        raise OwnPermission("permissions")


def _page(
    request: Request, visit: Visit, administrator: str | None, *, fields: Fields | None = None,
    refused: Mapping[str, Any] | None = None,
) -> Response:  # fmt: skip
    def work(tx: BookTransaction, own: Person) -> dict[str, Any]:
        must_see(own, "people")
        if administrator is None:
            return {"one": None, "living": [], "itself": False}
        one = tx.get(Administrator, organisation=own.organisation.id, id=administrator)
        return {"one": one, "living": sessions.of_person(tx, one), "itself": one.id == own.administrator.id}

    told = visit.read("", work)
    one: Administrator | None = told["one"]
    if fields is None:
        fields = _of(one) if one is not None else {"language": [wording_of(request).language]}
    key = visit.app.books.run(lambda tx: tx.mint(), read_only=True)
    words = refused["message"][wording_of(request).language] if refused else ""
    return section_page(
        request, visit, "people", template="organisation_person.html", status=422 if refused else 200,
        entered=Entered(fields=fields), key=key, permissions=list(Permission), choices=CHOICES, speaks=LANGUAGES,
        note=None, told=read_note(request, visit.app.settings), refused=words,
        field=str(refused.get("field") or "") if refused else "", **told,
    )  # fmt: skip


def _of(one: Administrator) -> Fields:
    return {
        "name": [one.name], "email": [one.email], "language": [one.language], "permissions": list(one.permissions),
        "notifications": list(one.notifications),
    }  # fmt: skip
