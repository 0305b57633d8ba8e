"""`/v1/organisations/{o}/batches/{id}`: a batch of e-checks with its control totals and its entries (E3)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request

from adapters.bootstrap import App
from adapters.database.batches import batch_told
from adapters.database.books import BookTransaction
from adapters.web.items import MAX_CURSOR, ItemId
from adapters.web.reads import Own, or_404, read_after, write_after

router = APIRouter(prefix="/v1/organisations/{organisation}")
DEFAULT_LIMIT = 500  # e-checks of one page
MAX_LIMIT = 1_000


@router.get("/batches/{batch}")
def show_batch(
    request: Request, organisation: Own, batch: ItemId,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    after: Annotated[str, Query(max_length=MAX_CURSOR)] = "",
) -> dict[str, Any]:  # fmt: skip
    """A batch of e-checks: its totals, where its entries stand, and the entries page by page."""
    app: App = request.app.state.app
    [place] = read_after(after, 1) or [""]

    def work(tx: BookTransaction) -> tuple[dict[str, Any], str | None]:
        return batch_told(tx, organisation, batch, after=place, limit=limit)

    told, ended = or_404(app, work)
    further = f"{request.url.path}?after={write_after(ended)}&limit={limit}" if ended is not None else None
    return {**told, "next": further}
