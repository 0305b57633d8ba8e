"""Cancels a payment: an offline one by a reversing posting, a card's at its processor on the same day (B9)."""

from typing import Any

from domain import presenting, repaying
from domain.account import Account
from domain.attempt import Attempt, AttemptState
from domain.awarding import returned_to_fund
from domain.days import local_date
from domain.decision import Decision
from domain.echeck import Echeck, EcheckState
from domain.ledger import Allocation
from domain.organisation import MerchantAccount, Organisation
from domain.payment import Payment, PaymentState
from domain.ports import Transaction
from domain.refund import Consumption
from domain.refusal import Refusal
from domain.repayment import IN_FLIGHT, Outgoing, Paid, Repayment, RepaymentState
from domain.reversing import reverse_payment
from domain.scholarship import Fund
from domain.steps.account_steps import method_of


class PaymentNotCancellable(Refusal):
    """An online payment is not cancelled here but refunded (B9), and one that never was can't be."""

    code = "payment_not_cancellable"


class PaymentWasRefunded(Refusal):
    """Part of this money was given back already: cancel that refund first."""

    code = "payment_was_refunded"


class PaymentBeingCancelled(Refusal):
    """Somebody cancelled it first, and the processor has not answered yet."""

    code = "payment_being_cancelled"


def cancel_payment(
    tx: Transaction, *, organisation: str, payment: str, by: str, command: int | None = None
) -> dict[str, Any] | None:
    """Answers None when the processor has to be asked: its answer is the command's."""
    owner = tx.get(Organisation, id=organisation)
    known = tx.get(Payment, organisation=organisation, id=payment)
    account = tx.account(organisation, known.client)
    made = tx.lock(Payment, organisation=organisation, id=payment)
    echeck = None if made.offline is not None else tx.find(Echeck, organisation=organisation, payment=payment)
    if echeck is not None:
        return _cancel_echeck(tx, owner, account.client.language, made, by=by)
    if made.state is not PaymentState.PAID:
        raise PaymentNotCancellable("payment", payment=payment, state=made.state.value)
    origin: dict[str, Any] = {"organisation": organisation, "source_kind": "payment", "source": payment}
    under_way = {"payment": payment, "refund": None, "state": [RepaymentState.DUE, *IN_FLIGHT]}
    if made.refunded and tx.find(Repayment, organisation=organisation, **under_way) is not None:
        raise PaymentBeingCancelled("payment", payment=payment)
    if made.refunded or tx.all(Consumption, client=made.client, **origin):
        raise PaymentWasRefunded("payment", payment=payment)
    if made.offline is None:
        tx.write([_at_its_processor(tx, owner, account, made, command=command, by=by)])
        return None
    decision = reverse_payment(
        made, tx.all(Allocation, order_by="at id", client=made.client, **origin), organisation=owner,
        client=account.client, by=by, booked_on=local_date(tx.now, owner.timezone), now=tx.now, mint=tx.mint,
    )  # fmt: skip
    tx.write([decision, _back_to_fund(tx, made, by=by)])
    return {"payment": payment, "state": "reversed"}


def _at_its_processor(
    tx: Transaction, owner: Organisation, account: Account, made: Payment, *, command: int | None, by: str
) -> Decision:
    """On the day of the charge, where the table says that it can be cancelled; else it is refunded instead."""
    method, _ = method_of(tx, made)
    charge = tx.find(Attempt, organisation=owner.id, payment=made.id, state=AttemptState.APPROVED)
    if method is None or charge is None or charge.ended_at is None:
        raise PaymentNotCancellable("payment", payment=made.id, state=made.state.value)
    merchant = tx.get(MerchantAccount, organisation=owner.id, id=charge.merchant_account)
    today = local_date(tx.now, owner.timezone)
    out = Outgoing(
        organisation=owner, account=merchant, client=account.client, payment=made, method=method, refund=None,
        paid=Paid(key=charge.key, reference=charge.reference, amount=charge.amount),
    )  # fmt: skip
    if not repaying.may_cancel(out, charged_on=local_date(charge.ended_at, owner.timezone), today=today):
        raise PaymentNotCancellable("payment", payment=made.id, state=made.state.value)
    before = tx.all(Repayment, organisation=owner.id, payment=made.id, refund=None)
    return repaying.ask_cancellation(out, number=len(before) + 1, command=command, by=by, now=tx.now)


def _cancel_echeck(tx: Transaction, owner: Organisation, language: str, made: Payment, *, by: str) -> dict[str, Any]:
    """Until it is batched (E2): its row is locked, so that it is either batched or cancelled."""
    echeck = tx.lock(Echeck, organisation=made.organisation, payment=made.id)
    origin: dict[str, Any] = {"organisation": made.organisation, "source_kind": "payment", "source": made.id}
    if echeck.state is EcheckState.PENDING and tx.all(Consumption, client=made.client, **origin):
        raise PaymentWasRefunded("payment", payment=made.id)
    decision = presenting.cancel(
        made, echeck, tx.all(Allocation, order_by="at id", client=made.client, **origin), language=language, by=by,
        booked_on=local_date(tx.now, owner.timezone), now=tx.now, mint=tx.mint,
    )  # fmt: skip
    tx.write([decision])
    return {"payment": made.id, "state": "cancelled"}


def _back_to_fund(tx: Transaction, made: Payment, *, by: str) -> Decision:
    """A scholarship that was not meant: its money can be awarded again (B15)."""
    if made.offline != "scholarship":
        return ()
    fund = tx.lock(Fund, organisation=made.organisation, id=made.comment)
    return returned_to_fund(fund, made.amount, client=made.client, by=by, now=tx.now)
