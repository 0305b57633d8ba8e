"""Runs of the night, e-check batches and merchant accounts: what the product did by itself, with its figures."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from adapters.database.batches_told import BATCHES_SHOWN, batch_of, batches, entries, waiting
from adapters.database.books import BookTransaction
from adapters.database.incidents import accounts_told
from adapters.database.nights_told import FIGURES, NIGHTS_SHOWN, nights
from adapters.database.return_rates import return_rates
from adapters.web.items import ItemId
from adapters.web.organisation import must_see, section_page
from adapters.web.sessions import Person
from adapters.web.visit import OfVisit
from domain.banking_days import next_cutoff
from domain.capabilities import CAPABILITIES
from domain.organisation import MerchantAccount

router = APIRouter(prefix="/organisation")
Before = Annotated[date | None, Query()]


@router.get("/nights")
def show_nights(request: Request, visit: OfVisit, before: Before = None) -> Response:
    def work(tx: BookTransaction, person: Person) -> list[Any]:
        must_see(person, "nights")
        return nights(tx, person.organisation.id, before=before)

    found = visit.read("", work)
    return section_page(
        request, visit, "nights", found=found[:NIGHTS_SHOWN], figures=list(FIGURES), first=before is None,
        further=found[NIGHTS_SHOWN - 1].on if len(found) > NIGHTS_SHOWN else None,
    )  # fmt: skip


@router.get("/e-checks")
def show_batches(request: Request, visit: OfVisit, before: Before = None) -> Response:
    """Batches with their settlement, what waits for the next, and the rates that networks watch."""

    def work(tx: BookTransaction, person: Person) -> dict[str, Any]:
        must_see(person, "echecks")
        owner = person.organisation
        count, total = waiting(tx, owner.id)
        return {
            "found": batches(tx, owner.id, before=before), "accounts": return_rates(tx, owner.id),
            "count": count, "total": total,
            "cutoff_on": next_cutoff(owner, tx.now), "cutoff_at": owner.echeck_cutoff_at,
        }  # fmt: skip

    told = visit.read("", work)
    found = told.pop("found")
    return section_page(
        request, visit, "echecks", found=found[:BATCHES_SHOWN], first=before is None,
        further=found[BATCHES_SHOWN - 1].batch.cutoff_on if len(found) > BATCHES_SHOWN else None, **told,
    )  # fmt: skip


@router.get("/e-checks/{batch}")
def show_batch(request: Request, visit: OfVisit, batch: ItemId) -> Response:
    """The entries of a batch, each with its verdict."""

    def work(tx: BookTransaction, person: Person) -> dict[str, Any]:
        must_see(person, "echecks")
        found = batch_of(tx, person.organisation.id, batch)
        return {"batch": found, "entries": entries(tx, found)}

    told = visit.read("", work)
    return section_page(request, visit, "echecks", template="organisation_batch.html", **told)


@router.get("/accounts")
def show_accounts(request: Request, visit: OfVisit) -> Response:
    """Merchant accounts: limits, circuit breaker, what is at the processor, and what it can do (section 9)."""

    def work(tx: BookTransaction, person: Person) -> dict[str, Any]:
        must_see(person, "accounts")
        own = person.organisation.id
        return {"found": accounts_told(tx, own), "kept": tx.all(MerchantAccount, organisation=own)}

    told = visit.read("", work)
    able = {one.id: CAPABILITIES.get(one.processor) for one in told.pop("kept")}
    return section_page(request, visit, "accounts", able=able, **told)
