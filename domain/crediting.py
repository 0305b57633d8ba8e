"""Crediting decides credit notes: by hand, for a cancelled purchase with its penalty, for a replacement (B5, B10)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.credit import Credit, TaxMode
from domain.decision import Decision, New
from domain.event import Event
from domain.invoice import InvoiceLine, Tax, TaxRate, taxes_on
from domain.ledger import RECEIVABLE, Entry, Posting, PostingKind, Words
from domain.money import half_even
from domain.organisation import Organisation
from domain.people import Client
from domain.refusal import Refusal

Mint = Callable[[str], str]
DEFAULT_LEDGER_CODE = "sales"
PENALTY_LEDGER_CODE = "penalty"


class ExceedsLine(Refusal):
    """More is credited than the lines still have to credit."""

    code = "exceeds_line"


class PenaltyExceedsCredit(Refusal):
    """The penalty, with its taxes, is more than what is credited."""

    code = "penalty_exceeds_credit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is credited of one line: `net` before taxes, and its taxes."""

    line: InvoiceLine
    net: int
    taxes: tuple[Tax, ...]

    @property
    def total(self) -> int:
        return self.net + sum(tax.amount for tax in self.taxes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """Kept from what is credited: an amount, or a percentage of the net (decimal string)."""

    amount: int | None = None
    percent: str | None = None
    ledger_code: str = ""
    taxes: tuple[TaxRate, ...] = ()


def split_taxes(amount: int, rates: Sequence[TaxRate], mode: TaxMode) -> tuple[int, tuple[Tax, ...]]:
    """The net and the taxes of a credit (B5). `included`: each tax inside the amount is half-even(amount × rate
    / (1 + sum of rates)), the rest is net; `added`: on top of the amount; `waived`: none."""
    match mode:
        case TaxMode.ADDED:
            return amount, taxes_on(amount, tuple(rates))
        case TaxMode.WAIVED:
            return amount, ()
        case TaxMode.INCLUDED:
            whole = 1 + sum((_fraction(rate) for rate in rates), Fraction(0))
            taxes = tuple(Tax(code=rate.code, amount=half_even(amount * _fraction(rate) / whole)) for rate in rates)
            return amount - sum(tax.amount for tax in taxes), taxes


def credit(
    *, organisation: Organisation, client: Client, id: str, net: int, taxes: Sequence[Tax], description: str,
    note: str, by: str, booked_on: date, now: datetime, mint: Mint,
) -> Decision:  # fmt: skip
    """A credit by hand: the client owes less, no money moves."""
    entries = [Entry(account=f"revenue:{DEFAULT_LEDGER_CODE}", amount=net)]
    entries += [Entry(account=f"tax:{tax.code}", amount=tax.amount) for tax in taxes]
    words: Words | str = description or Words(id="posting.credit")
    thing = Credit(
        organisation=organisation.id, id=id, client=client.id, amount=net + sum(tax.amount for tax in taxes), net=net,
        taxes=tuple({"code": tax.code, "amount": tax.amount} for tax in taxes), note=note, booked_on=booked_on,
        created_at=now,
    )  # fmt: skip
    return _posted(thing, entries, words, organisation=organisation, client=client, by=by, now=now, mint=mint)


def part_of(line: InvoiceLine, share: Fraction) -> Part:
    """A share of a line: its net and, proportionally, each of its taxes; the rebates that fell on it stay
    taken off. The whole (share 1) is exactly what was payable."""
    gross = line.amount + line.tax
    kept = Fraction(line.payable, gross) * share if gross else Fraction(0)
    taxes = tuple(Tax(code=tax["code"], amount=half_even(tax["amount"] * kept)) for tax in line.taxes)
    total = half_even(line.payable * share)
    return Part(line=line, net=total - sum(tax.amount for tax in taxes), taxes=taxes)


def parts_by_percent(lines: Sequence[InvoiceLine], percent: str) -> list[Part]:
    return [part_of(line, Fraction(Decimal(percent)) / 100) for line in lines]


def parts_by_amount(lines: Sequence[InvoiceLine], amount: int) -> list[Part]:
    """`amount` before taxes, over the lines in proportion to their own net; the cents left go to the first."""
    nets = [part_of(line, Fraction(1)).net for line in lines]
    whole = sum(nets)
    if amount > whole:
        raise ExceedsLine("credit.amount", available=whole, amount=amount)
    shares = [amount * net // whole if whole else 0 for net in nets]
    for position in range(amount - sum(shares)):
        shares[position % len(shares)] += 1
    parts = []
    for line, net, wanted in zip(lines, nets, shares, strict=True):
        scaled = part_of(line, Fraction(wanted, net) if net else Fraction(0))
        parts.append(Part(line=line, net=wanted, taxes=scaled.taxes))
    return parts


def purchase_credit(
    parts: Sequence[Part], *, organisation: Organisation, client: Client, id: str, invoice: str, origin: str,
    penalty: Penalty | None, words: Words, by: str, booked_on: date, now: datetime, mint: Mint,
) -> tuple[Decision, int]:  # fmt: skip
    """The note of a cancelled or replaced line: what is credited, less the penalty as a negative line of it
    (B10). Answers the decision and the note's total."""
    net = sum(part.net for part in parts)
    kept = _penalty(penalty, net)
    penalty_taxes = taxes_on(kept, penalty.taxes) if penalty is not None else ()
    total = sum(part.total for part in parts) - kept - sum(tax.amount for tax in penalty_taxes)
    if total < 0:
        raise PenaltyExceedsCredit("penalty", credited=sum(part.total for part in parts))
    entries = [Entry(account=f"revenue:{part.line.ledger_code}", amount=part.net) for part in parts]
    entries += [Entry(account=f"tax:{tax.code}", amount=tax.amount) for part in parts for tax in part.taxes]
    if kept:
        code = (penalty.ledger_code if penalty else "") or PENALTY_LEDGER_CODE
        entries.append(Entry(account=f"revenue:{code}", amount=-kept))
        entries += [Entry(account=f"tax:{tax.code}", amount=-tax.amount) for tax in penalty_taxes]
    taxes = [*(tax for part in parts for tax in part.taxes)]
    thing = Credit(
        organisation=organisation.id, id=id, client=client.id, amount=total, net=net - kept,
        taxes=tuple({"code": tax.code, "amount": tax.amount} for tax in taxes)
        + tuple({"code": tax.code, "amount": -tax.amount} for tax in penalty_taxes),
        origin=origin, invoice=invoice, booked_on=booked_on, created_at=now,
    )  # fmt: skip
    return _posted(thing, entries, words, organisation=organisation, client=client, by=by, now=now, mint=mint), total


def _posted(
    thing: Credit, entries: Sequence[Entry], words: Words | str, *, organisation: Organisation, client: Client,
    by: str, now: datetime, mint: Mint,
) -> Decision:  # fmt: skip
    posting = Posting(
        id=mint(""), organisation=organisation.id, client=client.id, kind=PostingKind.CREDIT, subject=thing.id,
        booked_on=thing.booked_on, amount=thing.amount, currency=organisation.currency, description=words,
        language=client.language, at=now,
        entries=(Entry(account=RECEIVABLE, amount=-thing.amount), *entries),
    )  # fmt: skip
    told: dict[str, Any] = {"client": client.id, "credit": thing.id, "amount": thing.amount, "origin": thing.origin}
    happened = Event(
        organisation=organisation.id, type="credit.created", subject=f"credit:{thing.id}", sequence=1, at=now, by=by,
        public=False, data=told,
    )  # fmt: skip
    return (New(thing=thing), New(thing=posting), New(thing=happened))


def _penalty(penalty: Penalty | None, net: int) -> int:
    if penalty is None:
        return 0
    if penalty.amount is not None:
        return penalty.amount
    return half_even(net * Fraction(Decimal(penalty.percent or "0")) / 100)


def _fraction(rate: TaxRate) -> Fraction:
    return Fraction(Decimal(rate.rate)) / 100
