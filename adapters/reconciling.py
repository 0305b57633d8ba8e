"""Reconciling: which dates of which merchant accounts are to be compared with their processor's list, and doing it."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import IntegrityError

from adapters.bootstrap import App
from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.database.report_tables import comparisons
from adapters.database.shown import instant
from adapters.logs import log_event, log_failure
from adapters.runs import organisations
from domain.capabilities import EcheckOutcome, capability_for
from domain.days import instant as instant_of
from domain.days import local_date
from domain.decision import New, move
from domain.organisation import MerchantAccount, Organisation
from domain.ports import ListNotAvailable
from domain.reconciliation import (
    AGAIN,
    ASKED_FOR,
    COMPARED_AT,
    COMPARISON,
    MAX_TRIES,
    Break,
    BreakState,
    Comparison,
    ComparisonState,
)
from domain.use_cases.reconcile_account import Reconciled, reconcile_account
from domain.use_cases.take_back_payment import take_back_payment

KEY = ("organisation", "merchant_account", "on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of one account and date; `done` is None when its list could not be had."""

    organisation: str
    account: str
    on: date
    done: Reconciled | None
    breaks: list[Break]

    def document(self) -> dict[str, Any]:
        """A line of `encaisse reconcile --json`."""
        return {
            "organisation": self.organisation, "merchant_account": self.account, "date": self.on.isoformat(),
            "status": "compared" if self.done is not None else "not_available",
            "listed": self.done.listed if self.done is not None else 0,
            "undecided": self.done.undecided if self.done is not None else 0,
            "breaks": [break_told(one) for one in self.breaks],
        }  # fmt: skip


def break_told(found: Break) -> dict[str, Any]:
    return {
        "break": found.id, "kind": found.kind.value, "state": found.state.value, "date": found.on.isoformat(),
        "organisation": found.organisation, "merchant_account": found.merchant_account, "about": found.about.value,
        "key": found.key or None, "reference": found.reference or None, "payment": found.payment,
        "amount_here": found.amount_here, "amount_there": found.amount_there, "currency": found.currency,
        "opened_at": instant(found.opened_at), "by": found.by or None, "reason": found.note or None,
    }  # fmt: skip


def open_breaks(tx: BookTransaction, organisation: str | None = None, **key: Any) -> list[Break]:
    if organisation is not None:
        key["organisation"] = organisation
    return tx.all(Break, state=BreakState.OPEN, order_by="opened_at id", **key)


def reconcile(app: App, on: date, *, organisation: str | None = None) -> list[Told]:
    """By hand, every merchant account that has a list, whether it was compared before or not."""
    return [_one(app, account, on) for account in app.books.run(lambda tx: _accounts(tx, organisation))]


def compare_due(app: App, *, organisation: str, account: str) -> int:
    """An errand: the oldest comparison of an account that is due; answers how many were tried."""
    due = app.books.run(lambda tx: _due(tx, organisation, account))
    if due is None:
        return 0
    owner = app.books.run(lambda tx: tx.get(MerchantAccount, organisation=organisation, id=account))
    _one(app, owner, due.on)
    return 1


def plan_comparisons(app: App) -> int:
    """A line of the timetable: yesterday of each account, once it is over, and again the dates of open breaks."""
    planned = 0
    for owner in app.books.run(organisations, read_only=True):
        try:
            planned += app.books.run(lambda tx, owner=owner: _plan(tx, owner))  # type: ignore[misc]
        except IntegrityError:  # another scheduler was first
            continue
        except Exception as error:  # the others are compared
            log_failure("comparison.not_planned", error, organisation=owner.id)
    return planned


def _plan(tx: BookTransaction, owner: Organisation) -> int:
    yesterday = local_date(tx.now, owner.timezone) - timedelta(days=1)
    is_over = tx.now >= instant_of(yesterday + timedelta(days=1), COMPARED_AT, owner.timezone)
    if not is_over or local_date(owner.created_at, owner.timezone) > yesterday:
        return 0
    planned = 0
    for account in _accounts(tx, owner.id):
        key: dict[str, Any] = {"organisation": owner.id, "merchant_account": account.id}
        if tx.find(Comparison, on=yesterday, **key) is None:
            tx.write([(New(thing=Comparison(on=yesterday, next_at=tx.now, **key)),)])
            planned += 1 + _plan_again(tx, account, yesterday)
    return planned


def _plan_again(tx: BookTransaction, account: MerchantAccount, yesterday: date) -> int:
    """Once a day, the dates of breaks that are still open: the processor's list may agree by now."""
    opened = open_breaks(tx, account.organisation, merchant_account=account.id)
    dates = {one.on for one in opened if yesterday - ASKED_FOR < one.on < yesterday}
    key: dict[str, Any] = {"organisation": account.organisation, "merchant_account": account.id}
    known = tx.all(Comparison, on=sorted(dates), **key) if dates else []
    again = [one for one in known if COMPARISON.allows(one.state, "again")]
    tx.write([(move(COMPARISON, one, "again", key=KEY, tries=0, next_at=tx.now),) for one in again])
    return len(again)


def _one(app: App, account: MerchantAccount, on: date) -> Told:
    """One date of one account: asked for, compared, and noted down."""
    done: Reconciled | None = None
    try:
        done = reconcile_account(app.books, app.gateways, account=account, on=on)
    except ListNotAvailable as error:
        log_event("comparison.not_available", organisation=account.organisation, account=account.id, why=str(error))
    for payment, network_code in done.taken_back if done is not None else ():
        app.books.run(partial(_take_back, account=account, payment=payment, network_code=network_code))
    found = app.books.run(lambda tx: _note(tx, account, on, done))
    return Told(organisation=account.organisation, account=account.id, on=on, done=done, breaks=found)


def _take_back(tx: BookTransaction, *, account: MerchantAccount, payment: str, network_code: str) -> None:
    """The processor's own report says that a card's holder had the money taken back; once is enough (A1)."""
    take_back_payment(
        tx, organisation=account.organisation, payment=payment, code="chargeback", network_code=network_code
    )


def _note(tx: BookTransaction, account: MerchantAccount, on: date, done: Reconciled | None) -> list[Break]:
    key: dict[str, Any] = {"organisation": account.organisation, "merchant_account": account.id, "on": on}
    known = tx.find(Comparison, **key)
    if known is None:
        known = Comparison(**key, next_at=tx.now)
        tx.write([(New(thing=known),)])
    if done is not None and not done.undecided:
        put: dict[str, Any] = {"listed": done.listed, "next_at": None, "compared_at": tx.now}
        tx.write([(move(COMPARISON, known, "compare", key=KEY, **put),)])
    elif known.state is ComparisonState.WAITING and known.tries + 1 >= MAX_TRIES:
        tx.write([(move(COMPARISON, known, "give_up", key=KEY, tries=known.tries + 1, next_at=None),)])
    elif known.state is ComparisonState.WAITING:
        tx.write([(move(COMPARISON, known, "wait", key=KEY, tries=known.tries + 1, next_at=tx.now + AGAIN),)])
    return open_breaks(tx, account.organisation, merchant_account=account.id, on=on)


def _due(tx: BookTransaction, organisation: str, account: str) -> Comparison | None:
    key = {"organisation": organisation, "merchant_account": account, "state": ComparisonState.WAITING}
    wanted = loader.selection(Comparison, key, order_by="on", limit=1, lock=False).where(
        comparisons.c.next_at <= tx.now
    )
    row = tx.connection.execute(wanted).first()
    return loader.build(Comparison, row) if row is not None else None


def _accounts(tx: BookTransaction, organisation: str | None) -> list[MerchantAccount]:
    """Those whose processor has a list of a date; banks send returns instead."""
    key: dict[str, Any] = {} if organisation is None else {"organisation": organisation}
    accounts = tx.all(MerchantAccount, order_by="organisation id", **key)
    return [one for one in accounts if capability_for(one).echeck_outcome is not EcheckOutcome.RETURN_FILE]
