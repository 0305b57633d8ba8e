"""Refunding decides about money that goes back: recorded offline, or asked for and called back (R1-R4)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

from domain.credit import Source
from domain.decision import Change, Decision, New, move
from domain.event import Event
from domain.ledger import RECEIVABLE, Entry, Posting, PostingKind, Words
from domain.matching import ExceedsCredit, consume, give_up
from domain.organisation import Organisation
from domain.payment import Payment, PaymentState
from domain.people import Client
from domain.refund import REFUND, Consumption, Refund, RefundState
from domain.refusal import Refusal

Mint = Callable[[str], str]
TO_COME = "refunds_to_pay"  # the ledger account of refunds that were asked and not settled yet


class ExceedsRefundable(Refusal):
    """More than was paid on that payment, less refunds before and under way (R1)."""

    code = "exceeds_refundable"


class RefundableChanged(Refusal):
    """What the caller saw as refundable no longer holds."""

    code = "refundable_changed"


class RefundOffline(Refusal):
    """Money that was received offline goes back offline: record a refund from the account's credit (R3)."""

    code = "refund_offline"


class RefundSent(Refusal):
    """The refund has been sent: an invoice is the way to charge again (R4)."""

    code = "refund_sent"


def refundable(payment: Payment) -> int:
    """What can still be refunded of a payment (R1)."""
    return payment.amount - payment.refunded if payment.state is PaymentState.PAID else 0


def request(
    payment: Payment, *, id: str, amount: int, seen: int | None, owed: int, sources: Sequence[Source],
    organisation: Organisation, client: Client, language_last4: str, by: str, asked_on: date, now: datetime, mint: Mint,
) -> Decision:  # fmt: skip
    """A refund to the method that paid, pending until a night sends it (R4). `owed` is what the account is
    owed: never more than that goes back (R2)."""
    if payment.offline is not None:
        raise RefundOffline("payment", payment=payment.id)
    left = refundable(payment)
    if seen is not None and seen != left:
        raise RefundableChanged("seen_refundable", seen=seen, refundable=left)
    if amount > left:
        raise ExceedsRefundable("amount", refundable=left, amount=amount)
    if amount > owed:
        raise ExceedsCredit("amount", available=max(owed, 0), amount=amount)
    thing = Refund(
        organisation=organisation.id, id=id, client=client.id, payment=payment.id, amount=amount,
        state=RefundState.PENDING, asked_on=asked_on, created_at=now,
    )  # fmt: skip
    key = {"organisation": payment.organisation, "id": payment.id}
    return (
        *_posted(
            thing, TO_COME, Words(id="posting.refund.card", params={"last4": language_last4}), method="card",
            organisation=organisation, client=client, by=by, now=now, mint=mint,
        ),
        Change(thing=Payment, key=key, put={"refunded": payment.refunded + amount}),
        *consume(sources, amount, refund=id, client=client.id, now=now, mint=mint, first=payment.id),
    )  # fmt: skip


def record(
    *, id: str, amount: int, offline: str, owed: int, sources: Sequence[Source], comment: str,
    organisation: Organisation, client: Client, by: str, asked_on: date, now: datetime, mint: Mint,
) -> Decision:  # fmt: skip
    """Cash or a cheque given back from the account's credit, the oldest first (R3)."""
    if amount > owed:
        raise ExceedsCredit("amount", available=max(owed, 0), amount=amount)
    thing = Refund(
        organisation=organisation.id, id=id, client=client.id, offline=offline, amount=amount,
        state=RefundState.SETTLED, comment=comment, asked_on=asked_on, created_at=now,
    )  # fmt: skip
    return (
        *_posted(
            thing, f"offline:{offline}", Words(id=f"posting.refund.{offline}"), method=offline,
            organisation=organisation, client=client, by=by, now=now, mint=mint,
        ),
        *consume(sources, amount, refund=id, client=client.id, now=now, mint=mint),
    )  # fmt: skip


def cancel(
    refund: Refund, payment: Payment | None, *, consumed: Iterable[Consumption], organisation: Organisation,
    client: Client, by: str, booked_on: date, now: datetime, mint: Mint,
) -> Decision:  # fmt: skip
    """Called back while it waits (R4), or an offline one at any time (R3): a reversing posting."""
    may = refund.state is RefundState.PENDING or (refund.offline is not None and refund.state is RefundState.SETTLED)
    if not may:
        raise RefundSent("refund", refund=refund.id, state=refund.state.value)
    held_at = TO_COME if refund.offline is None else f"offline:{refund.offline}"
    posting = Posting(
        id=mint(""), organisation=organisation.id, client=client.id, kind=PostingKind.REFUND_REVERSAL,
        subject=refund.id, booked_on=booked_on, amount=refund.amount, currency=organisation.currency,
        description=Words(id="posting.refund.cancelled"), language=client.language,
        method=refund.offline or "card", reverses=refund.id, at=now,
        entries=(Entry(account=RECEIVABLE, amount=-refund.amount), Entry(account=held_at, amount=refund.amount)),
    )  # fmt: skip
    steps: Decision = (
        move(REFUND, refund, "cancel"),
        New(thing=posting),
        *give_up(consumed),
        _event(refund, "refund.cancelled", now, by=by, sequence=refund.version + 1),
    )
    if payment is not None:
        key = {"organisation": payment.organisation, "id": payment.id}
        steps += (Change(thing=Payment, key=key, put={"refunded": payment.refunded - refund.amount}),)
    return steps


def _posted(
    thing: Refund, held_at: str, words: Words, *, method: str, organisation: Organisation, client: Client, by: str,
    now: datetime, mint: Mint,
) -> Decision:  # fmt: skip
    posting = Posting(
        id=mint(""), organisation=organisation.id, client=client.id, kind=PostingKind.REFUND, subject=thing.id,
        booked_on=thing.asked_on, amount=thing.amount, currency=organisation.currency, description=words,
        language=client.language, method=method, at=now,
        entries=(Entry(account=RECEIVABLE, amount=thing.amount), Entry(account=held_at, amount=-thing.amount)),
    )  # fmt: skip
    asked = "refund.recorded" if thing.offline else "refund.asked"
    return (New(thing=thing), New(thing=posting), _event(thing, asked, now, by=by, sequence=1))


def _event(refund: Refund, type_: str, now: datetime, *, by: str, sequence: int) -> New:
    return New(
        thing=Event(
            organisation=refund.organisation, type=type_, subject=f"refund:{refund.id}", sequence=sequence, at=now,
            by=by, public=type_ == "refund.cancelled",
            data={"client": refund.client, "refund": refund.id, "payment": refund.payment, "amount": refund.amount},
            before={"state": refund.state.value} if sequence > 1 else {},
        )
    )  # fmt: skip
