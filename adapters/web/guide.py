"""The first minute: a panel that names what is worth trying, on the first page, until it is dismissed."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.settings import Settings
from adapters.web.cookies import dismiss_guide, guide_dismissed
from adapters.web.sessions import Person
from adapters.web.visit import OfVisit, Posted
from domain.permissions import Permission

router = APIRouter()
FIRST_PAGE = "/action-items"
# What is worth trying, where it is, and the permission that opens it (None: whoever is in).
# fmt: off
STEPS: tuple[tuple[str, str, Permission], ...] = (
    ("retry",   "/action-items",                        Permission.FAILED_PAYMENT),
    ("client",  "/clients/c-guide",                     Permission.BILLING),
    ("refund",  "/clients/c-refund",                    Permission.REFUND),
    ("echecks", "/organisation/e-checks",               Permission.PAYMENT_PROCESSING),
    ("people",  "/organisation/people",                 Permission.ADMINISTER),
)
# fmt: on


@router.post("/guide/dismiss")
def dismiss(visit: OfVisit, csrf: Posted, again: Annotated[str, Form(max_length=3)] = "") -> Response:
    """Not shown again in this browser; `again` brings it back."""
    visit.act("", csrf, lambda tx, person: None)
    response = RedirectResponse(FIRST_PAGE, status_code=303)
    dismiss_guide(response, visit.app.settings, again=bool(again))
    return response


def guide(request: Request, settings: Settings, person: Person | None) -> list[tuple[str, str]]:
    """(name, path) of what is worth trying; nothing outside the demo, on another page, or once dismissed."""
    if not settings.guided or person is None or request.url.path != FIRST_PAGE or guide_dismissed(request, settings):
        return []
    return [(name, path) for name, path, needed in STEPS if person.administrator.may(needed)]
