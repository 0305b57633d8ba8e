"""Matching: which money covers which lines (B12): the account's credit, unmatching, reconciling."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from domain.credit import Source
from domain.decision import Allocate, Decision, New, Remove
from domain.invoice import OpenLine
from domain.ledger import Allocation
from domain.money import fill
from domain.refund import Consumption
from domain.refusal import Refusal

Mint = Callable[[str], str]


class ExceedsAvailable(Refusal):
    """More than what is left unmatched on this payment or credit."""

    code = "exceeds_available"


class ExceedsOpen(Refusal):
    """More than what is still open on the line or invoice."""

    code = "exceeds_open"


class ExceedsCredit(Refusal):
    """More than the credit that is available on the account (R2)."""

    code = "exceeds_credit"


def match(
    sources: Iterable[Source], lines: Iterable[OpenLine], *, client: str, now: datetime, mint: Mint,
    limit: int | None = None,
) -> tuple[Decision, int]:  # fmt: skip
    """The oldest money to the oldest open line, until either is used up (or `limit`); answers how much."""
    steps: Decision = ()
    rooms = {(line.invoice, line.line): line.open for line in lines}
    ordered = list(lines)
    total = 0
    for source in sorted(sources, key=lambda source: (source.booked_on, source.at, source.id)):
        left = source.left if limit is None else min(source.left, limit - total)
        for line, part in zip(ordered, fill(left, [rooms[line.invoice, line.line] for line in ordered]), strict=True):
            if part:
                steps += allocation(source, line, part, id=mint(""), client=client, now=now)
                rooms[line.invoice, line.line] -= part
                total += part
    return steps, total


def allocation(source: Source, line: OpenLine, amount: int, *, id: str, client: str, now: datetime) -> Decision:
    """One match: its row, and what it adds to the line."""
    made = Allocation(
        id=id, organisation=line.organisation, client=client, source_kind=source.kind, source=source.id,
        invoice=line.invoice, line=line.line, amount=amount, at=now,
    )  # fmt: skip
    return (
        New(thing=made),
        Allocate(organisation=line.organisation, invoice=line.invoice, line=line.line, amount=amount),
    )


def unmatch(allocations: Iterable[Allocation]) -> Decision:
    """Matches undone: the money is available again, the lines are open again."""
    steps: Decision = ()
    for made in allocations:
        key = {"organisation": made.organisation, "id": made.id, "line": made.line}
        steps += (
            Remove(thing=Allocation, key=key),
            Allocate(organisation=made.organisation, invoice=made.invoice, line=made.line, amount=-made.amount),
        )
    return steps


def free(allocations: Sequence[Allocation], amount: int) -> Decision:
    """Makes `amount` of the money on a line available again, the newest match first; one is cut if need be: it
    keeps its id, for who deletes it later."""
    steps: Decision = ()
    for made in sorted(allocations, key=lambda made: (made.at, made.id), reverse=True):
        taken = min(amount, made.amount)
        if taken <= 0:
            break
        amount -= taken
        steps += unmatch([made])
        if taken < made.amount:
            rest = replace(made, amount=made.amount - taken)
            put_back = Allocate(
                organisation=made.organisation, invoice=made.invoice, line=made.line, amount=rest.amount
            )
            steps += (New(thing=rest), put_back)
    return steps


def consume(
    sources: Iterable[Source], amount: int, *, refund: str, client: str, now: datetime, mint: Mint, first: str = ""
) -> Decision:
    """What a refund gives back is taken from the account's credit: from the payment `first`, then the oldest."""
    steps: Decision = ()
    ordered = sorted(sources, key=lambda one: (one.kind != "payment" or one.id != first, one.booked_on, one.at))
    for source, part in zip(ordered, fill(amount, [source.left for source in ordered]), strict=True):
        if part:
            used = Consumption(
                id=mint(""), organisation=source.organisation, client=client, refund=refund,
                source_kind=source.kind, source=source.id, amount=part, at=now,
            )  # fmt: skip
            steps += (New(thing=used),)
    if sum(source.left for source in ordered) < amount:
        raise ExceedsCredit("amount", available=sum(source.left for source in ordered), amount=amount)
    return steps


def give_up(consumptions: Iterable[Consumption]) -> Decision:
    """A refund that did not happen: what it consumed is available again."""
    return tuple(
        Remove(thing=Consumption, key={"organisation": one.organisation, "id": one.id}) for one in consumptions
    )
