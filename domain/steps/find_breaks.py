"""Breaks are kept and closed together with the item of their payment, if it is ours."""

from domain import comparing
from domain.action_item import ActionItem
from domain.attempt import Attempt, AttemptState
from domain.claim import Asked
from domain.outcome import About, Approved, Declined, Finding, Listed
from domain.payment import Payment
from domain.ports import Transaction
from domain.reconciliation import Break, BreakKind


def keep_break(tx: Transaction, found: Break) -> None:
    known = tx.all(
        Break, organisation=found.organisation, merchant_account=found.merchant_account, subject=found.subject
    )
    payment, item = _around(tx, found)
    tx.write([comparing.open_break(found, known, payment, item, now=tx.now, mint=tx.mint)])


def resolve_break(tx: Transaction, found: Break, *, by: str, reason: str) -> None:
    payment, item = _around(tx, found)
    tx.write([comparing.resolve(found, payment, item, by=by, reason=reason, now=tx.now)])


def note_late_verdict(tx: Transaction, asked: Asked, said: Finding) -> bool:
    """An answer that came after somebody else had settled the attempt: where it says otherwise, that is a break to
    look into, never a second posting (A10). Answers whether it was one."""
    attempt = tx.find(Attempt, key=asked.attempt.key)
    if attempt is None or not isinstance(said, Approved | Declined):
        return False
    unpaid = attempt.state in (AttemptState.DECLINED, AttemptState.CLOSED)
    denied = attempt.state is AttemptState.APPROVED and isinstance(said, Declined)
    if not (denied or (unpaid and isinstance(said, Approved))):
        return False
    line = None
    if isinstance(said, Approved):
        line = Listed(
            key=attempt.key, reference=said.reference, about=About.CHARGE, amount_minor=said.amount_minor,
            currency=said.currency,
        )  # fmt: skip
    kind = BreakKind.MISSING_THERE if denied else BreakKind.OTHER_STATE
    keep_break(
        tx,
        comparing.break_of(
            kind, organisation=attempt.organisation, account=attempt.merchant_account,
            on=attempt.promised_at.date(), line=line, asked=attempt, now=tx.now, mint=tx.mint,
        ),
    )  # fmt: skip
    return True


def _around(tx: Transaction, found: Break) -> tuple[Payment | None, ActionItem | None]:
    """Its payment, locked, and the item that waits for a person; of money given back neither: the payment is not
    what differs, and such a break stands beside the items. So does that of an e-check that was presented again: the
    item of its debt waits for it already."""
    if found.payment is None or found.about not in (About.CHARGE, About.DEBIT):
        return None, None
    payment = tx.lock(Payment, organisation=found.organisation, id=found.payment)
    if payment.retry_of is not None and found.about is About.DEBIT:
        return None, None
    pair = (found.organisation, found.payment)
    return payment, tx.waiting_items([pair], lock=True).get(pair)
