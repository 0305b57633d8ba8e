"""What is told of subscriptions: their terms, the periods that were billed, the next charges (S6)."""

from typing import Any

from adapters.database.books import BookTransaction
from adapters.database.shown import histories, instant
from domain.billing import total_of
from domain.days import local_date
from domain.organisation import Organisation
from domain.payment import Payment
from domain.people import Client
from domain.renewing import fails_too_often, period_line
from domain.subscribing import state_on
from domain.subscription import Coming, Renewal, Subscription, terms, upcoming

CHARGES = 12
MAX_PERIODS = 1_000  # shown of one subscription, the newest: nineteen years of weeks


def subscription_told(tx: BookTransaction, organisation: str, id: str) -> dict[str, Any]:
    """One subscription with its periods, its next charges and everything that happened to it. Raises NotKnown."""
    owner = tx.get(Organisation, id=organisation)
    one = tx.get(Subscription, organisation=organisation, id=id)
    pasts = histories(tx, [(organisation, f"subscription:{id}", id)], leave_out=("subscription", "client"))
    return _told(tx, owner, one) | {
        "revisions": [dict(revision) for revision in one.revisions],
        "suspensions": [dict(pause) for pause in one.suspensions],
        "periods": _periods(tx, one),
        "history": pasts[organisation, id],
    }


def subscriptions_of(tx: BookTransaction, organisation: str, client: str) -> dict[str, Any]:
    """Those of a client, with the next charges of each. Raises NotKnown."""
    owner = tx.get(Organisation, id=organisation)
    tx.get(Client, organisation=organisation, id=client)
    found = tx.all(Subscription, order_by="created_at id", organisation=organisation, client=client)
    return {
        "organisation": organisation, "client": client, "currency": owner.currency,
        "subscriptions": [_told(tx, owner, one) for one in found],
    }  # fmt: skip


def _told(tx: BookTransaction, owner: Organisation, one: Subscription) -> dict[str, Any]:
    today = local_date(tx.now, owner.timezone)
    amount, method = terms(one, today)
    stops = fails_too_often(tx.failures(owner.id, [one]).get(one.id, 0), owner)
    return {
        "subscription": one.id, "organisation": owner.id, "client": one.client, "description": one.description,
        "currency": owner.currency, "amount": amount, "taxes": [tax["code"] for tax in one.taxes],
        "every": one.every.value, "from": one.anchor.isoformat(), "billing_day": one.billing_day,
        "payment_method": method, "state": state_on(one, today),
        "paused": any(pause["to"] is None or pause["to"] >= today.isoformat() for pause in one.suspensions),
        "next_on": one.next_on.isoformat() if one.next_on is not None else None,
        "ends_on": one.ends_on.isoformat() if one.ends_on is not None else None,
        "charges": [] if stops else [_charge(one, owner, coming) for coming in upcoming(one, CHARGES)],
    }  # fmt: skip


def _charge(one: Subscription, owner: Organisation, coming: Coming) -> dict[str, Any]:
    """`amount` is what will be asked for, with taxes; `net` before them."""
    line = period_line(one, owner, coming.number)
    return {
        "on": coming.on.isoformat(), "until": coming.until.isoformat(), "amount": total_of((line,)),
        "net": line.amount, "payment_method": coming.payment_method,
    }  # fmt: skip


def _periods(tx: BookTransaction, one: Subscription) -> list[dict[str, Any]]:
    found = tx.all(Renewal, order_by="number", limit=10_000, organisation=one.organisation, subscription=one.id)
    newest = found[-MAX_PERIODS:]
    paid = {
        payment.id: payment
        for payment in tx.all(
            Payment, limit=MAX_PERIODS, organisation=one.organisation, client=one.client, subscription=one.id,
            id=[period.payment for period in newest],
        )
    }  # fmt: skip
    return [
        {
            "number": period.number + 1, "on": period.on.isoformat(), "until": period.until.isoformat(),
            "invoice": period.invoice, "payment": period.payment, "amount": period.amount,
            "state": paid[period.payment].state.value if period.payment in paid else None,
            "billed_at": instant(period.made_at),
        }
        for period in newest
    ]  # fmt: skip
