"""Billing decides what an invoice and an offline payment post, allocate and shrink (B1-B8)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from domain.allocating import allocate
from domain.claim import Around
from domain.decision import Decision, New
from domain.event import Event
from domain.invoice import MAX_LINES, AskedLine, Invoice, InvoiceLine, TaxRate, spread_rebates, taxes_on
from domain.ledger import RECEIVABLE, Entry, Posting, PostingKind, Words, receipt_entries
from domain.money import MAX_AMOUNT_MINOR
from domain.organisation import Organisation
from domain.payment import Payment
from domain.people import Client
from domain.refusal import OutOfRange, Refusal
from domain.telling import payment_event

Mint = Callable[[str], str]
DEFAULT_LEDGER_CODE = "sales"


class NegativeInvoice(Refusal):
    """Rebates exceed what they rebate: an invoice's total is never negative (a credit is)."""

    code = "negative_invoice"


class UnknownTax(Refusal):
    """A tax without a rate whose code is not in the organisation's settings (B6)."""

    code = "unknown_tax"


def known_rate(settings: Mapping[str, Any], code: str, rate: str | None, field: str) -> TaxRate:
    """The rate of a tax: as given, else as the organisation's settings say."""
    listed = {tax["code"]: tax for tax in settings.get("taxes", ())}
    text = rate if rate is not None else listed.get(code, {}).get("rate")
    if text is None:
        raise UnknownTax(field, tax=code)
    try:
        percent = Decimal(text)
    except InvalidOperation:
        raise OutOfRange(field, value=text) from None
    if not (percent.is_finite() and 0 <= percent <= 100):
        raise OutOfRange(field, value=text)
    return TaxRate(code=code, rate=text, compound=bool(listed.get(code, {}).get("compound", False)))


def invoice(
    *,
    organisation: Organisation,
    client: Client,
    id: str,
    lines: Sequence[AskedLine],
    origin: str,
    note: str,
    by: str,
    booked_on: date,
    now: datetime,
    mint: Mint,
    words: Words | None = None,
) -> Decision:
    """An invoice with its lines, posted: the client owes the total, revenue and taxes are earned. `words` describe
    it when its lines do not."""
    if not 1 <= len(lines) <= MAX_LINES or len({line.line for line in lines}) != len(lines):
        raise OutOfRange("lines", maximum=MAX_LINES)
    taxes = [taxes_on(line.amount, line.taxes) for line in lines]
    totals = [line.amount + sum(tax.amount for tax in its) for line, its in zip(lines, taxes, strict=True)]
    total = _payable_total(totals)
    payable = spread_rebates(totals)
    things: list[Any] = [
        Invoice(
            organisation=organisation.id, id=id, client=client.id, total=total, booked_on=booked_on,
            origin=origin, note=note, created_at=now,
        )
    ]  # fmt: skip
    entries = [Entry(account=RECEIVABLE, amount=total)]
    for position, (line, its) in enumerate(zip(lines, taxes, strict=True)):
        code = line.ledger_code or DEFAULT_LEDGER_CODE
        things.append(
            InvoiceLine(
                organisation=organisation.id, invoice=id, line=line.line, position=position,
                description=line.description, quantity=line.quantity, amount=line.amount,
                taxes=tuple({"code": tax.code, "amount": tax.amount} for tax in its),
                tax=sum(tax.amount for tax in its), ledger_code=code, payable=payable[position],
            )
        )  # fmt: skip
        entries.append(Entry(account=f"revenue:{code}", amount=-line.amount))
        entries += [Entry(account=f"tax:{tax.code}", amount=-tax.amount) for tax in its]
    things.append(
        Posting(
            id=mint(""), organisation=organisation.id, client=client.id, kind=PostingKind.INVOICE, subject=id,
            booked_on=booked_on, amount=total, currency=organisation.currency,
            description=words
            or Words(id="posting.invoice", params={"what": ", ".join(line.description for line in lines)}),
            language=client.language, at=now, entries=tuple(entries),
        )
    )  # fmt: skip
    things.append(
        Event(
            organisation=organisation.id, type="invoice.created", subject=f"invoice:{id}", sequence=1, at=now,
            by=by, data={"client": client.id, "invoice": id, "total": total},
        )
    )  # fmt: skip
    return tuple(New(thing=thing) for thing in things)


def _payable_total(totals: Sequence[int]) -> int:
    total = sum(totals)
    if total < 0:
        raise NegativeInvoice("lines", total=total)
    if total > MAX_AMOUNT_MINOR:
        raise OutOfRange("lines", maximum=MAX_AMOUNT_MINOR)
    return total


def total_of(lines: Sequence[AskedLine]) -> int:
    """What an invoice of these lines comes to, with taxes."""
    return sum(line.amount + sum(tax.amount for tax in taxes_on(line.amount, line.taxes)) for line in lines)


def offline_payment(
    payment: Payment,
    around: Around,
    *,
    organisation: Organisation,
    client: Client,
    by: str,
    booked_on: date,
    now: datetime,
    mint: Mint,
) -> Decision:
    """Cash, a cheque or money received elsewhere: posted at once, matched to its invoice, if it names one."""
    posting = Posting(
        id=mint(""), organisation=organisation.id, client=client.id, kind=PostingKind.PAYMENT,
        subject=payment.id, booked_on=booked_on, amount=payment.amount, currency=organisation.currency,
        description=Words(id=f"posting.offline.{payment.offline}", params={"payer": payment.payer or ""}),
        language=client.language, method=payment.offline or "", at=now,
        entries=receipt_entries(payment.amount, held_at=f"offline:{payment.offline}"),
    )  # fmt: skip
    return (
        New(thing=payment),
        New(thing=posting),
        *allocate(
            around.lines, source_kind=PostingKind.PAYMENT, source=payment.id, amount=payment.amount,
            client=client.id, now=now, mint=mint,
        ),
        payment_event(
            payment, "payment.approved", now, by=by, was=None, amount=payment.amount, offline=payment.offline
        ),
    )  # fmt: skip
