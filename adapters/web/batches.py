"""`/v1/organisations/…`: batches of e-checks, and how many of them come back, as services read them."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from adapters.bootstrap import App
from adapters.database.batches_told import batch_told
from adapters.database.return_rates import return_rates
from adapters.web.items import ItemId
from adapters.web.reads import Own, or_404

router = APIRouter(prefix="/v1/organisations/{organisation}")


@router.get("/batches/{batch}")
def show_batch(request: Request, organisation: Own, batch: ItemId) -> dict[str, Any]:
    """A batch of e-checks with its control totals, its file where it went by one, and every entry (E3)."""
    app: App = request.app.state.app
    return dict(or_404(app, lambda tx: batch_told(tx, organisation, batch)))


@router.get("/return-rates")
def show_return_rates(request: Request, organisation: Own) -> dict[str, Any]:
    """How many debits of each merchant account came back in sixty days, in basis points, and where it is too many."""
    app: App = request.app.state.app
    return {"accounts": [one.document() for one in or_404(app, lambda tx: return_rates(tx, organisation))]}
