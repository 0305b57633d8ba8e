"""Reports (P4): a page with a table each, a sheet each, and the same read by services."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.database.reports import REPORTS, report
from adapters.tables_told import report_columns, report_rows, report_sheet
from adapters.web.pages import page, wording_of
from adapters.web.paper import download
from adapters.web.reads import Own, or_404
from adapters.web.sessions import Person
from adapters.web.visit import OfVisit, Visit

router = APIRouter()
SEE = "report.see"
Name = Annotated[str, Path(pattern=f"^({'|'.join(REPORTS)})$")]
Since = Annotated[date | None, Query(alias="from")]
Until = Annotated[date | None, Query(alias="to")]


@router.get("/reports")
def first_report() -> Response:
    return RedirectResponse(f"/reports/{next(iter(REPORTS))}", status_code=303)


@router.get("/reports/{name}")
def show_report(request: Request, visit: OfVisit, name: Name, since: Since = None, until: Until = None) -> Response:
    found = _read(visit, name, since, until)
    w = wording_of(request)
    return page(
        request, "report.html", name=name, names=list(REPORTS), found=found, kinds=list(REPORTS[name].columns.values()),
        columns=report_columns(name, w.language), rows=report_rows(found, w.language, w.money),
        totals=report_rows(found | {"rows": []}, w.language, w.money, total=w("report.total"))[0],
    )  # fmt: skip


@router.get("/reports/{name}/csv")
def download_report(
    request: Request, visit: OfVisit, name: Name, since: Since = None, until: Until = None,
    bom: Annotated[bool, Query()] = False,
) -> Response:  # fmt: skip
    """In the language of the person who asks."""
    found = _read(visit, name, since, until)
    text = report_sheet(found, wording_of(request).language, bom=bom)
    return download(text, f"{name}-{found['from']}-{found['to']}.csv")


@router.get("/v1/organisations/{organisation}/reports/{name}")
def read_report(
    request: Request, organisation: Own, name: Name, since: Since = None, until: Until = None
) -> dict[str, Any]:  # fmt: skip
    """Revenue, receipts, planned payments, e-checks, postdated payments or receivables, in minor units."""
    app: App = request.app.state.app
    return dict(or_404(app, lambda tx: report(tx, organisation, name, since=since, until=until)))


def _read(visit: Visit, name: str, since: date | None, until: date | None) -> dict[str, Any]:
    def work(tx: BookTransaction, person: Person) -> dict[str, Any]:
        return report(tx, person.organisation.id, name, since=since, until=until)

    return visit.read(SEE, work)
