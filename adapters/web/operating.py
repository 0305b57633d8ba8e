"""Operating: a form, what would come of it, and the deed; each operation is a command in the person's name."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.database.books import BookTransaction
from adapters.database.desk import Desk, desk
from adapters.inbox import refusals
from adapters.inbox.rehearsing import NotTaken, Rehearsed, rehearse
from adapters.web import previewing
from adapters.web.clients import must_see
from adapters.web.cookies import Note, leave_note
from adapters.web.forms import MAX_LINES_TYPED, Typed
from adapters.web.items import ItemId
from adapters.web.operations import OPERATIONS, Operation
from adapters.web.pages import page, wording_of
from adapters.web.sending import carry_out, envelope
from adapters.web.sessions import Person
from adapters.web.visit import OfVisit, Posted, Visit
from domain.command import CommandStatus
from domain.refusal import NotKnown, PermissionDenied, Refusal

router = APIRouter(prefix="/clients/{client}/operations/{operation}")
Fields = Mapping[str, Sequence[str]]
# What a link to a form may say that it is about.
BEGUN_FROM = ("invoice", "payment", "refund", "allocation", "subscription", "instalment")


async def sent_fields(request: Request) -> Fields:
    """Every field of a form, those that were sent several times too."""
    form = await request.form(max_fields=600)
    return {name: [str(one) for one in form.getlist(name)] for name in form}


SentFields = Annotated[Fields, Depends(sent_fields)]


@router.get("")
def show_form(
    request: Request,
    visit: OfVisit,
    client: ItemId,
    operation: str,
    instalments: Annotated[list[str], Query()] = [],  # noqa: B006
) -> Response:
    chosen = operation_of(operation)
    fields = {part: [request.query_params[part]] for part in BEGUN_FROM if part in request.query_params}
    found = visit.read(chosen.act, lambda tx, person: _desk(tx, person, client))
    key = visit.app.books.run(lambda tx: tx.mint(), read_only=True)
    return _form(request, chosen, found, {**fields, "instalments": instalments, "key": [key]})


@router.post("")
def do(
    request: Request, visit: OfVisit, csrf: Posted, fields: SentFields, client: ItemId, operation: str
) -> Response:  # fmt: skip
    """First shows what would come of it; done when the person says so (`do`)."""
    chosen = operation_of(operation)
    by, found = visit.act(
        chosen.act, csrf, lambda tx, person: (person.administrator.id, _desk(tx, person, client))
    )  # fmt: skip
    typed = Typed(fields=fields, desk=found)
    try:
        sent = _envelope(by, chosen, typed)
        if not typed.ticked("do"):
            return _preview(request, visit, chosen, found, fields, sent)
        answered = carry_out(visit.app, sent)
    except (PermissionDenied, NotKnown):
        raise
    except NotTaken as refused:
        return _refused(request, chosen, found, fields, refused.error)
    except Refusal as refusal:
        return _refused(request, chosen, found, fields, refusals.told(refusal))
    if answered.status is CommandStatus.REFUSED:
        return _refused(request, chosen, found, fields, answered.error)
    waits = answered.status is CommandStatus.ACCEPTED
    response = RedirectResponse(f"/clients/{client}", status_code=303)
    leave_note(
        response, visit.app.settings, Note(code="operation_waits" if waits else "operation_done", item=operation)
    )
    return response


def operation_of(name: str) -> Operation:
    if name not in OPERATIONS:
        raise NotKnown("operation", id=name[:64])
    return OPERATIONS[name]


def _desk(tx: BookTransaction, person: Person, client: str) -> Desk:
    must_see(person)
    return desk(tx, person.organisation.id, client)


def _envelope(by: str, operation: Operation, typed: Typed) -> dict[str, Any]:
    key = typed.must("key")
    data = operation.data(typed)
    if operation.of_client:
        data["client"] = typed.desk.client.id
    if operation.makes is not None:
        field, prefix = operation.makes
        data[field] = f"{prefix}{key}"
    return envelope(operation.act, key=key, organisation=typed.desk.organisation.id, by=by, data=data)


def _preview(
    request: Request, visit: Visit, operation: Operation, found: Desk, fields: Fields, sent: dict[str, Any]
) -> Response:
    own, client = found.organisation.id, found.client.id
    foreseen: Rehearsed[Desk] = rehearse(visit.app, sent, lambda tx: desk(tx, own, client))
    return page(
        request, "preview.html", desk=found, operation=operation, fields=_kept(fields), after=foreseen.after,
        result=foreseen.result, posted=previewing.new(foreseen), moved=previewing.moved(foreseen),
        details=previewing.details(foreseen), matched=previewing.matched(foreseen),
        subscribed=previewing.subscribed(foreseen), as_day=date.fromisoformat,
    )  # fmt: skip


def _refused(
    request: Request, operation: Operation, found: Desk, fields: Fields, told: Mapping[str, Any]
) -> Response:  # fmt: skip
    """The form as it was typed, with what is wrong."""
    language = wording_of(request).language
    return _form(
        request, operation, found, fields, status=422,
        refused={"field": str(told.get("field") or ""), "words": told["message"][language]},
    )  # fmt: skip


def _form(
    request: Request, operation: Operation, found: Desk, fields: Fields, *, status: int = 200,
    refused: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    taxes = [tax["code"] for tax in found.organisation.settings.get("taxes", [])]
    return page(
        request, "operation.html", status=status, desk=found, operation=operation, refused=refused,
        typed=Typed(fields=fields, desk=found), taxes=taxes, lines_typed=range(1, MAX_LINES_TYPED + 1),
        confirms=not operation.fields,
    )  # fmt: skip


def _kept(fields: Fields) -> list[tuple[str, str]]:
    """What was typed, to be sent again with the word that does it."""
    return [(name, one) for name, values in fields.items() if name not in ("csrf", "do") for one in values]
