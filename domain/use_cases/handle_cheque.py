"""A postdated paper cheque: a person deposits it, or the bank refuses it; no run ever books it (I7)."""

from typing import Any

from domain.account import Account
from domain.claim import Around
from domain.days import local_date
from domain.instalment import Plan
from domain.ledger import Allocation
from domain.organisation import Organisation
from domain.payment import Payment, PaymentState
from domain.ports import Transaction
from domain.refusal import Refusal
from domain.reversing import deposited_cheque, refused_cheque
from domain.steps.account_steps import settle_plans


class NotACheque(Refusal):
    """Only a planned payment by paper cheque is deposited or refused by hand (I7)."""

    code = "not_a_cheque"


class ChequeNotWaiting(Refusal):
    """The cheque was deposited, refused or cancelled already."""

    code = "cheque_not_waiting"


def deposit_cheque(tx: Transaction, *, organisation: str, instalment: str, by: str) -> dict[str, Any]:
    owner, account, payment = _cheque(tx, organisation, instalment)
    if payment.state not in (PaymentState.SCHEDULED, PaymentState.FAILED):
        raise ChequeNotWaiting("instalment", instalment=instalment, state=payment.state.value)
    items = tx.waiting_items([(organisation, payment.id)], lock=True)
    decision = deposited_cheque(
        payment, Around(lines=_lines(tx, payment), item=items.get((organisation, payment.id))), organisation=owner,
        client=account.client, by=by, booked_on=local_date(tx.now, owner.timezone), now=tx.now, mint=tx.mint,
    )  # fmt: skip
    tx.write([decision])
    settle_plans(tx, organisation, payment.client)
    return {"instalment": instalment, "state": "received"}


def bounce_cheque(tx: Transaction, *, organisation: str, instalment: str, by: str) -> dict[str, Any]:
    """Refused by the bank, before or after it was booked: the debt stays, an item says so."""
    owner, account, payment = _cheque(tx, organisation, instalment)
    if payment.state not in (PaymentState.SCHEDULED, PaymentState.PAID):
        raise ChequeNotWaiting("instalment", instalment=instalment, state=payment.state.value)
    origin: dict[str, Any] = {"organisation": organisation, "source_kind": "payment", "source": payment.id}
    decision = refused_cheque(
        payment, tx.all(Allocation, order_by="at id", client=payment.client, **origin), organisation=owner,
        client=account.client, by=by, booked_on=local_date(tx.now, owner.timezone), now=tx.now, mint=tx.mint,
    )  # fmt: skip
    tx.write([decision])
    return {"instalment": instalment, "state": "failed"}


def _cheque(tx: Transaction, organisation: str, instalment: str) -> tuple[Organisation, Account, Payment]:
    """The account before the payment, as everywhere: who locks in one order never waits for each other."""
    owner = tx.get(Organisation, id=organisation)
    account = tx.account(organisation, tx.get(Payment, organisation=organisation, id=instalment).client)
    payment = tx.lock(Payment, organisation=organisation, id=instalment)
    if payment.plan is None or payment.offline != "cheque":
        raise NotACheque("instalment", instalment=instalment)
    return owner, account, payment


def _lines(tx: Transaction, payment: Payment) -> tuple[Any, ...]:
    plan = tx.get(Plan, organisation=payment.organisation, id=payment.plan)
    pair = (payment.organisation, payment.invoice or "")
    return tuple(line for line in tx.open_lines([pair], lock=True).get(pair, []) if line.line in plan.lines)
