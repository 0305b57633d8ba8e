"""Hears one thing that a bank says in a file of its own: a return, a change of an account, or what nobody can read.

Whatever it is, it is written down once; whatever can't be applied for certain is parked for a person.
"""

from dataclasses import dataclass
from typing import Any

from domain import filing, settling
from domain.bank_account import BankAccount
from domain.bank_file import BankEntry, BankFile
from domain.bank_mail import BankRecord, RecordState, about_record, kind_of, mark_of
from domain.bank_return import BankChange, BankReturn, FromBank, Unreadable, meaning
from domain.decision import Change, New
from domain.echeck import ECHECK, Echeck
from domain.event import Event
from domain.following import follow
from domain.matching_entries import NoMatch, corrected, match
from domain.organisation import Organisation
from domain.outcome import Returned
from domain.payment_method import PaymentMethod
from domain.ports import SealBroken, Transaction
from domain.refund import RefundState
from domain.repayment import Repayment
from domain.steps.echeck_steps import surroundings

BANK = "bank"  # who is said to have done it
RETURNED_BEFORE = "returned_before"  # under another code, or by a person
ACCOUNT_CHANGED = "account_changed"  # what is on file now is not the account that the bank means
NOT_OPENED = "not_opened"  # no key of ours opens the account


@dataclass(frozen=True, slots=True, kw_only=True)
class Whence:
    """Which account's letter it stands in, and where."""

    organisation: str
    account: str
    letter: str

    @property
    def key(self) -> dict[str, Any]:
        return {"organisation": self.organisation, "merchant_account": self.account}


class InSomebodysHands(Exception):
    """The e-check is just being handed over: what the bank says of it is read another time."""


def hear_from_bank(tx: Transaction, said: FromBank, whence: Whence) -> RecordState:
    """Raises InSomebodysHands."""
    mark = mark_of(said)
    known = tx.find(BankRecord, mark=mark, **whence.key)
    if known is not None:
        return _repeated(tx, known, said, whence)
    key, why = "", ""
    try:
        match said:
            case BankReturn():
                key = _returned(tx, said, whence)
            case BankChange():
                key = _changed(tx, said, whence)
            case Unreadable():
                why = said.why
    except NoMatch as error:
        why = error.why
    state = RecordState.PARKED if why else RecordState.APPLIED
    _keep(tx, said, whence, mark=mark, key=key, state=state, why=why)
    return state


def _repeated(tx: Transaction, known: BankRecord, said: FromBank, whence: Whence) -> RecordState:
    """The same letter read again after a crash, or the same said in another one."""
    if (known.letter, known.line) == (whence.letter, said.line):
        return known.state
    mark = mark_of(said, whence.letter, str(said.line))
    if tx.find(BankRecord, mark=mark, **whence.key) is None:
        _keep(tx, said, whence, mark=mark, key=known.key, state=RecordState.REPEATED, why=known.state.value)
    return RecordState.REPEATED


def _keep(
    tx: Transaction, said: FromBank, whence: Whence, *, mark: str, key: str, state: RecordState, why: str
) -> None:  # fmt: skip
    code = "" if isinstance(said, Unreadable) else said.code
    text = said.record if isinstance(said, Unreadable) else ""
    record = BankRecord(
        mark=mark, kind=kind_of(said), letter=whence.letter, line=said.line, code=code, key=key, state=state, why=why,
        record=tx.seal(text, about=about_record(whence.organisation, mark)) if text else "", at=tx.now, **whence.key,
    )  # fmt: skip
    told = {"letter": whence.letter, "line": said.line, "code": code, "kind": record.kind.value, "why": why}
    heard = Event(
        organisation=whence.organisation, type=f"bank_record.{state.value}", subject=f"bank_record:{mark}", sequence=1,
        at=tx.now, by=BANK, public=False, data={"merchant_account": whence.account, "key": key, **told},
    )  # fmt: skip
    tx.write([(New(thing=record), New(thing=heard))])


def _entry(tx: Transaction, said: BankReturn | BankChange, whence: Whence) -> BankEntry:
    """That a bank sends something back says that it has it: its file is delivered, whatever we thought."""
    named: dict[str, Any] = (
        {"key": said.key.lower()} if isinstance(said, BankReturn) and not said.trace else {"trace": said.trace}
    )
    entry = match(said, tx.all(BankEntry, order_by="file", **named, **whence.key))
    file = tx.lock(BankFile, organisation=whence.organisation, id=entry.file)
    tx.write([filing.delivered(file, now=tx.now, letter=whence.letter)])
    return entry


def _returned(tx: Transaction, said: BankReturn, whence: Whence) -> str:
    entry = _entry(tx, said, whence)
    if entry.code:
        raise NoMatch(RETURNED_BEFORE)
    if entry.credit:
        _credit_returned(tx, entry, said)
    else:
        _debit_returned(tx, entry, said)
    key = {"organisation": entry.organisation, "key": entry.key}
    today = settling.date_of(tx.get(Organisation, id=entry.organisation), tx.now)
    tx.write([(Change(thing=BankEntry, key=key, put={"code": said.code, "returned_on": today}),)])
    return entry.key


def _debit_returned(tx: Transaction, entry: BankEntry, said: BankReturn) -> None:
    one = tx.lock(Echeck, organisation=entry.organisation, id=entry.key)
    if one.worker is not None:
        raise InSomebodysHands(one.id)
    if not ECHECK.allows(one.state, "return"):
        raise NoMatch(RETURNED_BEFORE)
    seen = surroundings(tx, one)
    on = settling.date_of(seen.organisation, tx.now)
    tx.write([
        settling.returned(
            one, seen, code=meaning(said.code), network_code=said.code, on=on, now=tx.now, mint=tx.mint, by=BANK
        )
    ])  # fmt: skip


def _credit_returned(tx: Transaction, entry: BankEntry, said: BankReturn) -> None:
    """A refund that the bank could not pay out: owed to the client again, also after it had settled."""
    asked = tx.get(Repayment, organisation=entry.organisation, key=entry.key)
    out = tx.sent_refund(entry.organisation, asked.refund) if asked.refund is not None else None
    sent = out is not None and out.refund is not None and out.asked.key == entry.key
    if out is None or out.refund is None or not sent:
        raise NoMatch(RETURNED_BEFORE)
    if out.refund.state is RefundState.SUBMITTING or out.refund.state is RefundState.UNKNOWN:
        raise InSomebodysHands(entry.key)
    seen = tx.again(out, refund=out.refund.state)
    if seen is None or out.refund.state not in (RefundState.SUBMITTED, RefundState.SETTLED):
        raise NoMatch(RETURNED_BEFORE)
    verdict = Returned(code=meaning(said.code), network_code=said.code, on=settling.date_of(out.organisation, tx.now))
    tx.write([follow(seen[0], verdict, seen[1], now=tx.now, mint=tx.mint)])


def _changed(tx: Transaction, said: BankChange, whence: Whence) -> str:
    """The account on file as the bank wants it from now on; audited, and never told in full."""
    entry = _entry(tx, said, whence)
    method = tx.lock(PaymentMethod, organisation=entry.organisation, id=_method_of(tx, entry))
    if not method.bank:
        raise NoMatch(ACCOUNT_CHANGED)
    try:
        bank = BankAccount.read(tx.unseal(method.bank, about=method.about))
    except SealBroken:
        raise NoMatch(NOT_OPENED) from None
    wanted, name = corrected(bank, said)
    if wanted == bank and (not name or name == method.holder):
        return entry.key
    if bank.routing[: len(entry.rdfi)] != entry.rdfi:
        raise NoMatch(ACCOUNT_CHANGED)
    put: dict[str, Any] = {
        "bank": tx.seal(wanted.written(), about=method.about), "last4": wanted.last4, "holder": name or method.holder,
    }  # fmt: skip
    key = {"organisation": method.organisation, "id": method.id}
    told = Event(
        organisation=method.organisation, type="payment_method.corrected", subject=f"payment_method:{method.id}",
        sequence=1, at=tx.now, by=BANK, public=False, before={"last4": method.last4},
        data={"code": said.code, "letter": whence.letter, "fields": sorted(said.corrected), "last4": wanted.last4},
    )  # fmt: skip
    tx.write([(Change(thing=PaymentMethod, key=key, put=put), New(thing=told))])
    return entry.key


def _method_of(tx: Transaction, entry: BankEntry) -> str:
    if entry.credit:
        return tx.get(Repayment, organisation=entry.organisation, key=entry.key).payment_method
    return tx.get(Echeck, organisation=entry.organisation, id=entry.key).payment_method
