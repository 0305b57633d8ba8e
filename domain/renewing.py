"""Renewing bills a subscription's next period: the invoice first, then the payment that asks for it (S1-S5)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from domain import billing
from domain.decision import Decision, Move, New, move
from domain.event import SYSTEM
from domain.invoice import AskedLine, TaxRate
from domain.itemising import open_item
from domain.ledger import Words
from domain.money import half_even
from domain.organisation import Organisation
from domain.payment import Payment, PaymentKind, PaymentState
from domain.subscribing import subscription_event
from domain.subscription import (
    SUBSCRIPTION,
    Renewable,
    Renewal,
    Subscription,
    billing_date,
    has_ended,
    is_suspended,
    last_day,
    terms,
    whole_period,
)  # fmt: skip
from domain.telling import FAILED, payment_event

Mint = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Minting:
    """Where new ids and references come from."""

    id: Mint
    ref: Callable[[], str]


def renew(
    due: Renewable, *, organisation: Organisation, now: datetime, minting: Minting
) -> tuple[Decision, Subscription]:
    """The next period is billed, or passed over; and the subscription as it stands then."""
    one = due.subscription
    on = billing_date(one, one.number)
    if fails_too_often(due.failures, organisation) and not is_suspended(one, on):
        return _suspended_by_failures(one, due.failures, now=now)
    if is_suspended(one, on):
        told = subscription_event(one, "subscription.passed_over", now, number=one.number, on=on.isoformat())
        step, after = _step(one)
        return (step, told), after
    return _bill(due, organisation=organisation, now=now, minting=minting)


def _step(one: Subscription, **put: Any) -> tuple[Move, Subscription]:
    """On to the next period, if there is one before the end."""
    number = one.number + 1
    on = billing_date(one, number)
    put |= {"number": number, "next_on": None if has_ended(one, on) else on}
    return move(SUBSCRIPTION, one, "bill", **put), replace(one, version=one.version + 1, **put)


def _bill(
    due: Renewable, *, organisation: Organisation, now: datetime, minting: Minting
) -> tuple[Decision, Subscription]:
    one, on = due.subscription, billing_date(due.subscription, due.subscription.number)
    invoice = minting.id("inv_")
    line = period_line(one, organisation, one.number)
    until = last_day(one, one.number)
    period = {"what": one.description, "first": on.isoformat(), "last": until.isoformat()}
    posted = billing.invoice(
        organisation=organisation, client=due.client, id=invoice, lines=(line,), origin="subscription", note="",
        by=SYSTEM, booked_on=on, now=now, mint=minting.id, words=Words(id="posting.subscription", params=period),
    )  # fmt: skip
    total = billing.total_of((line,))
    asked, payment = _ask(due, invoice, total, organisation=organisation, now=now, minting=minting)
    step, after = _step(one, billed=one.number)
    renewal = Renewal(
        organisation=one.organisation, subscription=one.id, number=one.number, client=one.client, on=on, until=until,
        invoice=invoice, payment=payment, amount=total, made_at=now,
    )  # fmt: skip
    told = subscription_event(
        one, "subscription.billed", now, number=one.number, on=on.isoformat(), invoice=invoice, payment=payment,
        amount=total,
    )  # fmt: skip
    return (*posted, New(thing=renewal), step, told, *asked), after


def _ask(
    due: Renewable, invoice: str, total: int, *, organisation: Organisation, now: datetime, minting: Minting
) -> tuple[Decision, str | None]:
    """The payment that asks for the period: at once, or failed with its item when no method is on file (S4)."""
    one, method = due.subscription, due.method
    if total == 0:
        return (), None
    payment = Payment(
        organisation=one.organisation, id=minting.id("pay_"), kind=PaymentKind.SUBSCRIPTION, client=one.client,
        invoice=invoice, subscription=one.id, number=one.number + 1,
        merchant_account=method.merchant_account if method else None, payment_method=method.id if method else None,
        amount=total, due_on=billing_date(one, one.number), due_at=now if method else None,
        state=PaymentState.DUE if method else PaymentState.FAILED, ref=minting.ref(), created_at=now,
    )  # fmt: skip
    if method is not None:
        return (New(thing=payment),), payment.id
    told = payment_event(
        replace(payment, version=0), FAILED[payment.kind], now, was=None, reason="no_method", sent=False, amount=total
    )
    failed = open_item(payment, None, "no_method", "", now=now, mint=minting.id)
    return (New(thing=payment), told, *failed), payment.id


def _suspended_by_failures(one: Subscription, failures: int, *, now: datetime) -> tuple[Decision, Subscription]:
    """After so many failures in a row nothing more is billed until a person resumes it (S3, a setting)."""
    on = billing_date(one, one.number)
    pause = {"from": on.isoformat(), "to": None}
    told = subscription_event(one, "subscription.suspended", now, since=pause["from"], to=None, failures=failures)
    step, after = _step(one, suspensions=(*one.suspensions, pause))
    return (step, told), after


def period_amount(one: Subscription, organisation: Organisation, number: int) -> int:
    """What a period costs, before taxes; the first one by its days, where a billing day makes it shorter and the
    setting says so. Half-even to the cent."""
    amount, _ = terms(one, billing_date(one, number))
    if number > 0 or one.billing_day is None or not organisation.settings.get("prorate_first_period", False):
        return amount
    days = (billing_date(one, 1) - one.anchor).days
    return min(amount, half_even(Fraction(amount * days, whole_period(one))))


def period_line(one: Subscription, organisation: Organisation, number: int) -> AskedLine:
    """The line that a period's invoice has, with its taxes as they are known now."""
    return AskedLine(
        line="l1", description=one.description, amount=period_amount(one, organisation, number),
        ledger_code=one.ledger_code, taxes=tuple(_rate(tax, organisation) for tax in one.taxes),
    )  # fmt: skip


def method_of(one: Subscription) -> str | None:
    """The method that the next period is charged to."""
    return terms(one, billing_date(one, one.number))[1]


def _rate(tax: Any, organisation: Organisation) -> TaxRate:
    """As it was given; else as the settings say now; else, should they no longer know it, as they said then."""
    try:
        return billing.known_rate(organisation.settings, tax["code"], tax["rate"], "taxes")
    except billing.UnknownTax:
        return TaxRate(code=tax["code"], rate=tax["known"], compound=tax["compound"])


def fails_too_often(failures: int, organisation: Organisation) -> bool:
    """Whether it is suspended instead of being billed again (S3, a setting)."""
    limit = organisation.settings.get("suspend_after_failures")
    return limit is not None and failures >= limit


def failed_in_a_row(states: list[str]) -> int:
    """How many of the newest periods failed, or were taken back by a bank; newest first."""
    count = 0
    for state in states:
        if state not in (PaymentState.FAILED, PaymentState.REVERSED):
            break
        count += 1
    return count
