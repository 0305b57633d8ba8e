"""Where the books of processors and ours differ, and what processors said that nobody could place: page and reads."""

import contextlib
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.database.heard import parked_reports
from adapters.database.shown import instant
from adapters.inbox.refusals import as_written
from adapters.inbox.shape import OptionalNote
from adapters.reconciling import break_told, open_breaks
from adapters.web.items import ItemId, clean
from adapters.web.pages import page
from adapters.web.reads import Own, or_404
from adapters.web.sessions import Person
from adapters.web.visit import SEE, OfVisit, Posted, may
from domain.organisation import Organisation
from domain.report import Report
from domain.retrying import MAX_NOTE
from domain.use_cases.settle_break import AlreadySettled, dismiss_report, settle_break

router = APIRouter()
PAGE = "/differences"
RESOLVE, DISMISS = "break.resolve", "report.dismiss"
Written = Annotated[str, Form(max_length=MAX_NOTE)]


@router.get(PAGE)
def show_differences(request: Request, visit: OfVisit) -> Response:
    def work(tx: BookTransaction, person: Person) -> dict[str, Any]:
        own = person.organisation.id
        return {"breaks": open_breaks(tx, own), "reports": parked_reports(tx, own), "may_act": may(person, RESOLVE)}

    return page(request, "differences.html", **visit.read(SEE, work))


@router.post("/differences/breaks/{id}")
def resolve(request: Request, visit: OfVisit, csrf: Posted, id: ItemId, reason: Written = "") -> Response:
    """A person has looked into it; a second press finds it done."""

    def work(tx: BookTransaction, person: Person) -> None:
        written = as_written(OptionalNote, clean(reason), "reason")
        who = person.administrator.id
        settle_break(tx, organisation=person.organisation.id, break_=id, by=who, reason=written)

    return _done(visit, RESOLVE, csrf, work)


@router.post("/differences/reports/{id}")
def dismiss(request: Request, visit: OfVisit, csrf: Posted, id: ItemId, reason: Written = "") -> Response:
    def work(tx: BookTransaction, person: Person) -> None:
        written = as_written(OptionalNote, clean(reason), "reason")
        who = person.administrator.id
        dismiss_report(tx, organisation=person.organisation.id, report=id, by=who, reason=written)

    return _done(visit, DISMISS, csrf, work)


def _done(visit: Any, act: str, csrf: str, work: Any) -> Response:
    with contextlib.suppress(AlreadySettled):
        visit.act(act, csrf, work)
    return RedirectResponse(PAGE, 303)


@router.get("/v1/organisations/{organisation}/breaks")
def list_breaks(request: Request, organisation: Own) -> dict[str, Any]:
    """The differences with processors that are open, the oldest first."""
    app: App = request.app.state.app

    def work(tx: BookTransaction) -> list[dict[str, Any]]:
        tx.get(Organisation, id=organisation)
        return [break_told(one) for one in open_breaks(tx, organisation)]

    return {"breaks": or_404(app, work)}


@router.get("/v1/organisations/{organisation}/processor-reports")
def list_processor_reports(request: Request, organisation: Own) -> dict[str, Any]:
    """What processors said by webhooks and nobody could place: it waits for a person, with its reason."""
    app: App = request.app.state.app

    def work(tx: BookTransaction) -> list[dict[str, Any]]:
        tx.get(Organisation, id=organisation)
        return [_told(one) for one in parked_reports(tx, organisation)]

    return {"reports": or_404(app, work)}


def _told(report: Report) -> dict[str, Any]:
    return {
        "report": report.id, "merchant_account": report.merchant_account, "kind": report.kind.value,
        "said": report.said.value, "key": report.key or None, "reference": report.reference or None,
        "amount": report.amount, "currency": report.currency or None, "why": report.why,
        "occurred_at": instant(report.occurred_at), "received_at": instant(report.received_at), "raw": report.raw,
    }  # fmt: skip
