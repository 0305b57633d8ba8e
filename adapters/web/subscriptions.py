"""`/v1/organisations/…`: subscriptions with their next charges, as services read them (S6)."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from adapters.database.subscriptions_told import subscription_told, subscriptions_of
from adapters.web.items import ItemId
from adapters.web.reads import Own, or_404

router = APIRouter(prefix="/v1/organisations/{organisation}")


@router.get("/clients/{client}/subscriptions")
def list_subscriptions(request: Request, organisation: Own, client: ItemId) -> dict[str, Any]:
    """A client's subscriptions, each with its next twelve charges."""
    return dict(or_404(request.app.state.app, lambda tx: subscriptions_of(tx, organisation, client)))


@router.get("/subscriptions/{subscription}")
def show_subscription(request: Request, organisation: Own, subscription: ItemId) -> dict[str, Any]:
    """A subscription with the periods that were billed, its next twelve charges and its history."""
    return dict(or_404(request.app.state.app, lambda tx: subscription_told(tx, organisation, subscription)))
