"""Starts, changes, suspends, resumes and cancels a client's subscription (S1, S2)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from domain import subscribing
from domain.billing import known_rate, total_of
from domain.days import local_date
from domain.decision import Decision
from domain.invoice import AskedLine, TaxRate
from domain.money import MAX_AMOUNT_MINOR
from domain.organisation import Organisation
from domain.payment_method import PaymentMethod
from domain.people import Client
from domain.ports import Transaction
from domain.refusal import IdTaken, OutOfRange
from domain.renewing import Minting, renew
from domain.steps.account_steps import usable_method
from domain.subscription import Every, Renewable, Subscription

MAX_AT_ONCE = 200  # periods billed by the command itself: more than MAX_YEARS_BACK of weeks


def start_subscription(
    tx: Transaction, *, organisation: str, client: str, id: str, description: str, amount: int,
    taxes: Sequence[tuple[str, str | None]], ledger_code: str, every: str, start: date, billing_day: int | None,
    payment_method: str | None, by: str,
) -> dict[str, Any]:  # fmt: skip
    """Periods that begin today or before are billed at once (S1); the night bills the others."""
    owner = tx.get(Organisation, id=organisation)
    holder = tx.get(Client, organisation=organisation, id=client)
    if tx.find(Subscription, organisation=organisation, id=id) is not None:
        raise IdTaken("subscription", id=id)
    method = usable_method(tx, organisation, client, payment_method) if payment_method is not None else None
    rhythm = Every(every)
    if billing_day is None and rhythm is not Every.WEEK:
        billing_day = owner.settings.get("billing_day")
    thing = Subscription(
        organisation=organisation, id=id, client=client, description=description, amount=amount,
        taxes=_taxes(owner.settings, taxes), ledger_code=ledger_code, every=rhythm, anchor=start,
        billing_day=billing_day, payment_method=payment_method, next_on=start, created_at=tx.now,
    )  # fmt: skip
    _must_be_payable(thing, amount)
    today = local_date(tx.now, owner.timezone)
    tx.write([subscribing.start(thing, by=by, today=today, now=tx.now)])
    after = _bill_at_once(tx, thing, owner, holder, method, today)
    return _told(after, today)


def _bill_at_once(
    tx: Transaction, one: Subscription, owner: Organisation, holder: Client, method: PaymentMethod | None, today: date
) -> Subscription:  # fmt: skip
    minting = Minting(id=tx.mint, ref=tx.mint_ref)
    for _ in range(MAX_AT_ONCE):
        if one.next_on is None or one.next_on > today:
            break
        due = Renewable(subscription=one, client=holder, method=method)
        decision, one = renew(due, organisation=owner, now=tx.now, minting=minting)
        tx.write([decision])
    return one


def change_subscription(
    tx: Transaction, *, organisation: str, subscription: str, since: date | None, amount: int | None,
    payment_method: str | None, ends_on: date | None, by: str,
) -> dict[str, Any]:  # fmt: skip
    """From today on, unless another date is given."""
    one, today = _locked(tx, organisation, subscription)
    if payment_method is not None:
        usable_method(tx, organisation, one.client, payment_method)
    if amount is not None:
        _must_be_payable(one, amount)
    decision = subscribing.change(
        one, since=since or today, amount=amount, payment_method=payment_method, ends_on=ends_on, by=by, today=today,
        now=tx.now,
    )  # fmt: skip
    return _written(tx, one, decision, today)


def suspend_subscription(
    tx: Transaction, *, organisation: str, subscription: str, since: date | None, to: date | None, by: str
) -> dict[str, Any]:
    """From today on, unless another date is given; until it is resumed, unless a last day is."""
    one, today = _locked(tx, organisation, subscription)
    return _written(
        tx, one, subscribing.suspend(one, since=since or today, to=to, by=by, today=today, now=tx.now), today
    )


def resume_subscription(
    tx: Transaction, *, organisation: str, subscription: str, since: date | None, by: str
) -> dict[str, Any]:
    one, today = _locked(tx, organisation, subscription)
    return _written(tx, one, subscribing.resume(one, since=since or today, by=by, now=tx.now), today)


def cancel_subscription(
    tx: Transaction, *, organisation: str, subscription: str, since: date | None, ends_on: date | None, by: str
) -> dict[str, Any]:
    """It ends the day before its next billing date, unless an end is given (S2)."""
    one, today = _locked(tx, organisation, subscription)
    decision = subscribing.cancel(one, since=since or today, ends_on=ends_on, by=by, now=tx.now)
    return _written(tx, one, decision, today)


def _locked(tx: Transaction, organisation: str, id: str) -> tuple[Subscription, date]:
    owner = tx.get(Organisation, id=organisation)
    return tx.lock(Subscription, organisation=organisation, id=id), local_date(tx.now, owner.timezone)


def _written(tx: Transaction, one: Subscription, decision: Decision, today: date) -> dict[str, Any]:
    tx.write([decision])
    return _told(tx.get(Subscription, organisation=one.organisation, id=one.id), today)


def _told(one: Subscription, today: date) -> dict[str, Any]:
    return {
        "subscription": one.id, "state": subscribing.state_on(one, today),
        "next_on": one.next_on.isoformat() if one.next_on is not None else None,
        "ends_on": one.ends_on.isoformat() if one.ends_on is not None else None,
    }  # fmt: skip


def _taxes(settings: Mapping[str, Any], named: Sequence[tuple[str, str | None]]) -> tuple[Mapping[str, Any], ...]:
    """Each tax with its rate as it was given, and as it is known today."""
    found = []
    for place, (code, rate) in enumerate(named):
        known = known_rate(settings, code, rate, f"taxes.{place}")
        found.append({"code": code, "rate": rate, "known": known.rate, "compound": known.compound})
    return tuple(found)


def _must_be_payable(one: Subscription, amount: int) -> None:
    """With its taxes it is no more than a payment can be."""
    taxes = tuple(TaxRate(code=tax["code"], rate=tax["known"], compound=tax["compound"]) for tax in one.taxes)
    line = AskedLine(line="l1", description=one.description, amount=amount, taxes=taxes)
    if total_of((line,)) > MAX_AMOUNT_MINOR:
        raise OutOfRange("amount", maximum=MAX_AMOUNT_MINOR)
