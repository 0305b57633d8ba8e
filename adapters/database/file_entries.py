"""What is to stand in a bank file: e-checks and refunds by their keys, each with its account opened for this."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from adapters.bank_files.pens import Wanted
from adapters.database.books import BookTransaction
from domain.bank_account import BankAccount
from domain.bank_file import BankFile
from domain.echeck import MAX_BATCH, Echeck, EcheckState
from domain.payment_method import PaymentMethod
from domain.people import Client
from domain.ports import SealBroken
from domain.repayment import Repayment

AT_ONCE = 1_000  # keys in one question to the database
TO_BE_WRITTEN = (EcheckState.BATCHED, EcheckState.UNKNOWN)


@dataclass(slots=True)
class Found:
    """`refused`: keys without an account that can be debited, with their reason. What is neither wanted nor refused
    waits: no key of ours opens any of these accounts now, and that is nobody's fault but ours."""

    wanted: list[Wanted] = field(default_factory=list)
    batch_of: dict[str, str | None] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    key: str
    amount: int
    credit: bool
    method: str
    client: str
    batch: str | None
    again: bool


def in_chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))


def entries_wanted(tx: BookTransaction, organisation: str, keys: Sequence[str]) -> Found:
    """A batch is written whole, whichever of its keys come first; the accounts are those on file now, and what is
    written from them stays."""
    asked = {one.key: one for some in in_chunks(keys) for one in _asked(tx, organisation, some)}
    batches = sorted({one.batch for one in asked.values() if one.batch is not None})
    written = {file.batch for file in tx.all(BankFile, organisation=organisation, batch=batches)} if batches else set()
    found, unopened = Found(), []
    late = [key for key in keys if key not in asked or asked[key].batch in written - {None}]
    found.refused |= dict.fromkeys(late, "bank_file_error")  # its file is written, and it had no place there
    for key in late:
        asked.pop(key, None)
    for batch in set(batches) - written:
        with_it = tx.all(
            Echeck, order_by="created_at id", organisation=organisation, batch=batch, state=list(TO_BE_WRITTEN),
            limit=MAX_BATCH,
        )  # fmt: skip
        asked |= {one.id: _debit(one) for one in with_it}
    methods = {
        one.id: one
        for some in in_chunks(sorted({one.method for one in asked.values()}))
        for one in tx.all(PaymentMethod, organisation=organisation, id=list(some))
    }
    names = {
        one.id: one.name
        for some in in_chunks(sorted({one.client for one in asked.values()}))
        for one in tx.all(Client, organisation=organisation, id=list(some))
    }
    for key, one in asked.items():
        method = methods.get(one.method)
        if method is None or not method.bank:
            found.refused[key] = "bank_file_error"
            continue
        found.batch_of[key] = one.batch
        try:
            bank = BankAccount.read(tx.unseal(method.bank, about=method.about))
        except SealBroken:
            unopened.append(key)
            continue
        found.wanted.append(
            Wanted(
                key=key, amount=one.amount, credit=one.credit, bank=bank, name=method.holder or names[one.client],
                mandate=method.mandate, again=one.again,
            )
        )  # fmt: skip
    if found.wanted:  # these accounts alone are broken: the others don't wait for them
        found.refused |= dict.fromkeys(unopened, "bank_file_error")
    return found


def _asked(tx: BookTransaction, organisation: str, keys: Sequence[str]) -> Iterator[_Asked]:
    for echeck in tx.all(Echeck, organisation=organisation, id=list(keys)):
        yield _debit(echeck)
    for repayment in tx.all(Repayment, organisation=organisation, key=list(keys)):
        yield _Asked(
            key=repayment.key, amount=repayment.amount, credit=True, method=repayment.payment_method,
            client=repayment.client, batch=None, again=False,
        )  # fmt: skip


def _debit(echeck: Echeck) -> _Asked:
    return _Asked(
        key=echeck.id, amount=echeck.amount, credit=False, method=echeck.payment_method, client=echeck.client,
        batch=echeck.batch, again=echeck.presented > 1,
    )  # fmt: skip
