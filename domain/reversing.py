"""Reversing decides about offline money: a payment that did not happen, a cheque deposited or refused (B9, I7)."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from domain.allocating import allocate
from domain.claim import Around
from domain.decision import Decision, New, move
from domain.itemising import open_item, resolve_item
from domain.ledger import Allocation, Posting, PostingKind, Words, receipt_entries, reversed_entries
from domain.matching import unmatch
from domain.organisation import Organisation
from domain.payment import PAYMENT, Payment, PaymentState
from domain.people import Client
from domain.telling import payment_event

Mint = Callable[[str], str]


def reverse_payment(
    payment: Payment,
    allocations: Sequence[Allocation],
    *,
    organisation: Organisation,
    client: Client,
    by: str,
    booked_on: date,
    now: datetime,
    mint: Mint,
    words: str = "posting.payment_cancelled",
    method: str = "card",
    reason: str = "",
) -> Decision:
    """Money that did not arrive after all, or was taken back: a reversing posting, its lines open again (B2, B9, A1).
    `method` is the kind of the method of an online one."""
    told: dict[str, Any] = {"amount": payment.amount, "offline": payment.offline}
    if reason:
        told["reason"] = reason
    held_at = f"offline:{payment.offline}" if payment.offline is not None else f"clearing:{payment.merchant_account}"
    posting = Posting(
        id=mint(""), organisation=organisation.id, client=client.id, kind=PostingKind.PAYMENT_REVERSAL,
        subject=payment.id, booked_on=booked_on, amount=payment.amount, currency=organisation.currency,
        description=Words(id=words), language=client.language, method=payment.offline or method,
        reverses=payment.id, at=now,
        entries=reversed_entries(receipt_entries(payment.amount, held_at=held_at)),
    )  # fmt: skip
    return (
        move(PAYMENT, payment, "reverse"),
        New(thing=posting),
        *unmatch(allocations),
        payment_event(payment, "payment.reversed", now, by=by, **told),
    )


def deposited_cheque(
    payment: Payment,
    around: Around,
    *,
    organisation: Organisation,
    client: Client,
    by: str,
    booked_on: date,
    now: datetime,
    mint: Mint,
) -> Decision:
    """A postdated cheque that a person took to the bank: booked, matched to its plan's lines (I7)."""
    posting = Posting(
        id=mint(""), organisation=organisation.id, client=client.id, kind=PostingKind.PAYMENT,
        subject=payment.id, booked_on=booked_on, amount=payment.amount, currency=organisation.currency,
        description=Words(id="posting.offline.cheque", params={"payer": ""}), language=client.language,
        method="cheque", at=now, entries=receipt_entries(payment.amount, held_at="offline:cheque"),
    )  # fmt: skip
    return (
        move(PAYMENT, payment, "deposit"),
        New(thing=posting),
        *allocate(
            around.lines, source_kind=PostingKind.PAYMENT, source=payment.id, amount=payment.amount,
            client=client.id, now=now, mint=mint,
        ),
        payment_event(payment, "instalment.charged", now, by=by, amount=payment.amount, offline="cheque"),
        *resolve_item(around.item, by=by, now=now),
    )  # fmt: skip


def refused_cheque(
    payment: Payment,
    allocations: Sequence[Allocation],
    *,
    organisation: Organisation,
    client: Client,
    by: str,
    booked_on: date,
    now: datetime,
    mint: Mint,
) -> Decision:
    """The bank refused the cheque: what was booked is reversed, the debt stays, an item says so (I7)."""
    told = payment_event(payment, "instalment.failed", now, by=by, reason="cheque_refused", amount=payment.amount)
    if payment.state is PaymentState.SCHEDULED:
        steps: Decision = (move(PAYMENT, payment, "fail"),)
    else:
        steps = reverse_payment(
            payment, allocations, organisation=organisation, client=client, by=by, booked_on=booked_on, now=now,
            mint=mint, words="posting.cheque_refused",
        )  # fmt: skip
    return (*steps, told, *open_item(payment, None, "cheque_refused", "", now=now, mint=mint))
