"""`/v1/organisations/…`: how many e-checks come back, as services read it."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from adapters.bootstrap import App
from adapters.database.return_rates import return_rates
from adapters.web.reads import Own, or_404

router = APIRouter(prefix="/v1/organisations/{organisation}")


@router.get("/return-rates")
def show_return_rates(request: Request, organisation: Own) -> dict[str, Any]:
    """How many debits of each merchant account came back in sixty days, in basis points, and where it is too many."""
    app: App = request.app.state.app
    return {"accounts": [one.document() for one in or_404(app, lambda tx: return_rates(tx, organisation))]}
