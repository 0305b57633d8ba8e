"""Queues, processes and the quarantine: what waits, who works, and messages that could not be read."""

from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.database.books import BookTransaction
from adapters.database.queues_told import processes, queues
from adapters.inbox.accept import MAX_RAW, Refused
from adapters.inbox.handling import handle_commands
from adapters.inbox.replay import StillUnreadable
from adapters.inbox.set_aside import one_set_aside, put_through, set_aside
from adapters.scrubbing import scrub_text
from adapters.web.cookies import Note, leave_note, read_note
from adapters.web.items import ItemId
from adapters.web.organisation import must_see, section_page
from adapters.web.pages import wording_of
from adapters.web.sessions import Person
from adapters.web.visit import OfVisit, Posted, Visit
from domain.access import Quarantined
from domain.command import Command, CommandStatus

router = APIRouter(prefix="/organisation")
HERE = "/organisation/quarantine"
REPLAY = "quarantine.replay"


@router.get("/queues")
def show_queues(request: Request, visit: OfVisit) -> Response:
    def work(tx: BookTransaction, person: Person) -> dict[str, Any]:
        must_see(person, "queues")
        return {"found": queues(tx, person.organisation.id), "processes": processes(tx)}

    return section_page(request, visit, "queues", **visit.read("", work))


@router.get("/quarantine")
def show_quarantine(request: Request, visit: OfVisit) -> Response:
    def work(tx: BookTransaction, person: Person) -> list[Quarantined]:
        must_see(person, "quarantine")
        return set_aside(tx, person.organisation.id)

    found = visit.read("", work)
    note = read_note(request, visit.app.settings)
    return section_page(request, visit, "quarantine", found=found, told=note, scrub=scrub_text)


@router.get("/quarantine/{message}")
def show_message(request: Request, visit: OfVisit, message: ItemId) -> Response:
    return _page(request, visit, message)


@router.post("/quarantine/{message}/replay")
def replay_message(
    request: Request, visit: OfVisit, csrf: Posted, message: ItemId,
    corrected: Annotated[str, Form(max_length=MAX_RAW)] = "",
) -> Response:  # fmt: skip
    """Through the inbox again, and carried out here and now; refused, the page says why and keeps what was typed."""

    def work(tx: BookTransaction, person: Person) -> Any:
        who = person.administrator.id
        return put_through(tx, person.organisation.id, message, by=who, corrected=corrected.strip() or None)

    try:
        answer = visit.act(REPLAY, csrf, work)
    except StillUnreadable:
        return _page(request, visit, message, corrected=corrected, words=wording_of(request)("quarantine.still"))
    if isinstance(answer, Refused):
        words = answer.error["message"][wording_of(request).language]
        return _page(request, visit, message, corrected=corrected, words=words)
    handle_commands(visit.app, organisation=answer.organisation)
    command = visit.app.books.run(lambda tx: tx.get(Command, seq=answer.seq), read_only=True)
    if command.status is CommandStatus.REFUSED:
        words = command.error["message"][wording_of(request).language]
        return _page(request, visit, message, corrected=corrected, words=words)
    response = RedirectResponse(HERE, status_code=303)
    leave_note(response, visit.app.settings, Note(code="replayed", item=message))
    return response


def _page(request: Request, visit: Visit, message: str, *, corrected: str = "", words: str = "") -> Response:
    def work(tx: BookTransaction, person: Person) -> Quarantined:
        must_see(person, "quarantine")
        return one_set_aside(tx, person.organisation.id, message)

    one = visit.read("", work)
    return section_page(
        request, visit, "quarantine", template="organisation_message.html", one=one, raw=scrub_text(one.raw),
        detail=scrub_text(one.detail), corrected=corrected, refused=words, status=422 if words else 200,
    )  # fmt: skip
