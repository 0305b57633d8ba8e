"""What services read of client billing: an account page by page, one payment, one refund, the runs of a date."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from adapters.database.batches import echeck_told
from adapters.database.books import BookTransaction
from adapters.database.shown import allocation_shown, histories, instant, instant_or_none, method_shown
from adapters.database.statements import UPCOMING, Place, Window, last_of_page, statement
from adapters.locale import both
from domain.attempt import Attempt
from domain.credit import Credit
from domain.days import local_date
from domain.declines import class_of, known
from domain.echeck import Echeck
from domain.instalment import Plan
from domain.ledger import Allocation, PostingKind
from domain.organisation import Organisation
from domain.payment import Payment
from domain.payment_method import PaymentMethod
from domain.people import Client
from domain.refund import Consumption, Refund, RefundState
from domain.refunding import refundable
from domain.repayment import Repayment
from domain.run import Run

MAX_ROWS = 10_000  # of allocations of one page: a payment rarely has more than a few
MAX_RUNS = 100
# What a client is told who asks for the money (R8).
EXPECTED = {
    RefundState.PENDING: "waits", RefundState.SUBMITTING: "leaves", RefundState.SUBMITTED: "submitted",
    RefundState.UNKNOWN: "unknown", RefundState.SETTLED: "settled", RefundState.FAILED: "failed",
    RefundState.CANCELLED: "cancelled",
}  # fmt: skip


def billing(
    tx: BookTransaction, organisation: str, client: str, *, after: Place | None, limit: int
) -> tuple[dict[str, Any], Place | None]:  # fmt: skip
    """A page of a client's transactions in both columns, with what is matched, given back and credited in them;
    balances are of the whole account. Answers where the next page begins, if there is one. Raises NotKnown."""
    through = last_of_page(tx, organisation, client, after=after, limit=limit)
    told = statement(tx, organisation, client, window=Window(after=after, through=through))
    payments = [line["id"] for line in told["receipts"] if line["kind"] == PostingKind.PAYMENT]
    credits = [line["id"] for line in told["revenue"] if line["kind"] == PostingKind.CREDIT]
    refunds = [line["id"] for line in told["receipts"] if line["kind"] == PostingKind.REFUND]
    return told | {
        "available_credit": max(-told["balance"], 0),
        "allocations": [*_allocations(tx, organisation, client, PostingKind.PAYMENT, payments),
                        *_allocations(tx, organisation, client, PostingKind.CREDIT, credits)],
        "refunds": _refunds(tx, organisation, client, refunds),
        "credits": _credits(tx, organisation, client, credits),
    }, through  # fmt: skip


def upcoming_payments(tx: BookTransaction, organisation: str, client: str) -> dict[str, Any]:
    """Planned payments with their plan and method, by date (I3). Raises NotKnown."""
    owner = tx.get(Organisation, id=organisation)
    one: dict[str, Any] = {"organisation": organisation, "client": client}
    tx.get(Client, organisation=organisation, id=client)
    found = tx.all(Payment, order_by="due_on number id", state=list(UPCOMING), **one)
    plans = {plan.id: plan for plan in tx.all(Plan, **one)}
    methods = {method.id: method for method in tx.all(PaymentMethod, **one)}
    planned = [payment for payment in found if payment.plan is not None]
    return {
        "organisation": organisation, "client": client, "currency": owner.currency,
        "upcoming": [_planned(payment, plans[payment.plan or ""], methods) for payment in planned],
    }  # fmt: skip


def payment_told(tx: BookTransaction, organisation: str, id: str) -> dict[str, Any]:
    """A payment with its attempts, or its e-check, and everything that happened to it. Raises NotKnown."""
    owner = tx.get(Organisation, id=organisation)
    payment = tx.get(Payment, organisation=organisation, id=id)
    method = tx.find(PaymentMethod, organisation=organisation, id=payment.payment_method or "")
    made = _allocations(tx, organisation, payment.client, PostingKind.PAYMENT, [id])
    presented = tx.all(Echeck, organisation=organisation, payment=id)
    subjects = [f"payment:{id}", *(f"echeck:{one.id}" for one in presented)]
    pasts = histories(tx, [(organisation, one, id) for one in subjects], leave_out=("payment", "client"))
    attempts = tx.all(Attempt, order_by="number", organisation=organisation, payment=id)
    return {
        "organisation": organisation, "payment": id, "kind": payment.kind.value, "client": payment.client,
        "invoice": payment.invoice, "plan": payment.plan, "number": payment.number, "amount": payment.amount,
        "currency": owner.currency, "due_on": payment.due_on.isoformat(), "state": payment.state.value,
        "method": method_shown(method, payment.offline), "merchant_account": payment.merchant_account,
        "payer": payment.payer, "comment": payment.comment, "refunded": payment.refunded,
        "refundable": refundable(payment), "created_at": instant(payment.created_at),
        "attempts": [_attempt(one) for one in attempts], "echeck": echeck_told(presented[0]) if presented else None,
        "allocations": made, "history": pasts[organisation, id],
    }  # fmt: skip


def refund_told(tx: BookTransaction, organisation: str, id: str) -> dict[str, Any]:
    """A refund with what it gives back and everything that happened to it. Raises NotKnown."""
    owner = tx.get(Organisation, id=organisation)
    refund = tx.get(Refund, organisation=organisation, id=id)
    [told] = _refunds(tx, organisation, refund.client, [id])
    pasts = histories(tx, [(organisation, f"refund:{id}", id)], leave_out=("refund", "client"))
    asked = tx.all(Repayment, order_by="number", organisation=organisation, refund=id)
    return {"organisation": organisation, "client": refund.client, "currency": owner.currency, **told} | {
        "merchant_account": refund.merchant_account, "send_on": _day(refund.send_on),
        "submitted_at": instant_or_none(refund.submitted_at), "reference": refund.reference,
        "settled_on": _day(refund.settled_on), "reason": _reason(refund.reason), "retry_of": refund.retry_of,
        "expected": _expected(refund, owner.timezone), "attempts": [_repayment(one) for one in asked],
        "history": pasts[organisation, id],
    }  # fmt: skip


def _expected(refund: Refund, timezone: str) -> dict[str, str]:
    """When the client will see the money, or why it was not seen (R8)."""
    on = refund.asked_on if refund.submitted_at is None else local_date(refund.submitted_at, timezone)
    name = "offline" if refund.offline is not None and refund.state is RefundState.SETTLED else EXPECTED[refund.state]
    return both(f"refund.expected.{name}", on=on, reference=refund.reference, send_on=refund.send_on)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _repayment(one: Repayment) -> dict[str, Any]:
    return {
        "key": one.key, "number": one.number, "state": one.state.value, "how": one.about.value, "amount": one.amount,
        "reference": one.reference, "network_code": one.network_code, "reason": _reason(one.reason),
        "promised_at": instant(one.promised_at), "ended_at": instant_or_none(one.ended_at),
    }  # fmt: skip


def _reason(code: str) -> dict[str, Any] | None:
    if not code:
        return None
    said = known(code)
    return {"code": code, "class": class_of(code).value, "text": both(f"reason.{said}.staff")}


def runs_told(tx: BookTransaction, organisation: str, day: date | None) -> list[dict[str, Any]]:
    """The runs of a business date, or the newest. Raises NotKnown."""
    tx.get(Organisation, id=organisation)
    given: dict[str, Any] = {"organisation": organisation} | ({"business_date": day} if day is not None else {})
    found = sorted(tx.all(Run, **given), key=lambda run: (run.business_date, run.kind), reverse=True)
    return [
        {
            "kind": run.kind, "date": run.business_date.isoformat(), "started_at": instant(run.started_at),
            "finished_at": instant_or_none(run.finished_at),
        }
        for run in found[:MAX_RUNS]
    ]  # fmt: skip


def _planned(payment: Payment, plan: Plan, methods: dict[str, PaymentMethod]) -> dict[str, Any]:
    return {
        "instalment": payment.id, "on": payment.due_on.isoformat(), "amount": payment.amount,
        "state": UPCOMING[payment.state], "plan": plan.id, "number": payment.number, "count": plan.count,
        "invoice": payment.invoice, "lines": list(plan.lines),
        "method": method_shown(methods.get(payment.payment_method or ""), payment.offline),
    }  # fmt: skip


def _attempt(attempt: Attempt) -> dict[str, Any]:
    """The key says at the gateway which one it is; what was sent with it, a token among it, is not told."""
    reason = _reason(known(attempt.reason)) if attempt.reason else None
    return {
        "key": attempt.key, "number": attempt.number, "state": attempt.state.value, "amount": attempt.amount,
        "currency": attempt.currency, "merchant_account": attempt.merchant_account,
        "payment_method": attempt.payment_method, "reference": attempt.reference,
        "network_code": attempt.network_code, "reason": reason, "promised_at": instant(attempt.promised_at),
        "ended_at": instant_or_none(attempt.ended_at),
    }  # fmt: skip


def _allocations(
    tx: BookTransaction, organisation: str, client: str, kind: str, sources: Sequence[str]
) -> list[dict[str, Any]]:  # fmt: skip
    if not sources:
        return []
    made = tx.all(
        Allocation, order_by="at id line", limit=MAX_ROWS, organisation=organisation, client=client,
        source_kind=kind, source=list(sources),
    )  # fmt: skip
    return [allocation_shown(one) for one in made]


def _refunds(tx: BookTransaction, organisation: str, client: str, ids: Sequence[str]) -> list[dict[str, Any]]:
    if not ids:
        return []
    given: dict[str, Any] = {"organisation": organisation, "client": client}
    consumed: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in tx.all(Consumption, order_by="at id", limit=MAX_ROWS, refund=list(ids), **given):
        consumed[one.refund].append({"from": {one.source_kind: one.source}, "amount": one.amount})
    return [
        {
            "refund": one.id, "payment": one.payment, "offline": one.offline, "amount": one.amount,
            "state": one.state.value, "comment": one.comment, "asked_on": one.asked_on.isoformat(),
            "created_at": instant(one.created_at), "consumptions": consumed[one.id],
        }
        for one in tx.all(Refund, order_by="created_at id", limit=MAX_ROWS, id=list(ids), **given)
    ]  # fmt: skip


def _credits(tx: BookTransaction, organisation: str, client: str, ids: Sequence[str]) -> list[dict[str, Any]]:
    if not ids:
        return []
    found = tx.all(
        Credit, order_by="created_at id", limit=MAX_ROWS, organisation=organisation, client=client, id=list(ids)
    )
    return [
        {
            "credit": one.id, "amount": one.amount, "net": one.net, "taxes": [dict(tax) for tax in one.taxes],
            "origin": one.origin, "invoice": one.invoice, "lines": [dict(line) for line in one.lines],
            "note": one.note, "on": one.booked_on.isoformat(),
        }
        for one in found
    ]  # fmt: skip
