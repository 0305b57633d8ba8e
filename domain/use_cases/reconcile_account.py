"""Reconciles a date of a merchant account: asks the processor for its list, compares, keeps each difference once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from domain import comparing
from domain.attempt import Attempt, AttemptState
from domain.care import limits_of
from domain.comparing import Asked, HandedOver, handed_over
from domain.echeck import Echeck
from domain.event import SYSTEM
from domain.organisation import MerchantAccount, Organisation
from domain.outcome import About, Approved, Listed, LookUp, NoAnswer, NotSent
from domain.payment import Payment, PaymentState
from domain.ports import Books, Gateways, Transaction
from domain.reconciliation import Break, BreakKind, BreakState
from domain.repayment import Repayment
from domain.steps.find_breaks import keep_break, resolve_break

CHUNK = 500  # lines in one transaction
ASKED: tuple[type[Attempt] | type[Repayment], ...] = (Attempt, Repayment)
COMPARED = (About.CHARGE, About.DEBIT, About.REFUND)  # what attempts, e-checks and repayments ask for


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What came of it; `undecided` are payments that the processor could not be asked about: ask again later.
    `taken_back` are payments, with the network's code, that are now to be taken back here too (A1)."""

    listed: int
    undecided: int
    found: frozenset[str]  # subjects of the differences there are now
    taken_back: tuple[tuple[str, str], ...] = ()


def reconcile_account(books: Books, gateways: Gateways, *, account: MerchantAccount, on: date) -> Reconciled:
    """Raises ListNotAvailable: then nothing was compared. Running it twice changes nothing."""
    gateway = gateways(account)
    told = [line for line in gateway.listed(account, on) if line.about in COMPARED]  # no transaction is open
    lines, gone_again = [one for one in told if not one.taken_back], [one for one in told if one.taken_back]
    subjects, taken_back = books.run(partial(_taken_back, account=account, lines=gone_again, on=on))
    for start in range(0, len(lines), CHUNK):
        subjects |= books.run(partial(_compare, account=account, lines=lines[start : start + CHUNK], on=on))
    listed = {line.key for line in lines} | {line.reference for line in lines}
    unlisted = books.run(lambda tx: _booked(tx, account, on))
    missing = [one for one in unlisted if one.key not in listed and one.reference not in listed]
    undecided = 0
    at_once = min(limits_of(account).concurrency or CHUNK, CHUNK)
    for start in range(0, len(missing), at_once):
        some = missing[start : start + at_once]
        answers = gateway.look_up(account, [_question(one) for one in some])  # believed before anything is said missing
        undecided += sum(isinstance(answer, NoAnswer | NotSent) for answer in answers)
        gone = [
            one
            for one, answer in zip(some, answers, strict=True)
            if not isinstance(answer, Approved | NoAnswer | NotSent)
        ]
        subjects |= books.run(partial(_missing, account=account, gone=gone, on=on))
    if not undecided:
        books.run(lambda tx: _agree(tx, account, on, subjects))
    return Reconciled(
        listed=len(lines), undecided=undecided, found=frozenset(subjects), taken_back=tuple(taken_back)
    )  # fmt: skip


def _booked(tx: Transaction, account: MerchantAccount, on: date) -> list[Asked]:
    paid = tx.paid_on(account.organisation, account.id, on)
    debits = [handed_over(one) for one in tx.debited_on(account.organisation, account.id, on)]
    return [*paid, *debits, *tx.given_back_on(account.organisation, account.id, on)]


def _question(asked: Asked) -> LookUp:
    question = LookUp(
        key=asked.key, amount_minor=asked.amount, currency=asked.currency, reference=asked.reference,
        about=About.DEBIT if isinstance(asked, HandedOver) else About.CHARGE,
    )  # fmt: skip
    if not isinstance(asked, Repayment):
        return question
    return replace(question, about=asked.about, of_key=asked.of_key, of_reference=asked.of_reference)


def _taken_back(
    tx: Transaction, *, account: MerchantAccount, lines: Sequence[Listed], on: date
) -> tuple[set[str], list[tuple[str, str]]]:  # fmt: skip
    """Chargebacks in the list: of what was paid, or of what is left of it after refunds. Of anything else a person
    finds out what it is."""
    subjects, payments = set(), []
    for line in lines:
        key = {"organisation": account.organisation, "merchant_account": account.id, "reference": line.reference}
        asked = tx.all(Attempt, state=AttemptState.APPROVED, limit=2, **key)
        if len(asked) != 1:
            subjects.add(_found(tx, account, BreakKind.MISSING_HERE, line, None, on))
            continue
        payment = tx.get(Payment, organisation=account.organisation, id=asked[0].payment)
        if line.amount_minor in (payment.amount, payment.amount - payment.refunded):
            payments.append((payment.id, line.network_code))
        elif payment.state is PaymentState.PAID:
            subjects.add(_found(tx, account, BreakKind.OTHER_AMOUNT, line, asked[0], on))
    return subjects, payments


def _compare(tx: Transaction, *, account: MerchantAccount, lines: Sequence[Listed], on: date) -> set[str]:
    organisation = account.organisation
    keys = [line.key for line in lines if line.key]
    references = [line.reference for line in lines if not line.key]
    known: dict[str, Asked] = {}
    for thing in ASKED:
        known |= {one.key: one for one in tx.all(thing, organisation=organisation, key=keys)}
        if references:
            found = tx.all(thing, organisation=organisation, merchant_account=account.id, reference=references)
            known |= {one.reference: one for one in found}
    echecks = tx.all(Echeck, organisation=organisation, id=keys)
    if references:
        echecks += tx.all(Echeck, organisation=organisation, merchant_account=account.id, reference=references)
    known |= {name: one for one in map(handed_over, echecks) for name in (one.key, one.reference) if name}
    ids = [one.payment for one in known.values()]
    payments = {one.id: one for one in tx.all(Payment, organisation=organisation, id=ids)}
    subjects = set()
    for line in lines:
        asked = known.get(line.key or line.reference)
        payment = payments.get(asked.payment) if asked is not None else None
        kind = comparing.differs(line, asked, payment)
        if kind is not None:
            subjects.add(_found(tx, account, kind, line, asked, on))
        elif asked is not None and comparing.is_under_way(asked):
            tx.write([comparing.ask_now(asked, now=tx.now)])
    return subjects


def _missing(tx: Transaction, *, account: MerchantAccount, gone: Sequence[Asked], on: date) -> set[str]:
    return {_found(tx, account, BreakKind.MISSING_THERE, None, asked, on) for asked in gone}


def _found(
    tx: Transaction, account: MerchantAccount, kind: BreakKind, line: Listed | None, asked: Asked | None, on: date
) -> str:
    if line is not None and not line.currency:
        line = replace(line, currency=tx.get(Organisation, id=account.organisation).currency)
    found = comparing.break_of(
        kind, organisation=account.organisation, account=account.id, on=on, line=line, asked=asked, now=tx.now,
        mint=tx.mint,
    )  # fmt: skip
    keep_break(tx, found)
    return found.subject


def _agree(tx: Transaction, account: MerchantAccount, on: date, subjects: set[str]) -> None:
    """Breaks of this date that are no more: both books agree now."""
    opened = tx.all(
        Break, organisation=account.organisation, merchant_account=account.id, on=on, state=BreakState.OPEN
    )  # fmt: skip
    for one in opened:
        if one.subject not in subjects:
            resolve_break(tx, one, by=SYSTEM, reason="both books agree")
