"""Refunding decides about money that is to go back: recorded offline, asked for, called back, undone (R1-R4)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta

from domain.banking_days import calendar_of
from domain.capabilities import Capability, RefundsLeave
from domain.credit import Source
from domain.days import local_date
from domain.decision import Change, Decision, New, move
from domain.echeck import UNSETTLED, Echeck, EcheckState
from domain.ledger import RECEIVABLE, Entry, Posting, PostingKind, Words
from domain.matching import ExceedsCredit, consume, give_up
from domain.organisation import Organisation
from domain.payment import Payment, PaymentState
from domain.payment_method import PaymentMethod
from domain.people import Client
from domain.refund import REFUND, Consumption, Refund, RefundState
from domain.refusal import Refusal
from domain.telling import refund_event

Mint = Callable[[str], str]
ONE_DAY = timedelta(days=1)


class ExceedsRefundable(Refusal):
    """More than was paid on that payment, less refunds before and under way (R1)."""

    code = "exceeds_refundable"


class RefundableChanged(Refusal):
    """What the caller saw as refundable no longer holds."""

    code = "refundable_changed"


class RefundOffline(Refusal):
    """Money that was received offline goes back offline: record a refund from the account's credit (R3)."""

    code = "refund_offline"


class EcheckInFullOnly(Refusal):
    """This processor gives an e-check back in full only (E7)."""

    code = "echeck_in_full_only"


class EcheckNotSettled(Refusal):
    """An e-check is refunded once it has settled, not before (E7)."""

    code = "echeck_not_settled"


class RefundSent(Refusal):
    """The refund has been sent: an invoice is the way to charge again (R4)."""

    code = "refund_sent"


class RefundOver(Refusal):
    """The refund was cancelled already, or has failed: there is nothing to call back."""

    code = "refund_over"


class RefundLeavesAtOnce(Refusal):
    """Refunds of this merchant account leave as soon as they are asked for (R7): an invoice charges again."""

    code = "refund_leaves_at_once"


class EcheckRefundFixed(Refusal):
    """The refund of an e-check can't be cancelled (E7)."""

    code = "echeck_refund_fixed"


def refundable(payment: Payment) -> int:
    """What can still be refunded of a payment (R1)."""
    return payment.amount - payment.refunded if payment.state is PaymentState.PAID else 0


def request(
    payment: Payment, method: PaymentMethod | None, can: Capability | None, *, id: str, ref: str, amount: int,
    seen: int | None, owed: int, sources: Sequence[Source], organisation: Organisation, client: Client, by: str,
    asked_on: date, now: datetime, mint: Mint, echeck: Echeck | None = None, retry_of: str | None = None,
    due_at: datetime | None = None, command: int | None = None,
) -> Decision:  # fmt: skip
    """A refund to the method that paid, pending until a night sends it (R4), or from `due_at` on. `owed` is what the
    account is owed: never more than that goes back (R2). `can` says what its merchant account can do (R7), `echeck`
    is the one by which it was paid, if it was."""
    if payment.offline is not None or method is None or can is None:
        raise RefundOffline("payment", payment=payment.id)
    left = refundable(payment)
    if seen is not None and seen != left:
        raise RefundableChanged("seen_refundable", seen=seen, refundable=left)
    if amount > left:
        raise ExceedsRefundable("amount", refundable=left, amount=amount)
    if method.kind == "echeck":
        if echeck is not None and not may_go_back(echeck, can, organisation, now=now):
            raise EcheckNotSettled("payment", payment=payment.id)
        if not can.partial_echeck_refund and amount != payment.amount:
            raise EcheckInFullOnly("amount", refundable=left, amount=amount)
        if echeck is not None and echeck.state in UNSETTLED:
            owed += echeck.amount  # its processor gives it back before it settles: it is as good as settled
    if amount > owed:
        raise ExceedsCredit("amount", available=max(owed, 0), amount=amount)
    at_once = can.refunds_leave is RefundsLeave.AT_ONCE
    thing = Refund(
        organisation=organisation.id, id=id, client=client.id, payment=payment.id, amount=amount, ref=ref,
        merchant_account=payment.merchant_account or method.merchant_account, payment_method=method.id,
        state=RefundState.PENDING,
        asked_on=asked_on, send_on=asked_on + ONE_DAY, due_at=now if at_once else due_at, retry_of=retry_of,
        command=command, created_at=now,
    )  # fmt: skip
    return (
        *_posted(
            thing, Words(id=f"posting.refund.{method.kind}", params={"last4": method.last4}), method=method.kind,
            organisation=organisation, client=client, by=by, now=now, mint=mint,
        ),
        _of_payment(payment, payment.refunded + amount),
        *consume(sources, amount, refund=id, client=client.id, now=now, mint=mint, first=payment.id),
    )  # fmt: skip


def may_go_back(echeck: Echeck, can: Capability, owner: Organisation, *, now: datetime) -> bool:
    """Whether an e-check can be refunded: once it has settled, or some banking days after it was handed over (E7)."""
    if echeck.state is EcheckState.SETTLED:
        return True
    days = can.echeck_refund_earliest
    if not isinstance(days, int) or echeck.state is not EcheckState.SUBMITTED or echeck.submitted_on is None:
        return False
    return calendar_of(owner).after(echeck.submitted_on, days) <= local_date(now, owner.timezone)


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
            thing, Words(id=f"posting.refund.{offline}"), method=offline,
            organisation=organisation, client=client, by=by, now=now, mint=mint,
        ),
        *consume(sources, amount, refund=id, client=client.id, now=now, mint=mint),
    )  # fmt: skip


def cancel(
    refund: Refund, payment: Payment | None, method: PaymentMethod | None, can: Capability | None, *,
    consumed: Iterable[Consumption], organisation: Organisation, client: Client, by: str, booked_on: date,
    now: datetime, mint: Mint,
) -> Decision:  # fmt: skip
    """Called back while it waits (R4), or an offline one at any time (R3): a reversing posting."""
    may_not = why_fixed(refund, method, can)
    if may_not is not None:
        raise may_not("refund", refund=refund.id, state=refund.state.value)
    return (
        move(REFUND, refund, "cancel"),
        *undo(
            refund, payment, consumed, words="posting.refund.cancelled", method=method, organisation=organisation,
            client=client, booked_on=booked_on, now=now, mint=mint,
        ),
        refund_event(refund, "refund.cancelled", now, by=by),
    )  # fmt: skip


def why_fixed(refund: Refund, method: PaymentMethod | None, can: Capability | None) -> type[Refusal] | None:
    """The refusal of whoever wants to cancel it now; None while it can be called back (R3, R4, R7, E7)."""
    if refund.state in (RefundState.CANCELLED, RefundState.FAILED):
        return RefundOver
    if refund.offline is not None:
        return None
    if method is not None and method.kind == "echeck":
        return EcheckRefundFixed
    if can is not None and can.refunds_leave is RefundsLeave.AT_ONCE:
        return RefundLeavesAtOnce
    return None if refund.state is RefundState.PENDING else RefundSent


def call_off(
    payment: Payment, waiting: Iterable[tuple[Refund, Iterable[Consumption]]], *, method: PaymentMethod | None,
    organisation: Organisation, client: Client, why: str, by: str, booked_on: date, now: datetime, mint: Mint,
) -> Decision:  # fmt: skip
    """The refunds of a payment that was taken back which were not sent yet, with what they consumed: they never
    will be."""
    steps: Decision = ()
    left = payment.refunded
    for refund, consumed in waiting:
        left -= refund.amount
        steps += (
            move(REFUND, refund, "cancel"),
            *undo(
                refund, None, consumed, words="posting.refund.cancelled", method=method, organisation=organisation,
                client=client, booked_on=booked_on, now=now, mint=mint,
            ),
            refund_event(refund, "refund.cancelled", now, by=by, why=why),
        )  # fmt: skip
    if left != payment.refunded:
        key = {"organisation": payment.organisation, "id": payment.id}
        steps += (Change(thing=Payment, key=key, put={"refunded": left}),)
    return steps


def undo(
    refund: Refund, payment: Payment | None, consumed: Iterable[Consumption], *, words: str,
    method: PaymentMethod | None, organisation: Organisation, client: Client, booked_on: date, now: datetime,
    mint: Mint,
) -> Decision:  # fmt: skip
    """The money did not go back: a reversing posting, what it consumed is credit again, the payment can be refunded."""
    posting = Posting(
        id=mint(""), organisation=organisation.id, client=client.id, kind=PostingKind.REFUND_REVERSAL,
        subject=refund.id, booked_on=booked_on, amount=refund.amount, currency=organisation.currency,
        description=Words(id=words), language=client.language,
        method=refund.offline or (method.kind if method is not None else "card"), reverses=refund.id, at=now,
        entries=_legs(refund, -refund.amount),
    )  # fmt: skip
    steps: Decision = (New(thing=posting), *give_up(consumed))
    return steps if payment is None else (*steps, _of_payment(payment, payment.refunded - refund.amount))


def held_at(refund: Refund) -> str:
    """The ledger account from which the money goes."""
    return f"offline:{refund.offline}" if refund.offline is not None else f"clearing:{refund.merchant_account}"


def _legs(refund: Refund, owed: int) -> tuple[Entry, ...]:
    return (Entry(account=RECEIVABLE, amount=owed), Entry(account=held_at(refund), amount=-owed))


def _of_payment(payment: Payment, refunded: int) -> Change:
    key = {"organisation": payment.organisation, "id": payment.id}
    return Change(thing=Payment, key=key, put={"refunded": refunded})


def _posted(
    thing: Refund, words: Words, *, method: str, organisation: Organisation, client: Client, by: str, now: datetime,
    mint: Mint,
) -> Decision:  # fmt: skip
    posting = Posting(
        id=mint(""), organisation=organisation.id, client=client.id, kind=PostingKind.REFUND, subject=thing.id,
        booked_on=thing.asked_on, amount=thing.amount, currency=organisation.currency, description=words,
        language=client.language, method=method, at=now,
        entries=_legs(thing, thing.amount),
    )  # fmt: skip
    asked = "refund.recorded" if thing.offline else "refund.asked"
    return (New(thing=thing), New(thing=posting), refund_event(thing, asked, now, by=by, public=False, new=True))
