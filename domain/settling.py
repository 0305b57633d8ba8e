"""Settling decides what a verdict about an e-check means: settled, returned, late, or none at all (E4, E5)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from domain.action_item import ACTION_ITEM, ActionItem, ItemKind, ItemState
from domain.batching import next_poll
from domain.billing import invoice as bill
from domain.billing import known_rate
from domain.claim import Around
from domain.concluding import lessons
from domain.days import local_date
from domain.decision import Decision, move
from domain.declines import ReasonClass, class_of, class_of_return, known
from domain.echeck import ECHECK, UNSETTLED, WATCHED_DAYS, Echeck, EcheckState
from domain.event import SYSTEM
from domain.invoice import AskedLine
from domain.itemising import new_item, resolve_item
from domain.ledger import Allocation
from domain.organisation import Organisation
from domain.payment import Payment, PaymentKind
from domain.payment_method import PaymentMethod
from domain.people import Client
from domain.presenting import echeck_event, reverse
from domain.refund import Consumption, Refund
from domain.refunding import call_off
from domain.resuming import resume
from domain.retry_rules import scheduled_retry
from domain.telling import item_event

Mint = Callable[[str], str]
FEE = {"en": "Returned payment fee", "fr": "Frais de paiement retourné"}
FEE_CODE = "nsf_fee"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a verdict must see, locked: the receipt with its matches and the refunds of it that still wait, its item,
    its plan with what it plans."""

    organisation: Organisation
    client: Client
    payment: Payment
    method: PaymentMethod
    allocations: Sequence[Allocation] = ()
    waiting_refunds: Sequence[tuple[Refund, Sequence[Consumption]]] = ()
    item: ActionItem | None = None
    around: Around = field(default_factory=Around)


def date_of(owner: Organisation, now: datetime) -> date:
    return local_date(now, owner.timezone)


def settled(echeck: Echeck, seen: Surroundings, *, on: date, now: datetime) -> Decision:
    """The money stays; the watch for late returns goes on (E4). Its item, if it was a retry, is resolved, and a
    plan that was stopped goes on with what has worked."""
    owner = seen.organisation
    steps: Decision = (
        move(
            ECHECK, echeck, "settle", fence=echeck.epoch, settled_on=on, worker=None, missed_at=None,
            watched_until=on + timedelta(days=WATCHED_DAYS[echeck.currency]), next_at=next_poll(owner, now),
        ),
        echeck_event(echeck, "echeck.settled", now, on=on.isoformat()),
        *resolve_item(seen.item, by=SYSTEM, now=now),
    )  # fmt: skip
    if seen.item is not None and seen.item.state is ItemState.RETRYING:
        steps += resume(seen.around.plan, seen.around.planned, method=seen.method, now=now)
    return steps


def returned(
    echeck: Echeck, seen: Surroundings, *, code: str, network_code: str, on: date, now: datetime, mint: Mint,
    by: str = SYSTEM,
) -> Decision:  # fmt: skip
    """The receipt is reversed, its lines are open again, a person has an item, and by setting a fee is billed (E5).
    Refunds of it that were not sent yet are called back; one that was sent stands, and the client owes it."""
    code = known(code)
    owner, late = seen.organisation, echeck.state is EcheckState.SETTLED
    on_day = date_of(owner, now)
    told: dict[str, Any] = {"reason": code, "network_code": network_code, "late": late}
    steps: Decision = (
        move(
            ECHECK, echeck, "return", fence=echeck.epoch, code=code, network_code=network_code, returned_on=on,
            worker=None, next_at=None, missed_at=None,
        ),
        *reverse(
            seen.payment, echeck, seen.allocations, words="posting.echeck_returned", language=seen.client.language,
            by=by, booked_on=on_day, now=now, mint=mint, reason=code, network_code=network_code,
        ),
        echeck_event(echeck, "echeck.returned", now, by=by, on=on.isoformat(), **told),
        *_open(
            seen.payment, echeck, seen.item, code, network_code, now=now, mint=mint, reason_class=class_of_return(code),
            owner=owner,
        ),
        *lessons(seen.method, code, seen.around, now=now),
        *_fee(echeck, seen, code, booked_on=on_day, now=now, mint=mint),
    )  # fmt: skip
    return steps + call_off(
        seen.payment, seen.waiting_refunds, method=seen.method, organisation=owner, client=seen.client, why=code,
        by=by, booked_on=on_day, now=now, mint=mint,
    )  # fmt: skip


def waited(echeck: Echeck, owner: Organisation, *, now: datetime) -> Decision:
    """No verdict today: asked again tomorrow, until nobody can return it any more."""
    over = echeck.watched_until is not None and date_of(owner, now) > echeck.watched_until
    put: dict[str, Any] = {"worker": None, "next_at": None if over else next_poll(owner, now)}
    return (move(ECHECK, echeck, "wait", fence=echeck.epoch, **put),)


def ask_now(echeck: Echeck, *, now: datetime) -> Decision:
    """There is something to be heard about it: its next look-up or poll is due at once."""
    return (move(ECHECK, echeck, "wait", fence=echeck.epoch, next_at=now),)


def is_overdue(echeck: Echeck, owner: Organisation, *, now: datetime) -> bool:
    """Whether the window in which a verdict was to come is over (E4)."""
    return echeck.verdict_on is not None and date_of(owner, now) > echeck.verdict_on and echeck.state in UNSETTLED


def missed(echeck: Echeck, seen: Surroundings, *, code: str, now: datetime, mint: Mint) -> Decision:
    """Nobody says what became of it: a person finds out, once (A1, A10)."""
    if seen.item is not None and seen.item.kind is ItemKind.IN_DOUBT:
        return ()
    return _open(seen.payment, echeck, seen.item, code, "", now=now, mint=mint, kind=ItemKind.IN_DOUBT)


def kind_of(payment: Payment) -> ItemKind:
    """An e-check instalment is an instalment; a one-off is an e-check (CONTRACT section 2)."""
    return ItemKind.ECHECK if payment.kind is PaymentKind.ONE_OFF else ItemKind(payment.kind.value)


def _open(
    payment: Payment, echeck: Echeck, item: ActionItem | None, code: str, network_code: str, *, now: datetime,
    mint: Mint, kind: ItemKind | None = None, reason_class: ReasonClass | None = None,
    owner: Organisation | None = None,
) -> Decision:  # fmt: skip
    """At most one item for what was first presented: the one under retry opens again (A2, A3). With the organisation
    it is given its next automatic presentment, if there is one (A8)."""
    reason_class = reason_class or class_of(code)
    retry_on = item.retry_on if item is not None else None
    if owner is not None:
        first = item.opened_at if item is not None else now
        retry_on = scheduled_retry(reason_class, owner, failed_at=first, planned=retry_on, now=now)
    if item is None:
        return new_item(
            payment, kind or kind_of(payment), code, network_code, now=now, mint=mint, reason_class=reason_class,
            retry_on=retry_on,
        )  # fmt: skip
    step = move(
        ACTION_ITEM, item, "fail" if item.state is ItemState.RETRYING else "update",
        kind=kind or (item.kind if item.kind is not ItemKind.IN_DOUBT else kind_of(payment)),
        attempts=max(echeck.presented, item.attempts), amount=payment.amount,
        merchant_account=echeck.merchant_account, payment_method=echeck.payment_method, reason=code,
        reason_class=reason_class, network_code=network_code, failed_at=now, changed_at=now, retry_on=retry_on,
    )  # fmt: skip
    return (step, item_event(item, "action_item.opened", now, was={"reason": item.reason}, reason=code))


def _fee(echeck: Echeck, seen: Surroundings, code: str, *, booked_on: date, now: datetime, mint: Mint) -> Decision:
    """For want of funds only, as the networks allow it: once for each return."""
    setting = seen.organisation.settings.get("nsf_fee")
    if not setting or code != "insufficient_funds":
        return ()
    settings = seen.organisation.settings
    taxes = tuple(
        known_rate(settings, tax["code"], tax.get("rate"), "nsf_fee") for tax in setting.get("taxes") or ()
    )  # fmt: skip
    line = AskedLine(
        line="fee", description=FEE.get(seen.client.language, FEE["en"]), amount=int(setting["amount"]), taxes=taxes,
        ledger_code=setting.get("ledger_code") or FEE_CODE,
    )  # fmt: skip
    return bill(
        organisation=seen.organisation, client=seen.client, id=f"nsf-{echeck.id}", lines=[line], origin="nsf_fee",
        note=echeck.payment, by=SYSTEM, booked_on=booked_on, now=now, mint=mint,
    )  # fmt: skip
