"""The pages of the organisation: what each of them is, and who finds which of them in the menu."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.database.books import BookTransaction
from adapters.web.pages import page
from adapters.web.sessions import Person
from adapters.web.visit import OfVisit
from domain.permissions import Permission
from domain.refusal import PermissionDenied

router = APIRouter(prefix="/organisation")
P = Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A page of the menu, and the permissions of which any one opens it."""

    name: str
    path: str
    permissions: tuple[Permission, ...]


MONEY = (P.PAYMENT_PROCESSING, P.REPORTS, P.ADMINISTER)
# fmt: off
SECTIONS = (
    Section(name="nights",     path="/organisation/nights",     permissions=MONEY),
    Section(name="echecks",    path="/organisation/e-checks",   permissions=MONEY),
    Section(name="accounts",   path="/organisation/accounts",   permissions=MONEY),
    Section(name="queues",     path="/organisation/queues",     permissions=(P.ADMINISTER,)),
    Section(name="quarantine", path="/organisation/quarantine", permissions=(P.ADMINISTER,)),
    Section(name="people",     path="/organisation/people",     permissions=(P.ADMINISTER,)),
    Section(name="settings",   path="/organisation/settings",   permissions=(P.ADMINISTER,)),
    Section(name="audit",      path="/organisation/audit",      permissions=(P.ADMINISTER,)),
)
# fmt: on
BY_NAME = {one.name: one for one in SECTIONS}


def sections_of(person: Person) -> list[Section]:
    """What the person finds in the menu."""
    return [one for one in SECTIONS if any(person.administrator.may(needed) for needed in one.permissions)]


def must_see(person: Person, name: str) -> None:
    """Raises PermissionDenied for who has none of the permissions of a section."""
    needed = BY_NAME[name].permissions
    if not any(person.administrator.may(one) for one in needed):
        raise PermissionDenied("by", by=person.administrator.id, permission=needed[-1].value)


@router.get("")
def first_section(request: Request, visit: OfVisit) -> Response:
    """The first page that the person may see."""

    def work(tx: BookTransaction, person: Person) -> list[Section]:
        found = sections_of(person)
        if not found:
            raise PermissionDenied("by", by=person.administrator.id, permission=P.ADMINISTER.value)
        return found

    return RedirectResponse(visit.read("", work)[0].path, status_code=303)


def section_page(request: Request, visit: OfVisit, name: str, *, template: str = "", **context: Any) -> Response:
    """A page of the menu; `visit` has been read, so that the person is known."""
    person = visit.person
    sections = sections_of(person) if person is not None else []
    return page(request, template or f"organisation_{name}.html", section=name, sections=sections, **context)
