"""`/v1/commands`: the HTTP door of the inbox."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.inbox.accept import Accepted, Answer, accept_all
from adapters.inbox.envelope import once
from adapters.inbox.results import result_of, told_at_once
from adapters.locale import both
from adapters.web.errors import Problem, problem
from adapters.web.items import ItemId
from adapters.web.keys import Service, may_touch
from domain.access import ServiceKey
from domain.command import Command

router = APIRouter(prefix="/v1/commands")
DOOR = "http"
ENVELOPE = ("source", "id", "type", "specversion", "data")
MAX_COMMANDS = 1_000  # of one list


async def sent_body(request: Request) -> bytes:
    """The body as it came: the inbox compares commands and keeps what can't be read."""
    return await request.body()


Raw = Annotated[bytes, Depends(sent_body)]


@router.post("", status_code=202)
def accept_commands(request: Request, key: Service, body: Raw) -> Response:
    """One envelope, or a list that is taken in order: a refused one does not stop the next.

    202 when all (of a list: any shape of list) were taken in; each answer says what became of it.
    """
    document = _read(body)
    several = isinstance(document, list)
    envelopes = document if isinstance(document, list) else [document]
    if len(envelopes) > MAX_COMMANDS:
        raise Problem(413, "too_large")
    app: App = request.app.state.app
    told = app.books.run(lambda tx: _take(tx, envelopes, key))
    if several:
        return JSONResponse({"commands": told}, 202)
    if told[0]["status"] in ("refused", "quarantined"):
        return _refused(request, told[0])
    return JSONResponse(told[0], 202, {"location": told[0]["href"]})


@router.get("/{source}/{id}")
def show_command(request: Request, key: Service, source: ItemId, id: ItemId) -> Response:
    """What became of a command; 404 for one of an organisation that the key may not touch."""
    app: App = request.app.state.app

    def work(tx: BookTransaction) -> dict[str, Any] | None:
        command = tx.find(Command, source=source, id=id)
        return result_of(tx, source, id) if command is not None and may_touch(key, command.organisation) else None

    answer = app.books.run(work, read_only=True)
    if answer is None:
        raise Problem(404, "not_found")
    return JSONResponse(answer | {"href": href(source, id)})


def href(source: str, id: str) -> str:
    return f"/v1/commands/{source}/{id}"


def _read(body: bytes) -> Any:
    try:
        return json.loads(body, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise Problem(400, "not_json") from None


def _take(tx: BookTransaction, envelopes: Sequence[Any], key: ServiceKey) -> list[dict[str, Any]]:
    """Those that the key may send, in order and in one transaction; the others are told so."""
    allowed = [position for position, one in enumerate(envelopes) if _allowed(one, key)]
    answers = accept_all(tx, [_raw(envelopes[position]) for position in allowed], DOOR)
    told: list[dict[str, Any]] = [_forbidden(one) for one in envelopes]
    for position, answer in zip(allowed, answers, strict=True):
        told[position] = _told(tx, answer, key)
    return told


def _raw(one: Any) -> Any:
    return one if isinstance(one, dict) else json.dumps(one)


def _allowed(one: Any, key: ServiceKey) -> bool:
    """Unreadable ones pass: the inbox says what is wrong with them."""
    data = one.get("data") if isinstance(one, dict) else None
    organisation = data.get("organisation") if isinstance(data, dict) else None
    return organisation is None or not isinstance(organisation, str) or may_touch(key, organisation)


def _forbidden(one: Any) -> dict[str, Any]:
    source, id = (one.get(name) if isinstance(one, dict) else None for name in ("source", "id"))
    error = {"code": "forbidden", "message": both("web.problem.forbidden"), "field": "organisation"}
    return {"source": source, "id": id, "status": "refused", "error": error}


def _told(tx: BookTransaction, answer: Answer, key: ServiceKey) -> dict[str, Any]:
    """What was done with it; a command that was carried out earlier is answered with its result."""
    told = told_at_once(answer)
    if isinstance(answer, Accepted):
        if answer.again and may_touch(key, answer.organisation):
            told = result_of(tx, answer.source, answer.id) or told
        return told | {"href": href(answer.source, answer.id)}
    return told


def _pointer(field: str) -> str:
    """The JSON pointer of a field: those of the envelope stand beside its data."""
    return f"/{field}" if field in ENVELOPE else "/".join(("", "data", *field.split(".")))


def _refused(request: Request, told: dict[str, Any]) -> Response:
    """The problem of a single command that was not taken in."""
    error = told["error"]
    status = {"conflict": 409, "forbidden": 403, "too_large": 413}.get(error["code"], 422)
    known = {name: told[name] for name in ("source", "id") if told[name] is not None}
    if error.get("field"):
        known["pointer"] = _pointer(error["field"])
    return problem(
        request, status, error["code"], field=error.get("field") or "", message=error["message"], known=known
    )
