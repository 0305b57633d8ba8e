"""Crediting decides credit notes: by hand, for a cancelled purchase with its penalty, for a replacement (B5, B10)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.credit import Credit, TaxMode
from domain.decision import Decision, New
from domain.event import Event
from domain.invoice import InvoiceLine, Tax, TaxRate, taxes_on
from domain.ledger import RECEIVABLE, Entry, Posting, PostingKind, Words
from domain.money import fill, half_even
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """What earlier notes have credited of a line already, before their penalties."""

    total: int = 0
    taxes: Mapping[str, int] = field(default_factory=dict)


def credited_before(notes: Iterable[Credit], line: str) -> Credited:
    """Added up from the notes themselves: what they are matched to since is another matter."""
    total = 0
    taxes: Counter[str] = Counter()
    for part in (part for note in notes for part in note.lines if part["line"] == line):
        total += part["total"]
        for tax in part["taxes"]:
            taxes[tax["code"]] += tax["amount"]
    return Credited(total=total, taxes=taxes)


def part_of(line: InvoiceLine, share: Fraction, before: Credited) -> Part:
    """A share of a line: its net and, proportionally, each of its taxes; the rebates that fell on it stay taken
    off. However a line is credited bit by bit, the bits never exceed it, nor any of its taxes."""
    gross = line.amount + line.tax
    kept = Fraction(line.payable, gross) * share if gross else Fraction(0)
    total = half_even(line.payable * share)
    left = line.payable - before.total
    if total > left:
        raise ExceedsLine("lines", line=line.line, available=left, amount=total)
    taxes = tuple(
        Tax(code=code, amount=min(half_even(amount * kept), max(whole - before.taxes.get(code, 0), 0)))
        for code, amount, whole in _whole_taxes(line)
    )
    return Part(line=line, net=total - sum(tax.amount for tax in taxes), taxes=taxes)


def rest_of(line: InvoiceLine, before: Credited) -> Part:
    """All of a line that is not credited yet, to the cent: price and taxes."""
    left = line.payable - before.total
    if left == 0 and line.payable:
        raise ExceedsLine("lines", line=line.line, available=0, amount=line.payable)
    taxes = tuple(
        Tax(code=code, amount=min(whole - before.taxes.get(code, 0), left)) for code, _, whole in _whole_taxes(line)
    )
    return Part(line=line, net=left - sum(tax.amount for tax in taxes), taxes=taxes)


def parts_by_percent(lines: Sequence[InvoiceLine], percent: str, before: Mapping[str, Credited]) -> list[Part]:
    share = Fraction(Decimal(percent)) / 100
    return [part_of(line, share, before[line.line]) for line in lines]


def parts_by_amount(lines: Sequence[InvoiceLine], amount: int, before: Mapping[str, Credited]) -> list[Part]:
    """`amount` before taxes, over what is left of the lines in proportion to it; the cents left go to the first."""
    rests = [rest_of(line, before[line.line]) for line in lines]
    nets = [max(rest.net, 0) for rest in rests]
    whole = sum(nets)
    if amount > whole:
        raise ExceedsLine("credit.amount", line=lines[0].line, available=whole, amount=amount)
    shares = [amount * net // whole for net in nets]
    for position, cents in enumerate(
        fill(amount - sum(shares), [min(net - share, 1) for net, share in zip(nets, shares, strict=True)])
    ):
        shares[position] += cents
    return [_net_part(rest, wanted) for rest, wanted in zip(rests, shares, strict=True)]


def _net_part(rest: Part, wanted: int) -> Part:
    """`wanted` before taxes of what is left of a line; its taxes follow."""
    share = Fraction(wanted, rest.net) if rest.net > 0 else Fraction(0)
    taxes = tuple(Tax(code=tax.code, amount=half_even(tax.amount * share)) for tax in rest.taxes)
    return Part(line=rest.line, net=wanted, taxes=taxes)


def _whole_taxes(line: InvoiceLine) -> list[tuple[str, int, int]]:
    """Each tax of a line: code, as invoiced, and as it is once the rebates are taken off."""
    gross = line.amount + line.tax
    kept = Fraction(line.payable, gross) if gross else Fraction(0)
    return [(tax["code"], tax["amount"], half_even(tax["amount"] * kept)) for tax in line.taxes]


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
        origin=origin, invoice=invoice, lines=tuple(_kept(part) for part in parts), booked_on=booked_on,
        created_at=now,
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


def _kept(part: Part) -> dict[str, Any]:
    return {
        "line": part.line.line, "total": part.total,
        "taxes": [{"code": tax.code, "amount": tax.amount} for tax in part.taxes],
    }  # fmt: skip


def _penalty(penalty: Penalty | None, net: int) -> int:
    if penalty is None:
        return 0
    if penalty.amount is not None:
        return penalty.amount
    return half_even(net * Fraction(Decimal(penalty.percent or "0")) / 100)


def _fraction(rate: TaxRate) -> Fraction:
    return Fraction(Decimal(rate.rate)) / 100
