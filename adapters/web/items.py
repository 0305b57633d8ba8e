"""The Payment Action Center: the list with its tabs, one item, and the watch over retries under way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.database.action_centre import (
    MAX_COUNTED,
    Row,
    count_matching,
    find_rows,
    history_of,
    item_of_payment,
    list_items,
    newer_methods,
    tally,
)  # fmt: skip
from adapters.database.books import BookTransaction
from adapters.database.heard import count_differences
from adapters.database.incidents import incidents
from adapters.database.item_filter import Tab
from adapters.database.saved_views import saved_views_of
from adapters.mail.digests import nobody_to_tell
from adapters.web.cookies import Note, keys_are_off, read_note
from adapters.web.filtering import OfQuery, clean, form_choices, read_cursor, write_cursor
from adapters.web.offers import Offer, offer
from adapters.web.pages import page, wording_of
from adapters.web.sessions import Person
from adapters.web.telling import tell
from adapters.web.visit import SEE, OfVisit, Visit, may
from domain.action_item import ItemState
from domain.bulk_act import MAX_ROWS
from domain.event import Event
from domain.organisation import MerchantAccount
from domain.payment_method import MethodState, PaymentMethod
from domain.people import Administrator, Client
from domain.refusal import NotKnown
from domain.retrying_refunds import is_about_repayment

__all__ = ["clean"]
router = APIRouter(prefix="/action-items")
ACT = "action_item.retry"  # every act on an item asks for the same permission
MAX_SEARCH = 100
MAX_CURSOR = 200
MAX_WATCHED = 50
WATCH_WAITS_S = (2, 2, 3, 5, 8, 13, 21, 30)  # between looks at a retry; the last one is repeated
MAX_WATCH_TURNS = 40  # about a quarter of an hour; then the page is looked at no more

ItemId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A row with what is offered on it; `newer` says whether a usable method came since it failed."""

    row: Row
    offer: Offer
    newer: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """All that the page of one item shows. `names` of administrators by id, `methods` of the client by id."""

    shown: Shown
    events: list[Event]
    names: dict[str, str]
    methods: dict[str, PaymentMethod]

    @property
    def others(self) -> list[PaymentMethod]:
        """Methods of the client that a retry could use; money that goes back has none but its own (A5)."""
        if is_about_repayment(self.shown.row.item):
            return []
        return [one for one in self.methods.values() if one.state is MethodState.ACTIVE and one.kind == "card"]


@router.get("")
def show_list(
    request: Request, visit: OfVisit, asked: OfQuery, after: Annotated[str, Query(max_length=MAX_CURSOR)] = ""
) -> Response:
    note = read_note(request, visit.app.settings)

    def work(tx: BookTransaction, person: Person) -> dict[str, Any]:
        owner = person.organisation
        wanted = asked.filter(owner)
        jump = item_of_payment(tx, owner.id, wanted.words) if wanted.words else ""
        if jump:
            return {"jump": jump}
        rows, more = list_items(tx, owner, wanted, after=read_cursor(after))
        held = tally(tx, owner.id)
        number, total = count_matching(tx, owner, wanted) if asked.narrowed else (held.tabs[wanted.tab], 0)
        named = tx.find(Client, organisation=owner.id, id=wanted.owner) if wanted.owner else None
        return {
            "rows": shown(tx, rows),
            "next": asked.address(after=write_cursor(more)) if more else "",
            "counts": held.tabs,
            "waiting": held.waiting,
            "number": number,
            "total": total,
            "owner_name": named.name if named else "",
            "accounts": [one.id for one in tx.all(MerchantAccount, organisation=owner.id, order_by="id")],
            "views": saved_views_of(tx, owner.id, person.administrator.id),
            "incidents": incidents(tx, owner.id),
            "differences": count_differences(tx, owner.id),
            "may_act": may(person, ACT),
            "note": say_note(tx, owner.id, note),
            "names": names_of(tx, owner.id),
            "nobody": bool(nobody_to_tell(tx, owner.id)),
        }

    found = visit.read(SEE, work)
    if "jump" in found:
        return RedirectResponse(f"/action-items/{found['jump']}", status_code=303)
    w = wording_of(request)
    watched = [one.row.item.id for one in found["rows"] if one.row.item.state is ItemState.RETRYING]
    return page(
        request, "list.html", asked=asked, tab=asked.tab, tabs=list(Tab), q=asked.part("q"),
        back=asked.address(after=after), first=not after, watch=watch_address("list", watched, 0),
        wait=WATCH_WAITS_S[0], chips=asked.chips(w, found.pop("owner_name")), most_counted=MAX_COUNTED,
        most_rows=MAX_ROWS, choices=form_choices(w, found.pop("accounts")),
        keys=not keys_are_off(request, visit.app.settings), **found,
    )  # fmt: skip


def shown(tx: BookTransaction, rows: Sequence[Row]) -> list[Shown]:
    newer = newer_methods(tx, rows)
    return [Shown(row=row, offer=offer(row), newer=newer.get(row.item.id)) for row in rows]


@router.get("/watch")
def watch(
    request: Request,
    visit: OfVisit,
    ids: Annotated[str, Query(max_length=MAX_WATCHED * 65)] = "",
    view: Annotated[str, Query(pattern="^(list|item)$")] = "list",
    turn: Annotated[int, Query(ge=0, le=MAX_WATCH_TURNS)] = 0,
) -> Response:
    """What became of retries meanwhile: the rows (or the page) that changed, and when to look again."""
    wanted = ids.split(",")[:MAX_WATCHED] if ids else []

    def work(tx: BookTransaction, person: Person) -> dict[str, Any]:
        own = person.organisation.id
        rows = [row for row in find_rows(tx, own, wanted) if row.item.state is not ItemState.RETRYING]
        details = [look(tx, person, row.item.id) for row in rows] if view == "item" else []
        return {
            "rows": shown(tx, rows),
            "details": details,
            "counts": tally(tx, own).tabs,
            "may_act": may(person, ACT),
            "names": names_of(tx, own),
        }

    found = visit.read(SEE, work, alive=False)  # a page left open is not a person at work
    settled = {shown.row.item.id for shown in found["rows"]}
    left = [id for id in wanted if id not in settled]
    goes_on = watch_address(view, left, turn + 1) if turn < MAX_WATCH_TURNS else ""
    w = wording_of(request)
    shown_details = [detail_context(w, detail, found["may_act"]) for detail in found.pop("details")]
    wait = WATCH_WAITS_S[min(turn + 1, len(WATCH_WAITS_S) - 1)]
    return page(
        request, "watch.html", view=view, watch=goes_on, wait=wait, tab=Tab.ALL, tabs=list(Tab),
        back="/action-items", shown_details=shown_details, **found,
    )  # fmt: skip


@router.get("/{item}")
def show_item(request: Request, visit: OfVisit, item: ItemId) -> Response:
    note = read_note(request, visit.app.settings)

    def work(tx: BookTransaction, person: Person) -> tuple[Detail, bool, Mapping[str, Any] | None]:
        return look(tx, person, item), may(person, ACT), say_note(tx, person.organisation.id, note)

    detail, may_act, told = visit.read(SEE, work)
    return item_page(request, visit, detail, may_act, note=told)


def item_page(
    request: Request, visit: Visit, detail: Detail, may_act: bool, *, status: int = 200, **more: Any
) -> Response:
    """The page of an item; `more` may hold what was refused and what had been typed."""
    context: dict[str, Any] = {"note": None, "refused": None, "typed": {"form": ""}} | more
    item = detail.shown.row.item
    watched = [item.id] if item.state is ItemState.RETRYING else []
    w = wording_of(request)
    return page(
        request, "item.html", status=status, watch=watch_address("item", watched, 0), wait=WATCH_WAITS_S[0],
        **detail_context(w, detail, may_act), **context,
    )  # fmt: skip


def detail_context(w: Any, detail: Detail, may_act: bool) -> dict[str, Any]:
    row = detail.shown.row
    return {
        "shown": detail.shown,
        "others": detail.others,
        "names": detail.names,
        "may_act": may_act,
        "told": tell(detail.events, row, w, names=detail.names, methods=detail.methods),
    }


def look(tx: BookTransaction, person: Person, item: str) -> Detail:
    """Raises NotKnown for an item that this organisation does not have (P1)."""
    own = person.organisation.id
    rows = find_rows(tx, own, [item])
    if not rows:
        raise NotKnown("item", id=item)
    row = rows[0]
    methods = tx.all(PaymentMethod, organisation=own, client=row.client.id, order_by="created_at id")
    return Detail(
        shown=Shown(row=row, offer=offer(row)),
        events=history_of(tx, row.item),
        names=names_of(tx, own),
        methods={method.id: method for method in methods},
    )


def names_of(tx: BookTransaction, organisation: str) -> dict[str, str]:
    return {person.id: person.name for person in tx.all(Administrator, organisation=organisation)}


def say_note(tx: BookTransaction, organisation: str, note: Note | None) -> Mapping[str, Any] | None:
    """What was just done, with the item that it was done to."""
    rows = find_rows(tx, organisation, [note.item]) if note is not None and note.item else []
    return {"code": note.code, "row": rows[0], "offer": offer(rows[0])} if note is not None and rows else None


def watch_address(view: str, ids: list[str], turn: int) -> str:
    """Empty when there is nothing to watch."""
    if not ids:
        return ""
    return "/action-items/watch?" + urlencode({"view": view, "turn": turn, "ids": ",".join(ids)})
