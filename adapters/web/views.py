"""Around the list: views that people keep, the sheet of what is filtered, short links, the switch of the shortcuts."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form, HTTPException, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.database.action_centre import Row, item_of_payment, list_items
from adapters.database.books import BookTransaction
from adapters.database.saved_views import MAX_VIEWS, saved_views_of
from adapters.sheets import Cell, money, sheet
from adapters.web.cookies import switch_keys
from adapters.web.filtering import LIST, Asked, OfQuery, clean, read_asked
from adapters.web.items import ItemId
from adapters.web.pages import wording_of
from adapters.web.paper import download
from adapters.web.sessions import Person
from adapters.web.sign_in import ours
from adapters.web.visit import SEE, OfVisit, Posted
from adapters.web.wording import Wording
from domain.decision import New, Remove
from domain.refusal import NotKnown
from domain.saved_view import SavedView

router = APIRouter()
MAX_SHEET = 50_000  # rows: more is no sheet that anybody opens
READ_AT_ONCE = 1_000
COLUMNS = (
    "item", "payment", "client", "client_name", "email", "type", "state", "amount", "currency", "method", "expiry",
    "merchant_account", "reason", "why", "next", "failed_at", "attempts", "retry_on", "note",
)  # fmt: skip
Back = Annotated[str, Form(max_length=600)]


@router.get(f"{LIST}/csv")
def download_list(
    request: Request, visit: OfVisit, asked: OfQuery,
    separator: Annotated[str, Query(pattern="^(comma|semicolon)$")] = "",
) -> Response:  # fmt: skip
    """Everything that the filters match, in the language of the person who asks."""

    def work(tx: BookTransaction, person: Person) -> list[Row]:
        return list(_all(tx, person, asked))

    rows = visit.read(SEE, work)
    w = wording_of(request)
    marks: dict[str, Literal[",", ";"]] = {"comma": ",", "semicolon": ";"}
    columns = [w(f"sheet.item.{name}") for name in COLUMNS]
    text = sheet(columns, (_cells(row, w) for row in rows), language=w.language, bom=True, mark=marks.get(separator))
    return download(text, f"action-items-{w.local(w.now).date().isoformat()}.csv")


@router.get("/p/{payment}")
def open_payment(visit: OfVisit, payment: ItemId) -> Response:
    """A short link to what is to be done about a payment."""

    def work(tx: BookTransaction, person: Person) -> str:
        item = item_of_payment(tx, person.organisation.id, payment)
        if not item:
            raise NotKnown("payment", id=payment)
        return item

    return RedirectResponse(f"{LIST}/{visit.read(SEE, work)}", status_code=303)


def _all(tx: BookTransaction, person: Person, asked: Asked) -> Iterator[Row]:
    wanted, after = asked.filter(person.organisation), None
    for _ in range(MAX_SHEET // READ_AT_ONCE):
        rows, after = list_items(tx, person.organisation, wanted, after=after, size=READ_AT_ONCE)
        yield from rows
        if after is None:
            break


def _cells(row: Row, w: Wording) -> list[Cell]:
    item = row.item
    return [
        item.id, item.payment, item.client, row.client.name, row.client.email, w(f"web.kind.{item.of}"),
        w(f"web.state.{item.state}"), money(item.amount, w.currency), w.currency, w.method(row.method),
        row.method.expiry if row.method else "", item.merchant_account or "", item.reason,
        w.reason(item.reason, "staff"), w.next_step(item, row.method),
        w.local(item.failed_at).isoformat(" ", "minutes"), item.attempts, item.retry_on, item.note,
    ]  # fmt: skip


@router.post(f"{LIST}/views")
def save_view(
    request: Request, visit: OfVisit, csrf: Posted, name: Annotated[str, Form(max_length=60)] = "",
    query: Annotated[str, Form(max_length=20_000)] = "", shared: Annotated[str, Form(max_length=1)] = "",
) -> Response:  # fmt: skip
    """Keeps the filters under a name; the same name of one's own is written anew."""
    asked = read_asked(dict(parse_qsl(query)))
    called = clean(name)

    def deed(tx: BookTransaction, person: Person) -> None:
        if not called:
            raise HTTPException(422)
        own, by = person.organisation.id, person.administrator.id
        mine = [view for view in saved_views_of(tx, own, by) if view.by == by]
        same = [view for view in mine if view.name == called]
        if len(mine) - len(same) >= MAX_VIEWS:
            raise HTTPException(422)
        made = SavedView(
            organisation=own, id=tx.mint("view_"), by=by, name=called, query=asked.query, shared=bool(shared),
            created_at=tx.now,
        )  # fmt: skip
        tx.write([tuple(_removed(view) for view in same), (New(thing=made),)])

    visit.act(SEE, csrf, deed)
    return RedirectResponse(asked.address(), status_code=303)


@router.post(f"{LIST}/views/{{view}}/remove")
def remove_view(request: Request, visit: OfVisit, csrf: Posted, view: ItemId, back: Back = "") -> Response:
    """One's own only."""

    def deed(tx: BookTransaction, person: Person) -> None:
        kept = tx.get(SavedView, organisation=person.organisation.id, id=view)
        if kept.by != person.administrator.id:
            raise NotKnown("saved_view", id=view)
        tx.write([(_removed(kept),)])

    visit.act(SEE, csrf, deed)
    return RedirectResponse(ours(back), status_code=303)


def _removed(view: SavedView) -> Remove:
    return Remove(thing=SavedView, key={"organisation": view.organisation, "id": view.id})


@router.post(f"{LIST}/keys")
def switch(
    request: Request, visit: OfVisit, csrf: Posted, keys: Annotated[str, Form(pattern="^(on|off)$")] = "on",
    back: Back = "",
) -> Response:  # fmt: skip
    """Turns single keys off or on, for this person's browser (WCAG 2.1.4)."""
    visit.act(SEE, csrf, _nothing)
    response = RedirectResponse(ours(back), status_code=303)
    switch_keys(response, visit.app.settings, on=keys == "on")
    return response


def _nothing(tx: BookTransaction, person: Person) -> Any:
    """Who may see the list may switch its keys."""
