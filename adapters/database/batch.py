"""Many commands in one transaction with few statements: what they name is read at once, what they write is held back.

Nobody sees less than in a plain transaction: whoever asks for the connection has everything written first, and a
part that is undone is undone here too. What can't be written together is for the caller to do again, one by one.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, NestedTransaction

from adapters.database import foresight
from adapters.database.books import BookTransaction
from adapters.database.door import care_of
from adapters.database.foresight import UNSETTLED, Foresight, Key, Pair, key_of, key_of_row
from domain.care import Care
from domain.command import Command, Identity
from domain.credit import Credit
from domain.decision import Allocate, Change, Decision, Move, New, Remove
from domain.instalment import Plan
from domain.invoice import Invoice, InvoiceLine, OpenLine
from domain.organisation import MerchantAccount, Organisation
from domain.payment import Payment
from domain.payment_method import PaymentMethod
from domain.people import Administrator, Client
from domain.refund import Refund
from domain.scholarship import Fund

T = TypeVar("T")
# What only commands change, one lane at a time: it is kept in mind as this transaction leaves it.
KEPT = frozenset(
    {Organisation, MerchantAccount, Administrator, Client, PaymentMethod, Invoice, Credit, Command, Identity}
)
ADDED = KEPT | {Plan, Payment, Refund, Fund}  # what was added here is known until something changes it
UNSEEN = object()


class Spoilt(Exception):
    """What earlier commands of the batch wrote can't be written: all of it is to be done again, one by one."""


class BatchTransaction(BookTransaction):
    """A `BookTransaction` over the one that is given; `flush` before it ends."""

    def __init__(self, tx: BookTransaction) -> None:
        self._raw: Connection = tx.connection
        self._held: list[Decision] = []
        self._undo: list[Callable[[], None]] = []
        self._part_from: int | None = None  # where in `_held` the part that is under way begins
        self._savepoint: NestedTransaction | None = None
        self._told_before = 0
        self._seen: dict[tuple[type, Key | None], Any] = {}
        self._lines: dict[Pair, list[OpenLine]] = {}
        self._cares: dict[Pair, Care] = {}
        self._planless: dict[type, set[Pair]] = {Plan: set(), Payment: set()}
        super().__init__(self._raw, tx.now, tx._writer.render, tx.vault)
        self.standing = tx.standing
        self._writer = tx._writer

    @property
    def connection(self) -> Connection:
        """The connection, once everything that was held back is written."""
        self.flush()
        return self._raw

    @connection.setter
    def connection(self, _: Connection) -> None:
        """The one of the transaction below."""

    # -- reading -----------------------------------------------------------------------------------

    def foresee(self, wanted: Foresight, commands: Iterable[Command]) -> None:
        """Reads what the commands of the batch will ask for, with one statement for each kind of thing."""
        wanted.named[Command] = set()
        for thing in wanted.named:  # identities name commands, which come last
            found: dict[Key, Any] = foresight.load(self._raw, thing, wanted.named[thing])
            for key in wanted.named[thing]:
                if thing in KEPT or key not in found:
                    self._seen[thing, key] = found.get(key)
            if thing is Identity:
                wanted.named[Command].update((one.command,) for one in found.values())
        self._seen.update({(Command, (command.seq,)): command for command in commands})
        self._lines.update(super().open_lines(wanted.invoices, lock=True))
        self._planless = foresight.without_plans(self._raw, wanted.clients)

    def find(self, thing: type[T], **key: Any) -> T | None:
        wanted = key_of(thing, key)
        known = self._seen.get((thing, wanted), UNSEEN)
        if known is UNSEEN:
            return super().find(thing, **key)
        if known is None or any(getattr(known, name) != value for name, value in key.items()):
            return None
        return cast(T, known)

    def all(self, thing: type[T], *, order_by: str = "", limit: int = 10_000, **key: Any) -> list[T]:
        return [] if self._none_of(thing, key) else super().all(thing, order_by=order_by, limit=limit, **key)

    def lock_all(self, thing: type[T], *, order_by: str = "", limit: int = 10_000, **key: Any) -> list[T]:
        return [] if self._none_of(thing, key) else super().lock_all(thing, order_by=order_by, limit=limit, **key)

    def open_lines(self, invoices: Collection[Pair], *, lock: bool) -> dict[Pair, list[OpenLine]]:
        if all(pair in self._lines for pair in invoices):
            return {pair: list(self._lines[pair]) for pair in invoices}
        return super().open_lines(invoices, lock=lock)

    def _none_of(self, thing: type, key: Mapping[str, Any]) -> bool:
        """Whether the client of `key` surely has no such plan, or no such payment."""
        if thing is Payment and not (isinstance(key.get("state"), list) and UNSETTLED.issuperset(key["state"])):
            return False
        client = key.get("client")
        return isinstance(client, str) and (key["organisation"], client) in self._planless.get(thing, ())

    def care(self, organisation: str, account: str) -> Care:
        """Commands read it and never change it: once for the batch, without writing what is held back."""
        known = self._cares.get((organisation, account))
        if known is None:
            known = self._cares[organisation, account] = care_of(self._raw, organisation, account)
        return known

    # -- writing -----------------------------------------------------------------------------------

    def write(self, decisions: Iterable[Decision]) -> None:
        for decision in decisions:
            self._held.append(decision)
            for step in decision:
                self._mind(step)

    def flush(self) -> None:
        """Writes what is held back: that of earlier parts first, then that of this one under a savepoint."""
        if not self._held:
            return
        held, self._held = self._held, []
        start = self._part_from
        if start is None:
            return self._write(held)
        self._part_from = 0
        try:
            self._write(held[:start])
        except Exception as error:
            raise Spoilt from error
        if held[start:]:
            if self._savepoint is None:
                self._told_before = len(self.told)
                self._savepoint = self._raw.begin_nested()
            self._write(held[start:])

    @contextmanager
    def part(self) -> Iterator[None]:
        """A savepoint where one is needed: as long as nothing of the part is written, forgetting it is enough."""
        self._part_from = len(self._held)
        self._undo = []
        try:
            yield
        except BaseException:
            self._take_back()
            raise
        else:
            if self._savepoint is not None:
                self._savepoint.commit()
        finally:
            self._savepoint = self._part_from = None

    def _take_back(self) -> None:
        if self._savepoint is not None:
            self._savepoint.rollback()
            del self.told[self._told_before :]
        del self._held[self._part_from or 0 :]
        for undo in reversed(self._undo):
            undo()

    def _write(self, decisions: list[Decision]) -> None:
        for piece in foresight.together(decisions):
            self._writer.write(piece)

    # -- what is kept in mind ----------------------------------------------------------------------

    def _mind(self, step: New | Move | Change | Remove | Allocate) -> None:
        match step:
            case New(thing=InvoiceLine() as line):
                opened = OpenLine(
                    organisation=line.organisation,
                    invoice=line.invoice,
                    line=line.line,
                    open=line.payable - line.allocated,
                )
                pair = (line.organisation, line.invoice)
                self._put(self._lines, pair, [*self._lines.get(pair, ()), opened])
            case New(thing=thing):
                self._added(thing)
            case Allocate():
                self._allocated(step)
            case Move() | Change() | Remove():
                self._changed(step)

    def _added(self, thing: Any) -> None:
        if type(thing) in ADDED:
            self._put(self._seen, (type(thing), key_of_row(thing)), thing)
        if isinstance(thing, Plan) or (isinstance(thing, Payment) and thing.state in UNSETTLED):
            self._no_longer_planless(type(thing), {(thing.organisation, thing.client)})

    def _changed(self, step: Move | Change | Remove) -> None:
        key = key_of(step.thing, step.key)
        known = self._seen.get((step.thing, key), UNSEEN)
        if step.thing is InvoiceLine:
            self._drop(self._lines, (step.key["organisation"], step.key["invoice"]))
        if isinstance(step, Move) and step.after in UNSETTLED:  # whose, the step does not say
            self._no_longer_planless(Payment, set(self._planless[Payment]))
        if known is UNSEEN:
            return
        if isinstance(step, Change) and step.thing in KEPT and known is not None:
            self._put(self._seen, (step.thing, key), replace(known, **step.put))
        else:
            self._drop(self._seen, (step.thing, key))

    def _allocated(self, step: Allocate) -> None:
        pair = (step.organisation, step.invoice)
        if pair in self._lines:
            lines = [
                replace(line, open=line.open - step.amount) if line.line == step.line else line
                for line in self._lines[pair]
            ]
            self._put(self._lines, pair, lines)

    def _no_longer_planless(self, thing: type, clients: set[Pair]) -> None:
        gone = clients & self._planless[thing]
        self._planless[thing] -= gone
        self._undo.append(lambda: self._planless[thing].update(gone))

    def _put(self, where: dict[Any, Any], key: Any, value: Any) -> None:
        before = where.get(key, UNSEEN)
        where[key] = value
        self._undo.append(lambda: _restore(where, key, before))

    def _drop(self, where: dict[Any, Any], key: Any) -> None:
        before = where.pop(key, UNSEEN)
        self._undo.append(lambda: _restore(where, key, before))


def _restore(where: dict[Any, Any], key: Any, before: Any) -> None:
    if before is UNSEEN:
        where.pop(key, None)
    else:
        where[key] = before
