"""Barriers: why something on a client's account can't be done, until when it could, and what to do instead.

What is offered follows the same tables as what is done; the deed looks again, under its locks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from adapters.database.books import BookTransaction
from domain.attempt import Attempt, AttemptState
from domain.capabilities import Capability, SameDay, capability_for
from domain.days import instant, local_date
from domain.echeck import Echeck, EcheckState
from domain.matching import ExceedsCredit
from domain.organisation import MerchantAccount, Organisation
from domain.payment import Payment, PaymentState
from domain.payment_method import PaymentMethod
from domain.presenting import EcheckNotCancellable
from domain.refund import Consumption, Refund, RefundState
from domain.refunding import EcheckNotSettled, ExceedsRefundable, RefundOffline, refundable, why_fixed
from domain.use_cases.cancel_payment import PaymentBeingCancelled, PaymentNotCancellable, PaymentWasRefunded

MAX_GIVEN_BACK = 2_000  # parts of payments, of one client


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """`why` is the code of the refusal that would come (`refusal.<code>` says it); `until` the day on which this is
    likely to end, where one is known; `instead` the operation that does what was meant, if there is one."""

    why: str
    until: date | None = None
    instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Barriers:
    """By the id of the payment or refund: what keeps it from being cancelled or refunded, None where nothing does.
    `leaves_at` is the instant from which a refund that waits may be sent (R4)."""

    cancel: dict[str, Barrier | None]
    refund: dict[str, Barrier | None]
    call_back: dict[str, Barrier | None]
    leaves_at: dict[str, datetime]


def barriers(
    tx: BookTransaction, owner: Organisation, client: str, *, payments: Iterable[Payment], refunds: Iterable[Refund],
    methods: dict[str, PaymentMethod], echecks: dict[str, Echeck], credit: int,
) -> Barriers:  # fmt: skip
    """`echecks` by the id of their payment; `credit` is what the account is owed (R2)."""
    own: dict[str, Any] = {"organisation": owner.id, "client": client}
    paid = [one for one in payments if one.state is PaymentState.PAID]
    accounts = {one.id: one for one in tx.all(MerchantAccount, organisation=owner.id)}
    consumed = {one.source for one in tx.all(Consumption, limit=MAX_GIVEN_BACK, **own) if one.source_kind == "payment"}
    online = [one.id for one in paid if one.offline is None]
    charges = (
        {one.payment: one for one in tx.all(
            Attempt, limit=len(online) * 4, organisation=owner.id, payment=online, state=AttemptState.APPROVED)}
        if online else {}
    )  # fmt: skip
    today = local_date(tx.now, owner.timezone)

    def able(account: str | None) -> Capability | None:
        return capability_for(accounts[account]) if account in accounts else None

    def charged_today(one: Payment) -> bool:
        charge, can = charges.get(one.id), able(one.merchant_account)
        if charge is None or charge.ended_at is None or can is None or charge.amount != one.amount:
            return False
        return can.void_same_day is not SameDay.NO and local_date(charge.ended_at, owner.timezone) == today

    fixed = {one.id: why_fixed(one, methods.get(one.payment_method or ""), able(one.merchant_account))
             for one in refunds}  # fmt: skip
    return Barriers(
        cancel={
            one.id: _cancel(one, echecks.get(one.id), given_back=one.id in consumed, voidable=charged_today(one))
            for one in paid
        },
        refund={one.id: _refund(one, echecks.get(one.id), credit) for one in paid},
        call_back={
            id: Barrier(why=why.code, instead="" if why.code == "refund_over" else "invoice") if why else None
            for id, why in fixed.items()
        },
        leaves_at={
            one.id: instant(one.send_on, owner.night_at, owner.timezone)
            for one in refunds
            if one.state is RefundState.PENDING and one.send_on is not None and fixed[one.id] is None
        },
    )  # fmt: skip


def _cancel(payment: Payment, echeck: Echeck | None, *, given_back: bool, voidable: bool) -> Barrier | None:
    if echeck is not None:
        if echeck.state is EcheckState.PENDING:
            return Barrier(why=PaymentWasRefunded.code) if given_back else None
        until = echeck.verdict_on if echeck.state is not EcheckState.SETTLED else None
        return Barrier(why=EcheckNotCancellable.code, until=until, instead="refund")
    if payment.refunded:
        whole = payment.offline is None and not given_back and payment.refunded == payment.amount
        return Barrier(why=(PaymentBeingCancelled if whole else PaymentWasRefunded).code)
    if given_back:
        return Barrier(why=PaymentWasRefunded.code)
    if payment.offline is None and not voidable:
        return Barrier(why=PaymentNotCancellable.code, instead="refund")
    return None


def _refund(payment: Payment, echeck: Echeck | None, credit: int) -> Barrier | None:
    if payment.offline is not None:
        return Barrier(why=RefundOffline.code, instead="record-refund")
    if refundable(payment) == 0:
        return Barrier(why=ExceedsRefundable.code, instead="credit")
    if echeck is not None and echeck.state is not EcheckState.SETTLED:
        return Barrier(why=EcheckNotSettled.code, until=echeck.verdict_on or echeck.cutoff_on)
    return None if credit > 0 else Barrier(why=ExceedsCredit.code, instead="credit")
