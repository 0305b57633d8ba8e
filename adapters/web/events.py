"""`/v1/events`: what happened, for services that ask instead of being told."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request

from adapters.bootstrap import App
from adapters.database import outbox
from adapters.database.outbox import Place
from adapters.web.errors import Problem
from adapters.web.keys import Service

router = APIRouter(prefix="/v1")
DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
CURSOR = re.compile(r"(\d{1,19})\.(\d{1,19})", re.ASCII)
LARGEST = 2**63


@router.get("/events")
def list_events(
    request: Request,
    key: Service,
    after: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> dict[str, Any]:
    """`events` of the organisations of the key, in the order of their commits, and `cursor`: where to go on from,
    now or later. `next` is the address of the following page, or null when this is all so far."""
    app: App = request.app.state.app
    place = _read(after)
    found = app.books.run(
        lambda tx: outbox.page(tx.connection, key.organisations, place, limit + 1), read_only=True
    )  # fmt: skip
    shown = found[:limit]
    cursor = f"{shown[-1].transaction}.{shown[-1].id}" if shown else after
    following = f"{request.url.path}?after={cursor}&limit={limit}" if len(found) > limit else None
    return {"events": [outbox.as_told(row) for row in shown], "next": following, "cursor": cursor}


def _read(cursor: str) -> Place:
    """A place; the cursor is ours, to be given back as it was."""
    if not cursor:
        return Place()
    match = CURSOR.fullmatch(cursor)
    numbers = [int(part) for part in match.groups()] if match is not None else [LARGEST]
    if max(numbers) >= LARGEST:
        raise Problem(422, "not_readable", field="after")
    return Place(transaction=numbers[0], id=numbers[1])
