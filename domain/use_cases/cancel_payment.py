"""Cancels a payment that did not happen: an offline one, by a reversing posting (B9)."""

from typing import Any

from domain import presenting
from domain.awarding import returned_to_fund
from domain.days import local_date
from domain.decision import Decision
from domain.echeck import Echeck, EcheckState
from domain.ledger import Allocation
from domain.organisation import Organisation
from domain.payment import Payment
from domain.ports import Transaction
from domain.refund import Consumption
from domain.refusal import Refusal
from domain.reversing import reverse_payment
from domain.scholarship import Fund


class PaymentNotCancellable(Refusal):
    """An online payment is not cancelled here but refunded (B9), and one that never was can't be."""

    code = "payment_not_cancellable"


class PaymentWasRefunded(Refusal):
    """Part of this money was given back already: cancel that refund first."""

    code = "payment_was_refunded"


def cancel_payment(tx: Transaction, *, organisation: str, payment: str, by: str) -> dict[str, Any]:
    owner = tx.get(Organisation, id=organisation)
    known = tx.get(Payment, organisation=organisation, id=payment)
    account = tx.account(organisation, known.client)
    made = tx.lock(Payment, organisation=organisation, id=payment)
    echeck = None if made.offline is not None else tx.find(Echeck, organisation=organisation, payment=payment)
    if echeck is not None:
        return _cancel_echeck(tx, owner, account.client.language, made, by=by)
    if made.offline is None or made.state != "paid":
        raise PaymentNotCancellable("payment", payment=payment, state=made.state.value)
    origin: dict[str, Any] = {"organisation": organisation, "source_kind": "payment", "source": payment}
    if tx.all(Consumption, client=made.client, **origin):
        raise PaymentWasRefunded("payment", payment=payment)
    decision = reverse_payment(
        made, tx.all(Allocation, order_by="at id", client=made.client, **origin), organisation=owner,
        client=account.client, by=by, booked_on=local_date(tx.now, owner.timezone), now=tx.now, mint=tx.mint,
    )  # fmt: skip
    tx.write([decision, _back_to_fund(tx, made, by=by)])
    return {"payment": payment, "state": "reversed"}


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
