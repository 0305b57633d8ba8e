"""Client billing: the list of clients, and the account of one of them with its two columns (B1, B13)."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from adapters.database.books import BookTransaction
from adapters.database.desk import CLIENTS_SHOWN, Desk, desk, find_clients
from adapters.web.billing import read_place, write_place
from adapters.web.cookies import read_note
from adapters.web.items import MAX_CURSOR, MAX_SEARCH, ItemId, clean
from adapters.web.operations import OPERATIONS, About
from adapters.web.pages import page
from adapters.web.sessions import Person
from adapters.web.visit import OfVisit, may
from domain.permissions import NEEDED, Permission
from domain.refusal import PermissionDenied

router = APIRouter(prefix="/clients")
COLUMNS = ("revenue", "receipts")
MAY_SEE = (Permission.BILLING, Permission.PAYMENT_PROCESSING, Permission.REFUND)  # any of them


@router.get("")
def list_clients(request: Request, visit: OfVisit, q: Annotated[str, Query(max_length=MAX_SEARCH)] = "") -> Response:
    words = clean(q)

    def work(tx: BookTransaction, person: Person) -> list[Any]:
        must_see(person)
        return find_clients(tx, person.organisation.id, words)

    found = visit.read("", work)
    return page(request, "clients.html", q=words, found=found[:CLIENTS_SHOWN], more=len(found) > CLIENTS_SHOWN)


@router.get("/{client}")
def show_client(
    request: Request, visit: OfVisit, client: ItemId, after: Annotated[str, Query(max_length=MAX_CURSOR)] = ""
) -> Response:
    place = read_place(after)

    def work(tx: BookTransaction, person: Person) -> tuple[Desk, dict[str, bool]]:
        must_see(person)
        return desk(tx, person.organisation.id, client, after=place), allowed(person)

    found, may_do = visit.read("", work)
    note = read_note(request, visit.app.settings)
    return page(
        request, "client.html", desk=found, may_do=may_do, menu=menu(may_do), told=note, first=place is None,
        further=write_place(found.further) if found.further else "", rows=rows_of(found), as_day=date.fromisoformat,
    )  # fmt: skip


def must_see(person: Person) -> None:
    """Raises PermissionDenied for who may do nothing with a client's billing."""
    if not any(person.administrator.may(one) for one in MAY_SEE):
        raise PermissionDenied("by", by=person.administrator.id, permission=Permission.BILLING.value)


def allowed(person: Person) -> dict[str, bool]:
    """Which operations are offered to this person."""
    return {one.name: may(person, one.act) for one in OPERATIONS.values()}


def menu(may_do: Mapping[str, bool]) -> list[str]:
    """The *Operations* that are about the account itself."""
    return [one.name for one in OPERATIONS.values() if one.about is About.ACCOUNT and may_do[one.name]]


def rows_of(found: Desk) -> dict[str, Any]:
    """What unfolds below the rows: by the id of the payment, credit or refund that it is about."""
    allocations: dict[str, list[Any]] = {}
    paid: dict[str, list[Any]] = {}
    for one in found.told["allocations"]:
        source = next(iter(one["from"].values()))
        allocations.setdefault(source, []).append(one)
        paid.setdefault(one["to"]["invoice"], []).append({**one, "source": source})
    return {
        "allocations": allocations,
        "paid": paid,
        "words": {line["id"]: line["description"] for column in COLUMNS for line in found.told[column]},
        "credits": {one["credit"]: one for one in found.told["credits"]},
        "refunds": {one["refund"]: one for one in found.told["refunds"]},
    }


def needed(name: str) -> Permission:
    """The permission that an operation asks for."""
    return NEEDED[OPERATIONS[name].act]
