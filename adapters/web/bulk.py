"""One act on many items: what was chosen is frozen and shown, begun by a second press, and followed row by row (A6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form, HTTPException, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.bulk_acting import freeze, start, undo
from adapters.database.action_centre import Row, find_rows, list_items
from adapters.database.books import BookTransaction
from adapters.database.bulk_results import Result, Sums, results, sums
from adapters.inbox.refusals import as_written
from adapters.inbox.shape import OptionalNote
from adapters.web.filtering import Asked, clean, read_asked
from adapters.web.items import ACT, ItemId, names_of
from adapters.web.offers import offer
from adapters.web.pages import page
from adapters.web.sessions import Person
from adapters.web.sign_in import ours
from adapters.web.visit import SEE, OfVisit, Posted, may
from domain.bulk_act import MAX_ROWS, Bulk, BulkAct, BulkState
from domain.refusal import NotKnown, PermissionDenied, Refusal
from domain.retrying import MAX_NOTE, NothingToRetry

router = APIRouter(prefix="/action-items/bulk")
MAX_PICKED = 200  # boxes on one page
READ_AT_ONCE = 1_000  # rows, while a set is frozen
WAIT_S = 2  # between looks at an act that runs
PAGE_SIZE = 100  # results on one page
Chosen = tuple[str, int, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A bulk act as its page shows it."""

    act: BulkAct
    sums: Sums
    results: Sequence[Result]
    names: dict[str, str]
    may_act: bool


@router.post("")
def choose(
    request: Request, visit: OfVisit, csrf: Posted,
    act: Annotated[Literal["retry", "reject"], Form()] = "retry", item: Annotated[list[str], Form()] = [],  # noqa: B006
    all: Annotated[str, Form(max_length=1)] = "", matching: Annotated[str, Form(max_length=20_000)] = "",
    back: Annotated[str, Form(max_length=600)] = "",
) -> Response:  # fmt: skip
    """Freezes the rows that were ticked, or everything that the filters match, with what will be passed over."""
    asked = read_asked(dict(parse_qsl(matching)))

    def deed(tx: BookTransaction, person: Person) -> str:
        own = person.organisation.id
        what = Bulk(act)
        chosen = _everything(tx, person, asked, what) if all else _picked(tx, own, item[:MAX_PICKED], what)
        return freeze(tx, own, what, person.administrator.id, chosen).id if chosen else ""

    made = visit.act(f"action_item.{act}", csrf, deed)
    return RedirectResponse(f"/action-items/bulk/{made}" if made else ours(back), status_code=303)


@router.get("/{bulk}")
def show(
    request: Request, visit: OfVisit, bulk: ItemId, after: Annotated[int, Query(ge=0, le=MAX_ROWS)] = 0,
    only: Annotated[str, Query(pattern="^(|passed_over|failed)$")] = "",
) -> Response:  # fmt: skip
    """What will be done, and once it has begun: how far it is, and the result of each row."""
    alive = request.headers.get("hx-request") != "true"  # a page left open is not a person at work
    followed = visit.read(SEE, lambda tx, person: _follow(tx, person, bulk, after, only), alive=alive)
    return _page(request, followed, after, only)


@router.post("/{bulk}/start")
def begin(
    request: Request, visit: OfVisit, csrf: Posted, bulk: ItemId,
    reason: Annotated[str, Form(max_length=MAX_NOTE)] = "",
) -> Response:  # fmt: skip
    """A second press finds it begun."""

    def deed(tx: BookTransaction, person: Person) -> None:
        own, by = person.organisation.id, person.administrator.id
        written = as_written(OptionalNote, clean(reason), "reason")
        start(tx, own, bulk, by=by, reason=written)

    try:
        visit.act(ACT, csrf, deed)
    except (NotKnown, PermissionDenied):
        raise
    except Refusal as refusal:
        followed = visit.read(SEE, lambda tx, person: _follow(tx, person, bulk, 0, ""))
        return _page(request, followed, 0, "", refused=refusal.code, status=422)
    return RedirectResponse(f"/action-items/bulk/{bulk}", status_code=303)


@router.post("/{bulk}/undo")
def undo_rejection(request: Request, visit: OfVisit, csrf: Posted, bulk: ItemId) -> Response:
    """Reopens at once what the act rejected (A4)."""

    def deed(tx: BookTransaction, person: Person) -> str:
        return undo(tx, person.organisation.id, bulk, by=person.administrator.id)

    return RedirectResponse(f"/action-items/bulk/{visit.act('action_item.reopen', csrf, deed)}", status_code=303)


def _page(
    request: Request, followed: Followed, after: int, only: str, *, refused: str = "", status: int = 200
) -> Response:
    more = followed.results[-1].position if len(followed.results) == PAGE_SIZE else 0
    return page(
        request, "bulk.html", status=status, bulk=followed, act=followed.act, after=after, only=only, more=more,
        refused=refused, draft=followed.act.state is BulkState.DRAFT, running=followed.act.state is BulkState.RUNNING,
        wait=WAIT_S,
    )  # fmt: skip


def _follow(tx: BookTransaction, person: Person, bulk: str, after: int, only: str) -> Followed:
    own = person.organisation.id
    act = tx.get(BulkAct, organisation=own, id=bulk)
    return Followed(
        act=act, sums=sums(tx, act), results=results(tx, act, after=after, only=only, limit=PAGE_SIZE),
        names=names_of(tx, own), may_act=may(person, ACT),
    )  # fmt: skip


def _picked(tx: BookTransaction, organisation: str, picked: Sequence[str], act: Bulk) -> list[Chosen]:
    """As the page showed them: the version of each stands behind its id."""
    seen = {id: int(version) if version.isdecimal() else 0 for id, _, version in (one.partition("~") for one in picked)}
    rows = {row.item.id: row for row in find_rows(tx, organisation, list(seen))}
    if len(rows) != len(seen):
        raise HTTPException(404)
    return [_chosen(rows[id], act, version) for id, version in seen.items()]


def _everything(tx: BookTransaction, person: Person, asked: Asked, act: Bulk) -> list[Chosen]:
    """The set as it is now, in the order of the list, up to the limit."""
    wanted, found, after = asked.filter(person.organisation), list[Chosen](), None
    while len(found) < MAX_ROWS:
        rows, after = list_items(tx, person.organisation, wanted, after=after, size=READ_AT_ONCE)
        found += [_chosen(row, act, row.item.version) for row in rows]
        if after is None:
            break
    return found


def _chosen(row: Row, act: Bulk, version: int) -> Chosen:
    return row.item.id, version, row.item.amount, why_not(row, act)


def why_not(row: Row, act: Bulk) -> str:
    """The code of the refusal that this act would meet now; empty when it would be taken."""
    offered = offer(row)
    if row.item.state.value == "retrying":
        return "already_retrying"
    if row.item.state.value != "open":
        return "item_closed"
    if act is Bulk.REJECT:
        return "" if offered.may_reject else "in_doubt"
    return "" if offered.retry else offered.why_not.code if offered.why_not else NothingToRetry.code
