"""What a person does with an item: each act is a form, one transaction, and a redirect with a word about it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.database.books import BookTransaction
from adapters.inbox.refusals import as_written
from adapters.inbox.shape import MAX_REFERENCE, OptionalNote
from adapters.web.cookies import Note, leave_note
from adapters.web.items import ACT, ItemId, clean, item_page, look
from adapters.web.pages import wording_of
from adapters.web.sessions import Person
from adapters.web.sign_in import ours
from adapters.web.visit import SEE, OfVisit, Posted, Visit, may
from adapters.web.wording import Wording
from domain.action_item import ActionItem, ItemState
from domain.echeck import Echeck
from domain.payment import Payment, PaymentState
from domain.refusal import NotKnown, PermissionDenied, Refusal
from domain.retrying import MAX_NOTE, AlreadyRetrying, ItemClosed
from domain.retrying_refunds import is_about_repayment
from domain.use_cases import act_on_item
from domain.use_cases.withdraw_retry import withdraw_retry
from domain.withdrawing import HOLD

router = APIRouter(prefix="/action-items/{item}")
DOUBLE_CLICK = timedelta(minutes=1)  # the same person pressing the same button again: they know
# fmt: off
ANSWERS = {  # refusals of what was typed; every other one means that the item has moved on
    "card_number":       422,
    "reason_needed":     422,
    "reference_needed":  422,
    "new_method_needed": 422,
    "method_not_usable": 422,
}
# fmt: on
Written = Annotated[str, Form(max_length=MAX_NOTE)]
Reference = Annotated[str, Form(max_length=MAX_REFERENCE)]
Version = Annotated[int, Form(ge=0)]
Back = Annotated[str, Form(max_length=600)]
Deed = Callable[[BookTransaction, Person], Any]


class ItemChanged(Refusal):
    """The item is not as the page showed it when the button was pressed; who changed it is in the parameters."""

    code = "item_changed"


class YoursAlready(Exception):
    """A second press of one's own button: nothing more to do, nothing to complain about."""


@router.post("/retry")
def retry(
    request: Request, visit: OfVisit, csrf: Posted, item: ItemId, version: Version = 0,
    payment_method: Annotated[str, Form(max_length=64)] = "", back: Back = "",
) -> Response:  # fmt: skip
    """Retries at once (A3), with another method of the client if one was chosen (A5)."""

    def deed(tx: BookTransaction, person: Person) -> None:
        held = tx.lock(ActionItem, organisation=person.organisation.id, id=item)
        _same_press(held, person, tx)
        _as_shown(held, version)
        payment = tx.get(Payment, organisation=person.organisation.id, id=held.payment)
        chosen = payment_method if payment_method and payment_method != payment.payment_method else None
        hold = HOLD if _can_be_held(tx, held, payment) else act_on_item.NO_HOLD
        act_on_item.retry_item(tx, **_in_name_of(person, item), payment_method=chosen, hold=hold)

    return _do(request, visit, csrf, "action_item.retry", item, deed, done="retried", back=back)


@router.post("/cancel-retry")
def cancel_retry(request: Request, visit: OfVisit, csrf: Posted, item: ItemId, back: Back = "") -> Response:
    """Undoes a retry as long as it is held; what was sent is sent."""

    def deed(tx: BookTransaction, person: Person) -> None:
        withdraw_retry(tx, **_in_name_of(person, item))

    return _do(request, visit, csrf, "action_item.retry", item, deed, done="withdrawn", back=back)


@router.post("/reject")
def reject(
    request: Request, visit: OfVisit, csrf: Posted, item: ItemId, version: Version = 0, reason: Written = "",
    back: Back = "",
) -> Response:  # fmt: skip
    def deed(tx: BookTransaction, person: Person) -> None:
        _as_shown(tx.lock(ActionItem, organisation=person.organisation.id, id=item), version)
        act_on_item.reject_item(tx, **_in_name_of(person, item), reason=_written(reason, "reason"))

    typed = {"form": "reject", "reason": reason}
    return _do(request, visit, csrf, "action_item.reject", item, deed, done="rejected", back=back, typed=typed)


@router.post("/reopen")
def reopen(request: Request, visit: OfVisit, csrf: Posted, item: ItemId, back: Back = "") -> Response:
    """Undoes a rejection (A4)."""

    def deed(tx: BookTransaction, person: Person) -> None:
        act_on_item.reopen_item(tx, **_in_name_of(person, item))

    return _do(request, visit, csrf, "action_item.reopen", item, deed, done="reopened", back=back)


@router.post("/ask-again")
def ask_again(request: Request, visit: OfVisit, csrf: Posted, item: ItemId, back: Back = "") -> Response:
    """Has the processor asked again, now (A10)."""

    def deed(tx: BookTransaction, person: Person) -> None:
        act_on_item.ask_again(tx, **_in_name_of(person, item))

    return _do(request, visit, csrf, "action_item.ask_again", item, deed, done="asked", back=back)


@router.post("/settle")
def settle(
    request: Request, visit: OfVisit, csrf: Posted, item: ItemId,
    outcome: Annotated[str, Form(pattern="^(paid|not_paid)$")] = "not_paid",
    reference: Reference = "", reason: Written = "", back: Back = "",
) -> Response:  # fmt: skip
    """*It was paid*, with the processor's reference; *It was not paid*, with the reason (A10)."""

    def deed(tx: BookTransaction, person: Person) -> None:
        act_on_item.settle_item(
            tx,
            **_in_name_of(person, item),
            outcome=outcome,
            reference=_written(reference, "reference"),
            reason=_written(reason, "reason"),
        )

    typed = {"form": outcome, "reason": reason, "reference": reference}
    return _do(request, visit, csrf, "action_item.settle", item, deed, done=outcome, back=back, typed=typed)


def _written(typed: str, field: str) -> str:
    """Never a card number: what was typed is kept, and shown to everybody who works here."""
    return as_written(OptionalNote, clean(typed), field)


def _in_name_of(person: Person, item: str) -> dict[str, Any]:
    return {"organisation": person.organisation.id, "item": item, "by": person.administrator.id}


def _do(
    request: Request,
    visit: Visit,
    csrf: str,
    act: str,
    item: str,
    deed: Deed,
    *,
    done: str,
    back: str,
    typed: Mapping[str, str] | None = None,
) -> Response:
    """The deed, and then the page where the person was; or the item's page, saying why not."""
    try:
        visit.act(act, csrf, deed)
    except YoursAlready:
        done = "already_yours"
    except (NotKnown, PermissionDenied):
        raise
    except Refusal as refusal:
        return _explain(request, visit, item, refusal, typed or {"form": ""})
    response = RedirectResponse(ours(back or f"/action-items/{item}"), status_code=303)
    leave_note(response, visit.app.settings, Note(code=done, item=item))
    return response


def _explain(request: Request, visit: Visit, item: str, refusal: Refusal, typed: Mapping[str, str]) -> Response:
    """The item as it stands now, with the refusal in words on top of it."""
    detail, may_act = visit.read(SEE, lambda tx, person: (look(tx, person, item), may(person, ACT)))
    words = _words(wording_of(request), refusal, detail.shown.row.item, detail.names)
    status = ANSWERS.get(refusal.code, 409)
    told = {"code": refusal.code, "field": refusal.field, "words": words}
    return item_page(request, visit, detail, may_act, status=status, refused=told, typed=dict(typed))


def _words(w: Wording, refusal: Refusal, item: ActionItem, names: dict[str, str]) -> str:
    """Somebody else was quicker: the second presser is told who and when."""
    if isinstance(refusal, AlreadyRetrying | ItemClosed | ItemChanged):
        told = {"who": w.who(item.by, names), "ago": w.ago(item.changed_at)}
        state = item.state.value if isinstance(refusal, ItemClosed) else ""
        return w(f"web.refusal.{refusal.code}{f'.{state}' if state in ('resolved', 'rejected') else ''}", **told)
    return w.refusal(refusal)


def _can_be_held(tx: BookTransaction, item: ActionItem, payment: Payment) -> bool:
    """Not what goes back, which has its own undo, nor an e-check, which can be called back until its batch."""
    if is_about_repayment(item) or payment.state is not PaymentState.FAILED:
        return False
    return tx.find(Echeck, organisation=payment.organisation, payment=payment.id) is None


def _same_press(item: ActionItem, person: Person, tx: BookTransaction) -> None:
    mine = item.by == person.administrator.id and tx.now - item.changed_at < DOUBLE_CLICK
    if item.state is ItemState.RETRYING and mine:
        raise YoursAlready


def _as_shown(item: ActionItem, version: int) -> None:
    """Refuses a press on a page that is out of date: a retry that failed meanwhile is not retried unseen."""
    if item.state is ItemState.OPEN and item.version != version:
        raise ItemChanged("item", item=item.id)
