"""A client's statement on paper: a page to print, or a sheet, in the client's language whoever looks (B13)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from adapters.database.books import BookTransaction
from adapters.database.timeline import Timeline, timeline
from adapters.sheets import MEDIA
from adapters.tables_told import state_word, statement_sheet
from adapters.web.items import ItemId
from adapters.web.pages import page
from adapters.web.sessions import Person
from adapters.web.visit import OfVisit, Visit
from adapters.web.wording import Wording
from domain.permissions import Permission
from domain.refusal import PermissionDenied

router = APIRouter(prefix="/clients/{client}/statement")
MAY_READ = (Permission.BILLING, Permission.REPORTS)  # either of them


@router.get("")
def show_statement(request: Request, visit: OfVisit, client: ItemId) -> Response:
    found = _read(visit, client)
    owner, holder = found.organisation, found.client
    wording = Wording(
        language=holder.language, timezone=owner.timezone, currency=owner.currency, now=visit.now or visit.app.now()
    )
    return page(
        request, "statement.html", wording=wording, found=found,
        state=lambda state: state_word(state, holder.language),
    )  # fmt: skip


@router.get("/csv")
def download_statement(visit: OfVisit, client: ItemId, bom: Annotated[bool, Query()] = False) -> Response:
    """For a spreadsheet; `bom` for those that take accents for something else without it."""
    found = _read(visit, client)
    return download(statement_sheet(found, bom=bom), f"statement-{client}.csv")


def download(text: str, name: str) -> Response:
    """`name` is made of ids and words of ours: it needs no quoting."""
    return Response(text, media_type=MEDIA, headers={"content-disposition": f'attachment; filename="{name}"'})


def _read(visit: Visit, client: str) -> Timeline:
    def work(tx: BookTransaction, person: Person) -> Timeline:
        if not any(person.administrator.may(one) for one in MAY_READ):
            raise PermissionDenied("by", by=person.administrator.id, permission=Permission.BILLING.value)
        return timeline(tx, person.organisation.id, client)

    return visit.read("", work)
