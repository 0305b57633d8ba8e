"""Presenting decides how an e-check comes into being, and how it is called back until it is batched (E1, E2)."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from domain.allocating import allocate
from domain.answering import answer_payment
from domain.banking_days import next_cutoff
from domain.claim import Claim
from domain.days import local_date
from domain.decision import Decision, New, move
from domain.echeck import ECHECK, Echeck, EcheckState
from domain.event import SYSTEM, Event
from domain.invoice import OpenLine
from domain.ledger import Allocation, Posting, PostingKind, Words, receipt_entries, reversed_entries
from domain.matching import unmatch
from domain.organisation import Organisation
from domain.payment import PAYMENT, Payment, PaymentKind
from domain.payment_method import PaymentMethod
from domain.refusal import Refusal
from domain.telling import CHARGED, payment_event

Mint = Callable[[str], str]


class EcheckNotCancellable(Refusal):
    """You cannot cancel this transaction. / The state of the transaction does not allow its cancellation. (E2)"""

    code = "echeck_not_cancellable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What all of it needs: whose money, by which method, in whose language."""

    organisation: Organisation
    method: PaymentMethod
    language: str
    words: Words


def present(
    payment: Payment, about: Presented, lines: Iterable[OpenLine], *, before: Echeck | None = None, by: str,
    now: datetime, mint: Mint,
) -> tuple[Decision, Echeck]:  # fmt: skip
    """A receipt from now on, not yet settled: posted, matched to its lines, and an e-check that waits for its batch.
    `payment` is as it stands once this is written. `before` is the e-check that is presented again."""
    method, organisation = about.method, about.organisation
    number = payment.attempts
    id = f"{payment.ref}x{number}"
    echeck = Echeck(
        organisation=payment.organisation, id=id, payment=payment.id, client=payment.client,
        merchant_account=method.merchant_account, payment_method=method.id, amount=payment.amount,
        currency=organisation.currency, first=before.first if before else id,
        presented=before.presented + 1 if before else 1, first_on=before.first_on if before else None,
        cutoff_on=next_cutoff(organisation, now), detail={"instrument": instrument(method)}, created_at=now,
    )  # fmt: skip
    posting = Posting(
        id=mint(""), organisation=payment.organisation, client=payment.client, kind=PostingKind.PAYMENT,
        subject=payment.id, booked_on=local_date(now, organisation.timezone), amount=payment.amount,
        currency=organisation.currency, description=about.words, language=about.language, method="echeck",
        reference=id, at=now,
        entries=receipt_entries(payment.amount, held_at=f"clearing:{method.merchant_account}"),
    )  # fmt: skip
    return (
        New(thing=echeck),
        New(thing=posting),
        *allocate(
            lines, source_kind=PostingKind.PAYMENT, source=payment.id, amount=payment.amount, client=payment.client,
            now=now, mint=mint,
        ),
        echeck_event(echeck, "echeck.pending", now, by=by, public=False, was=False, amount=payment.amount),
    ), echeck  # fmt: skip


def instrument(method: PaymentMethod) -> str:
    """Tells whether a method on file is still the account that it was: another token, or other digits."""
    return hashlib.sha256(f"{method.token}/{method.last4}".encode()).hexdigest()[:16]


def claimed(claim: Claim, amount: int, method: PaymentMethod, *, now: datetime, mint: Mint) -> Decision:
    """A planned payment, or one that is due, by e-check: a receipt that waits for its batch, and no question to a
    gateway. Its item, if it was a retry, goes on retrying until the verdict."""
    step, taken = take_up(claim.payment, amount, method, now=now)
    words = words_of(taken, method, claim.plan.count if claim.plan else None)
    about = Presented(organisation=claim.organisation, method=method, language=claim.language, words=words)
    presented, _ = present(taken, about, claim.lines, by=SYSTEM, now=now, mint=mint)
    told: Decision = ()
    if taken.kind is not PaymentKind.ONE_OFF:  # a receipt from now on (E1); it may still come back
        told = (payment_event(claim.payment, CHARGED[taken.kind], now, amount=amount, method="echeck"),)
    return (*step, *presented, *told, *answer_payment(claim.payment, claim.item, "pending", now=now))


def take_up(payment: Payment, amount: int, method: PaymentMethod, *, now: datetime) -> tuple[Decision, Payment]:
    """A planned payment, or one that is due, becomes a receipt by e-check."""
    taken = replace(
        payment, state=PAYMENT.step(payment.state, "present"), attempts=payment.attempts + 1, amount=amount,
        merchant_account=method.merchant_account,
    )  # fmt: skip
    steps: Decision = (move(PAYMENT, payment, "present", amount=amount, attempts=taken.attempts, command=None),)
    if amount < payment.amount:
        was = {"amount": payment.amount}
        steps += (payment_event(payment, "payment.lowered", now, public=False, was=was, amount=amount),)
    return steps, taken


def words_of(payment: Payment, method: PaymentMethod, count: int | None) -> Words:
    if payment.kind is PaymentKind.INSTALMENT and payment.number is not None and count is not None:
        params = {"number": payment.number, "count": count, "last4": method.last4}
        return Words(id="posting.echeck_instalment", params=params)
    return Words(id="posting.echeck_payment", params={"last4": method.last4})


def cancel(
    payment: Payment, echeck: Echeck, allocations: Sequence[Allocation], *, language: str, by: str, booked_on: date,
    now: datetime, mint: Mint,
) -> Decision:  # fmt: skip
    """Until it is batched it can be called back; a reversing posting, its lines are open again (E2)."""
    if echeck.state is not EcheckState.PENDING:
        raise EcheckNotCancellable("payment", payment=payment.id, state=echeck.state.value)
    return (
        move(ECHECK, echeck, "cancel", next_at=None),
        *reverse(
            payment, echeck, allocations, words="posting.echeck_cancelled", language=language, by=by,
            booked_on=booked_on, now=now, mint=mint,
        ),
        echeck_event(echeck, "echeck.cancelled", now, by=by, public=False),
    )  # fmt: skip


def reverse(
    payment: Payment, echeck: Echeck, allocations: Sequence[Allocation], *, words: str, language: str, by: str,
    booked_on: date, now: datetime, mint: Mint, **told: Any,
) -> Decision:  # fmt: skip
    """The receipt did not happen after all: posted as such, and what it covered is open again (E5)."""
    held_at = f"clearing:{echeck.merchant_account}"
    posting = Posting(
        id=mint(""), organisation=payment.organisation, client=payment.client, kind=PostingKind.PAYMENT_REVERSAL,
        subject=payment.id, booked_on=booked_on, amount=payment.amount, currency=echeck.currency,
        description=Words(id=words, params={"code": told.get("network_code") or ""}), language=language,
        method="echeck", reverses=payment.id, at=now,
        entries=reversed_entries(receipt_entries(payment.amount, held_at=held_at)),
    )  # fmt: skip
    return (
        move(PAYMENT, payment, "reverse"),
        New(thing=posting),
        *unmatch(allocations),
        payment_event(payment, "payment.reversed", now, by=by, amount=payment.amount, method="echeck", **told),
    )


def echeck_event(
    echeck: Echeck, type_: str, now: datetime, *, by: str = SYSTEM, public: bool = True, was: bool = True,
    **data: object,
) -> New:  # fmt: skip
    """What happened to an e-check; `sequence` is the version that the step makes."""
    told = {"client": echeck.client, "payment": echeck.payment, "echeck": echeck.id, "amount": echeck.amount, **data}
    return New(
        thing=Event(
            organisation=echeck.organisation, type=type_, subject=f"echeck:{echeck.id}",
            sequence=echeck.version + 1 if was else 1, at=now, by=by, public=public, data=told,
            before={"state": echeck.state.value} if was else {},
        )
    )  # fmt: skip
