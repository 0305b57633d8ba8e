"""Charts of the Payment Action Center: made by the server, each with its table, each bar a way into the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from babel.numbers import format_percent
from fastapi import APIRouter, HTTPException, Query
from starlette.requests import Request
from starlette.responses import Response

from adapters.database.books import BookTransaction
from adapters.database.recovery import Recovery, recovery
from adapters.web.filtering import LIST
from adapters.web.pages import page, wording_of
from adapters.web.sessions import Person
from adapters.web.visit import SEE, OfVisit
from adapters.web.wording import Wording
from domain.days import local_date

router = APIRouter(prefix=f"{LIST}/charts")
SHOWN = timedelta(days=30)
WIDTH = 100  # of the longest bar, in percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """`width` and `offset` in percent; `look` is the class of its colour."""

    width: float
    offset: float
    look: str
    href: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A label, its bars side by side, and the cells of the table under the chart."""

    label: str
    bars: Sequence[Bar]
    cells: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`id` names its words: `web.chart.<id>`; `columns` those of its table."""

    id: str
    columns: Sequence[str]
    lines: Sequence[Line]


@router.get("")
def show_charts(
    request: Request, visit: OfVisit, since: Annotated[str, Query(alias="from", max_length=10)] = "",
    until: Annotated[str, Query(alias="to", max_length=10)] = "",
) -> Response:  # fmt: skip
    def work(tx: BookTransaction, person: Person) -> Recovery:
        owner = person.organisation
        last = _day(until) or local_date(tx.now, owner.timezone)
        first = _day(since) or last - SHOWN + timedelta(days=1)
        return recovery(tx, owner, min(first, last), last)

    found = visit.read(SEE, work)
    w = wording_of(request)
    rate = format_percent(found.rate, "0.0 %" if w.language == "fr" else "0.0%", locale=w.region) if found.rate else ""
    return page(
        request, "charts.html", found=found, rate=rate or w("web.chart.no_rate"),
        charts=[_weeks(found, w), _tries(found, w), _reasons(found, w)],
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise HTTPException(422) from None


def _weeks(found: Recovery, w: Wording) -> Chart:
    most = max((week.failed for week in found.weeks), default=0) or 1
    lines = []
    for week in found.weeks:
        label = w("web.chart.week", since=w.day(week.since), until=w.day(week.until))
        days: dict[str, Any] = {"from": week.since, "to": week.until}
        parts: tuple[tuple[str, int, dict[str, Any]], ...] = (
            ("recovered", week.recovered, {"tab": "closed"}),
            ("at_risk", week.at_risk, {}),
            ("given_up", week.given_up, {"tab": "closed"}),
        )
        bars, offset = [], 0.0
        for name, amount, more in parts:
            width = WIDTH * amount / most
            words = w(f"web.chart.{name}", amount=w.money(amount), when=label)
            if amount:
                bars.append(Bar(width=width, offset=offset, look=name, href=_list(**days, **more), words=words))
            offset += width
        lines.append(Line(label=label, bars=bars, cells=[w.money(amount) for _, amount, _ in parts]))
    return Chart(id="weeks", columns=("week", "recovered", "at_risk", "given_up"), lines=lines)


def _tries(found: Recovery, w: Wording) -> Chart:
    lines = []
    for one in found.tries:
        label = w("web.chart.attempt", number=one.number)
        share = one.approved / one.tried
        told = format_percent(share, locale=w.region)
        words = w("web.chart.approved", share=told, approved=one.approved, tried=one.tried, attempt=label)
        href = _list(tab="closed", attempts=one.number, **{"from": found.since, "to": found.until})
        bar = Bar(width=WIDTH * share, offset=0, look="recovered", href=href, words=words)
        lines.append(Line(label=label, bars=[bar], cells=[str(one.tried), str(one.approved), told]))
    return Chart(id="tries", columns=("attempt", "tried", "approved", "share"), lines=lines)


def _reasons(found: Recovery, w: Wording) -> Chart:
    most = max((one.count for one in found.reasons), default=0) or 1
    lines = []
    for one in found.reasons:
        label = w.reason(one.code, "staff")
        words = w("web.chart.reason", reason=label.rstrip("."), count=one.count, amount=w.money(one.amount))
        href = _list(reason=one.code, **{"from": found.since, "to": found.until})
        bar = Bar(width=WIDTH * one.count / most, offset=0, look="at_risk", href=href, words=words)
        lines.append(Line(label=label, bars=[bar], cells=[str(one.count), w.money(one.amount)]))
    return Chart(id="reasons", columns=("reason", "count", "amount"), lines=lines)


def _list(**filters: Any) -> str:
    return f"{LIST}?{urlencode({name: str(value) for name, value in filters.items()})}"
