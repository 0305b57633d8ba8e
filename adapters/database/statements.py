"""The account statement of a client: two columns, balances, and what is still to come (B1, B13)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapters.database.books import BookTransaction
from domain.invoice import InvoiceLine
from domain.ledger import REVENUE_KINDS, SIGN, Allocation, Posting, PostingKind
from domain.organisation import Organisation
from domain.payment import Payment, PaymentState
from domain.people import Client
from domain.refund import Refund

MAX_POSTINGS = 20_000  # of one client; decades of weekly lessons

S = PaymentState

# fmt: off
UPCOMING = {  # the states of planned payments as a statement tells them
    S.SCHEDULED:  "scheduled",
    S.HELD:       "scheduled",
    S.DUE:        "scheduled",
    S.SUBMITTING: "submitting",
    S.UNKNOWN:    "unknown",
    S.IN_DOUBT:   "unknown",
    S.FAILED:     "failed",
}
RECEIVED = {S.PAID: "received", S.REVERSED: "reversed"}
# fmt: on


def statement(tx: BookTransaction, organisation: str, client: str) -> dict[str, Any]:
    """The `statement` of CONTRACT section 1. Raises NotKnown."""
    owner = tx.get(Organisation, id=organisation)
    tx.get(Client, organisation=organisation, id=client)
    one = {"organisation": organisation, "client": client}
    postings = tx.all(Posting, order_by="booked_on at id", limit=MAX_POSTINGS, **one)
    payments = {payment.id: payment for payment in tx.all(Payment, order_by="id", limit=MAX_POSTINGS, **one)}
    refunds = {refund.id: refund for refund in tx.all(Refund, order_by="id", limit=MAX_POSTINGS, **one)}
    planned = _planned(payments.values())
    states = _reconciled(tx, organisation, client, postings, planned)
    balance = sum(SIGN[posting.kind] * posting.amount for posting in postings)
    coming = sum(payment.amount for payment in planned if payment.state is not S.FAILED)
    return {
        "organisation": organisation,
        "client": client,
        "currency": owner.currency,
        "balance": balance,
        "expected_balance": balance - coming,
        "revenue": [
            _line(posting) | {"reconciled": states.get((posting.kind, posting.subject), "not")}
            for posting in postings
            if posting.kind in REVENUE_KINDS
        ],
        "receipts": [_receipt(posting, payments, refunds) for posting in postings if posting.kind not in REVENUE_KINDS],
        "upcoming": [_coming(payment) for payment in planned],
    }


def _planned(payments: Iterable[Payment]) -> list[Payment]:
    """Instalments that were not charged yet, or failed, in the order of their dates."""
    found = [payment for payment in payments if payment.plan is not None and payment.state in UPCOMING]
    return sorted(found, key=lambda payment: (payment.due_on, payment.number or 0, payment.id))


def _line(posting: Posting) -> dict[str, Any]:
    return {
        "id": posting.subject,
        "kind": posting.kind.value,
        "on": posting.booked_on.isoformat(),
        "amount": posting.amount,
        "description": posting.description,
    }


def _receipt(posting: Posting, payments: Mapping[str, Payment], refunds: Mapping[str, Refund]) -> dict[str, Any]:
    told = _line(posting) | {"method": posting.method, "state": _receipt_state(posting, payments, refunds)}
    if posting.reverses:
        told["reverses"] = posting.reverses
    return told


def _receipt_state(posting: Posting, payments: Mapping[str, Payment], refunds: Mapping[str, Refund]) -> str:
    if posting.kind is PostingKind.REFUND and posting.subject in refunds:
        return refunds[posting.subject].state.value
    payment = payments.get(posting.subject)
    if posting.kind is PostingKind.PAYMENT and payment is not None:
        return RECEIVED.get(payment.state, "received")
    return "received"


def _coming(payment: Payment) -> dict[str, Any]:
    told = {
        "instalment": payment.id,
        "on": payment.due_on.isoformat(),
        "amount": payment.amount,
        "state": UPCOMING[payment.state],
    }
    if payment.state is S.HELD:
        told["held"] = True
    return told


def _reconciled(
    tx: BookTransaction, organisation: str, client: str, postings: Sequence[Posting], planned: Sequence[Payment]
) -> dict[tuple[str, str], str]:
    """How far each invoice and credit is matched (B12), by (kind, id)."""
    invoices = [posting.subject for posting in postings if posting.kind is PostingKind.INVOICE]
    payable: dict[str, int] = defaultdict(int)
    allocated: dict[str, int] = defaultdict(int)
    for start in range(0, len(invoices), 1_000):
        some = invoices[start : start + 1_000]
        for line in tx.all(InvoiceLine, organisation=organisation, invoice=some, limit=MAX_POSTINGS * 10):
            payable[line.invoice] += line.payable
            allocated[line.invoice] += line.allocated
    coming: dict[str, int] = defaultdict(int)
    for payment in planned:
        if payment.state is not S.FAILED:
            coming[payment.invoice or ""] += payment.amount
    used: dict[str, int] = defaultdict(int)
    for allocation in tx.all(
        Allocation, organisation=organisation, client=client, source_kind=PostingKind.CREDIT, limit=MAX_POSTINGS * 10
    ):
        used[allocation.source] += allocation.amount
    states: dict[tuple[str, str], str] = {
        (PostingKind.INVOICE, id_): _matched(payable[id_], allocated[id_], coming[id_]) for id_ in invoices
    }
    for posting in postings:
        if posting.kind is PostingKind.CREDIT:
            states[PostingKind.CREDIT, posting.subject] = _matched(posting.amount, used[posting.subject], 0)
    return states


def _matched(whole: int, part: int, planned: int) -> str:
    if part >= whole:
        return "fully"
    if part + planned >= whole:
        return "planned"
    return "partially" if part else "not"
