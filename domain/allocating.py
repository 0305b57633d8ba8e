"""Allocating: which lines a payment or credit is matched to, and which planned payments shrink for it."""

from collections.abc import Callable, Iterable
from datetime import datetime

from domain.decision import Allocate, Decision, New, move
from domain.invoice import OpenLine
from domain.ledger import Allocation
from domain.money import fill
from domain.payment import PAYMENT, Payment
from domain.telling import payment_event

Mint = Callable[[str], str]


def allocate(
    lines: Iterable[OpenLine], *, source_kind: str, source: str, amount: int, client: str,
    now: datetime, mint: Mint,
) -> Decision:  # fmt: skip
    """Matches money to lines from first to last (B12); what does not fit stays unallocated: a credit."""
    wanted = list(lines)
    steps: list[New | Allocate] = []
    for line, part in zip(wanted, fill(amount, [line.open for line in wanted]), strict=True):
        if part:
            allocation = Allocation(
                id=mint(""), organisation=line.organisation, client=client, source_kind=source_kind,
                source=source, invoice=line.invoice, line=line.line, amount=part, at=now,
            )  # fmt: skip
            steps += [
                New(thing=allocation),
                Allocate(organisation=line.organisation, invoice=line.invoice, line=line.line, amount=part),
            ]
    return tuple(steps)


def shrink(planned: Iterable[Payment], open_minor: int, *, now: datetime) -> Decision:
    """Lowers planned payments, the last first, until all of them ask for no more than is open (I8). Those that
    are due or under way stay as they are, and count."""
    everything = list(planned)
    excess = sum(payment.amount for payment in everything) - open_minor
    movable = [payment for payment in everything if PAYMENT.allows(payment.state, "change")]
    payments = sorted(movable, key=lambda payment: (payment.due_on, payment.number or 0))
    steps: Decision = ()
    for payment in reversed(payments):
        if excess <= 0:
            break
        taken = min(excess, payment.amount)
        excess -= taken
        if taken == payment.amount:
            steps += (
                move(PAYMENT, payment, "cancel"),
                payment_event(payment, "instalment.cancelled", now, public=False, why="nothing_open"),
            )
        else:
            lowered = payment.amount - taken
            steps += (
                move(PAYMENT, payment, "change", amount=lowered),
                payment_event(
                    payment, "instalment.lowered", now, public=False, was={"amount": payment.amount}, amount=lowered
                ),
            )
    return steps
