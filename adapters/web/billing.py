"""`/v1/organisations/…`: client billing, payments, refunds and runs, as services read them (CONTRACT section 4)."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request

from adapters.bootstrap import App
from adapters.database.billing import billing, payment_told, refund_told, runs_told, upcoming_payments
from adapters.database.books import BookTransaction
from adapters.database.statements import Place
from adapters.web.errors import Problem
from adapters.web.items import MAX_CURSOR, ItemId
from adapters.web.reads import Own, or_404, read_after, read_instant, write_after
from domain.money import MAX_AMOUNT_MINOR
from domain.organisation import Organisation
from domain.prorating import Deduction, Unit, prorated_price

router = APIRouter(prefix="/v1/organisations/{organisation}")
DEFAULT_LIMIT = 500  # transactions of one page
MAX_LIMIT = 1_000
Price = Annotated[int, Query(ge=0, le=MAX_AMOUNT_MINOR)]
After = Annotated[str, Query(max_length=MAX_CURSOR)]


@router.get("/clients/{client}/billing")
def show_billing(
    request: Request, organisation: Own, client: ItemId,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT, after: After = "",
) -> dict[str, Any]:  # fmt: skip
    """Both columns, what is matched and given back in them, and the balances of the whole account (B1, B13)."""
    place = read_place(after)

    def work(tx: BookTransaction) -> tuple[dict[str, Any], Place | None]:
        return billing(tx, organisation, client, after=place, limit=limit)

    told, ended = or_404(_app(request), work)
    further = f"{request.url.path}?after={write_place(ended)}&limit={limit}" if ended is not None else None
    return {**told, "next": further}


@router.get("/clients/{client}/upcoming")
def show_upcoming(request: Request, organisation: Own, client: ItemId) -> dict[str, Any]:
    """Planned payments, by date (I3)."""
    return dict(or_404(_app(request), lambda tx: upcoming_payments(tx, organisation, client)))


@router.get("/payments/{payment}")
def show_payment(request: Request, organisation: Own, payment: ItemId) -> dict[str, Any]:
    """A payment with its attempts and its history."""
    return dict(or_404(_app(request), lambda tx: payment_told(tx, organisation, payment)))


@router.get("/refunds/{refund}")
def show_refund(request: Request, organisation: Own, refund: ItemId) -> dict[str, Any]:
    """A refund with what it gives back and its history."""
    return dict(or_404(_app(request), lambda tx: refund_told(tx, organisation, refund)))


@router.get("/runs")
def list_runs(
    request: Request, organisation: Own, date: Annotated[date | None, Query()] = None
) -> dict[str, Any]:  # fmt: skip
    """The runs of a business date, or the newest hundred."""
    return {"runs": or_404(_app(request), lambda tx: runs_told(tx, organisation, date))}


@router.get("/prorated-price")
def show_prorated_price(
    request: Request, organisation: Own,
    price: Price, start: date, end: date, on: date, per: Unit,
    amount: Price | None = None,
    percent: Annotated[str | None, Query(pattern=r"^\d{1,3}(\.\d{1,6})?$")] = None,
    minimum: Price = 0, classes_passed: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> dict[str, Any]:  # fmt: skip
    """What a late registration costs (B14)."""
    owner: Organisation = or_404(_app(request), lambda tx: tx.get(Organisation, id=organisation))
    prorated = prorated_price(
        price, start=start, end=end, on=on, deduction=Deduction(per=per, amount=amount, percent=percent),
        minimum=minimum, classes_passed=classes_passed,
    )  # fmt: skip
    return {"price": price, "prorated_price": prorated, "deducted": price - prorated, "currency": owner.currency}


def _app(request: Request) -> App:
    app: App = request.app.state.app
    return app


def write_place(place: Place) -> str:
    return write_after(place.on.isoformat(), place.at.isoformat(), place.id)


def read_place(text: str) -> Place | None:
    parts = read_after(text, 3)
    if parts is None:
        return None
    try:
        return Place(on=date.fromisoformat(parts[0]), at=read_instant(parts[1]), id=str(UUID(parts[2])))
    except ValueError:
        raise Problem(422, "not_readable", field="after") from None
