"""Awarding decides about scholarships: outside money, opened once and awarded until it is used up (B15)."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from domain.billing import offline_payment
from domain.claim import Around
from domain.decision import Change, Decision, New
from domain.event import Event
from domain.organisation import Organisation
from domain.payment import Payment, PaymentKind, PaymentState
from domain.people import Client
from domain.scholarship import Fund

Mint = Callable[[str], str]


def opened_fund(organisation: Organisation, fund: str, amount: int, *, by: str, now: datetime) -> Decision:
    thing = Fund(organisation=organisation.id, id=fund, opened_with=amount, balance=amount, created_at=now)
    return (New(thing=thing), _fund_event(thing, "scholarship.opened", now, by=by, amount=amount))


def scholarship(
    fund: Fund,
    around: Around,
    *,
    id: str,
    ref: str,
    amount: int,
    invoice: str | None,
    organisation: Organisation,
    client: Client,
    by: str,
    booked_on: date,
    now: datetime,
    mint: Mint,
) -> Decision:
    """Outside money awarded to a client: a receipt by scholarship, on an invoice or the account (B15)."""
    made = Payment(
        organisation=organisation.id, id=id, kind=PaymentKind.ONE_OFF, client=client.id, invoice=invoice,
        offline="scholarship", amount=amount, due_on=booked_on, state=PaymentState.PAID, ref=ref,
        comment=fund.id, created_at=now,
    )  # fmt: skip
    key = {"organisation": fund.organisation, "id": fund.id}
    return (
        Change(thing=Fund, key=key, put={"balance": fund.balance - amount}),
        _fund_event(fund, "scholarship.awarded", now, by=by, client=client.id, amount=amount),
        *offline_payment(
            made, around, organisation=organisation, client=client, by=by, booked_on=booked_on, now=now, mint=mint
        ),
    )


def returned_to_fund(fund: Fund, amount: int, *, client: str, by: str, now: datetime) -> Decision:
    """An award that was cancelled: the fund has its money back (B15)."""
    key = {"organisation": fund.organisation, "id": fund.id}
    return (
        Change(thing=Fund, key=key, put={"balance": fund.balance + amount}),
        _fund_event(fund, "scholarship.returned", now, by=by, client=client, amount=amount),
    )


def _fund_event(fund: Fund, type_: str, now: datetime, *, by: str, **data: Any) -> New:
    return New(
        thing=Event(
            organisation=fund.organisation, type=type_, subject=f"fund:{fund.id}", sequence=1, at=now, by=by,
            public=False, data={"fund": fund.id, **data},
        )
    )  # fmt: skip
