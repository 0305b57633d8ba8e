"""`/v1/organisations/{o}/merchant-accounts`: how each processor is, what may be asked of it, what waits for it."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.database.incidents import accounts_told
from adapters.web.reads import Own, or_404
from domain.organisation import Organisation

router = APIRouter(prefix="/v1/organisations/{organisation}")


@router.get("/merchant-accounts")
def list_merchant_accounts(request: Request, organisation: Own) -> dict[str, Any]:
    """Each with its limits, its circuit breaker, and how many charges are at the processor or wait for it."""
    app: App = request.app.state.app

    def work(tx: BookTransaction) -> list[dict[str, Any]]:
        tx.get(Organisation, id=organisation)
        return accounts_told(tx, organisation)

    return {"merchant_accounts": or_404(app, work)}
