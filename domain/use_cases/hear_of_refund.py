"""Hears what became of a refund from elsewhere than our own question: a webhook, a file, a comparison (R6)."""

from domain.following import follow
from domain.outcome import Standing
from domain.ports import Transaction
from domain.refund import RefundState

HEARD_OF = (RefundState.SUBMITTED, RefundState.SETTLED)


def hear_of_refund(tx: Transaction, *, organisation: str, refund: str, standing: Standing) -> bool:
    """`standing` was read from the processor, never from a message. A refund that had settled may still fail.
    Answers whether anything changed: hearing it twice changes nothing."""
    out = tx.sent_refund(organisation, refund)
    if out is None or out.refund is None or out.refund.state not in HEARD_OF:
        return False
    seen = tx.again(out, refund=out.refund.state)
    if seen is None:
        return False
    decision = follow(seen[0], standing, seen[1], now=tx.now, mint=tx.mint)
    tx.write([decision])
    return bool(decision)
