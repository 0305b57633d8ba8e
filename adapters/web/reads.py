"""`/v1/organisations/…`: what services may read, in the shapes that the command line prints."""

import base64
import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.database.items import Cursor, cursor_of, find_items
from adapters.web.errors import Problem
from adapters.web.items import MAX_CURSOR, ItemId
from adapters.web.keys import Service, may_touch
from domain.action_item import ItemKind, ItemState
from domain.organisation import Organisation
from domain.refusal import NotKnown

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
DEFAULT_STATES = [ItemState.OPEN, ItemState.RETRYING]


def own_organisation(key: Service, organisation: ItemId) -> str:
    """The organisation of the path; one that the key may not touch is not there (P1)."""
    if not may_touch(key, organisation):
        raise Problem(404, "not_found")
    return organisation


Own = Annotated[str, Depends(own_organisation)]
router = APIRouter(prefix="/v1/organisations/{organisation}")


@router.get("/action-items")
def list_action_items(
    request: Request,
    organisation: Own,
    state: Annotated[list[ItemState], Query()] = DEFAULT_STATES,
    kind: ItemKind | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    after: Annotated[str, Query(max_length=MAX_CURSOR)] = "",
) -> dict[str, Any]:
    """`items`, oldest first, and `next`: where the next page begins, or null."""
    app: App = request.app.state.app
    cursor = _read_cursor(after, organisation)

    def work(tx: BookTransaction) -> list[dict[str, Any]]:
        tx.get(Organisation, id=organisation)
        return find_items(
            tx, organisation=organisation, states=state, kind=kind, after=cursor, limit=limit + 1
        )  # fmt: skip

    found = or_404(app, work)
    further = f"?after={_write_cursor(cursor_of(found[limit - 1]))}&limit={limit}" if len(found) > limit else None
    if further:
        further += "".join(f"&state={one.value}" for one in state) + (f"&kind={kind.value}" if kind else "")
    return {"items": found[:limit], "next": further and f"{request.url.path}{further}"}


def or_404(app: App, work: Any) -> Any:
    try:
        return app.books.run(work, read_only=True)
    except NotKnown:
        raise Problem(404, "not_found") from None


def write_after(*parts: str) -> str:
    """Where a page ended, as the address of the next one says it."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def read_after(text: str, count: int) -> list[str] | None:
    """The parts of a place, None for the beginning; a problem for anything that is not one of ours."""
    if not text:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError):
        parts = None
    if not isinstance(parts, list) or len(parts) != count or not all(isinstance(part, str) for part in parts):
        raise Problem(422, "not_readable", field="after")
    return parts


def read_instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(422, "not_readable", field="after") from None
    if instant.tzinfo is None:
        raise Problem(422, "not_readable", field="after")
    return instant


def _write_cursor(cursor: Cursor) -> str:
    at, _, item = cursor
    return write_after(at.isoformat(), item)


def _read_cursor(text: str, organisation: str) -> Cursor | None:
    parts = read_after(text, 2)
    return (read_instant(parts[0]), organisation, parts[1]) if parts is not None else None
