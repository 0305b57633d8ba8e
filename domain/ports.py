"""The few Protocols that the outside must meet."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from domain.account import Account
from domain.action_item import ActionItem
from domain.attempt import Attempt
from domain.care import Care, Door
from domain.claim import Around, Asked, Claim
from domain.decision import Decision
from domain.echeck import Echeck, EcheckState
from domain.invoice import OpenLine
from domain.organisation import MerchantAccount
from domain.outcome import Cancellation, Charge, Debit, Finding, Listed, LookUp, Outcome, RefundOrder, Standing
from domain.payment_method import PaymentMethod, Planned
from domain.refund import RefundState
from domain.repayment import Back, Outgoing, Paid, Repayment
from domain.retry_rules import Tried
from domain.subscription import Renewable

T = TypeVar("T")
R = TypeVar("R")


class Gateway(Protocol):
    """A processor as one merchant account sees it. Batches in, answers out, in the same order.

    Synchronous outside; concurrent inside, each call under a total deadline. Never raises for what
    the world answers: whatever is not surely an answer is `NoAnswer`. Which rows of `capabilities` a
    processor has decides what it is ever asked.
    """

    def charge(self, account: MerchantAccount, charges: Sequence[Charge]) -> list[Outcome]: ...

    def debit(self, account: MerchantAccount, debits: Sequence[Debit]) -> list[Outcome]:
        """E-checks: `Approved` says that the processor took it on, `status` what becomes of it."""

    def refund(self, account: MerchantAccount, orders: Sequence[RefundOrder]) -> list[Outcome]:
        """`Approved` says that the processor took it on; declined as NOT_SETTLED when it came too early."""

    def cancel(self, account: MerchantAccount, cancellations: Sequence[Cancellation]) -> list[Outcome]:
        """Charges, in full, before they settle; declined as ALREADY_SETTLED when it came too late."""

    def look_up(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Finding]:
        """What became of a charge, debit, refund or cancellation, by our key."""

    def status(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Standing]:
        """Where what the processor took on stands: a charge, a debit or a refund."""

    def listed(self, account: MerchantAccount, on: date) -> Iterable[Listed]:
        """All that the processor says that moved on one of its dates, in no order. Raises `ListNotAvailable`."""


class Transaction(Protocol):
    """One transaction of the books: generic reads of things by their key, and `write` for decisions."""

    @property
    def now(self) -> datetime:
        """The one clock of this transaction: the database's, or the simulated one; aware, UTC."""

    def restored_at(self) -> datetime | None:
        """When these books were last brought back from a backup: the world may know more than they do."""

    def mint(self, prefix: str = "") -> str:
        """A new id, ordered in time: UUIDv7, with a prefix such as `pay_`."""

    def mint_ref(self) -> str:
        """A short random reference from which the keys of a payment's attempts are made: 13 of a-z0-9."""

    def seal(self, plain: str, *, about: tuple[str, ...]) -> str:
        """What must not be readable in the database; `about` is the organisation and the row that it is for."""

    def unseal(self, sealed: str, *, about: tuple[str, ...]) -> str:
        """What was sealed about this very row; raises SealBroken."""

    def find(self, thing: type[T], **key: Any) -> T | None: ...

    def get(self, thing: type[T], **key: Any) -> T:
        """Like find, but raises `NotKnown` naming the field."""

    def lock(self, thing: type[T], **key: Any) -> T:
        """Like get, and holds the row until the end of the transaction."""

    def all(self, thing: type[T], *, order_by: str = "", limit: int = 10_000, **key: Any) -> list[T]:
        """Things whose columns equal `key`; a list as value means *any of*."""

    def lock_all(self, thing: type[T], *, order_by: str = "", limit: int = 10_000, **key: Any) -> list[T]: ...

    def write(self, decisions: Iterable[Decision]) -> None:
        """Writes all of it or raises `Stale` when a row was no longer in the state that it moves from."""

    def door(self, organisation: str, account: str) -> Door | None:
        """A merchant account, locked, with its care: whoever holds it decides alone what is asked next."""

    def care(self, organisation: str, account: str) -> Care: ...

    def charges_due(self, organisation: str, account: str) -> bool:
        """Whether a charge waits to be claimed through this account."""

    def paid_on(self, organisation: str, account: str, on: date) -> list[Attempt]:
        """What was approved through an account and asked for on a date of UTC."""

    def debited_on(self, organisation: str, account: str, on: date) -> list[Echeck]:
        """E-checks that were handed over on a date of the organisation and have not come back."""

    def given_back_on(self, organisation: str, account: str, on: date) -> list[Repayment]:
        """The same of refunds."""

    def claimable(self, organisation: str, account: str, limit: int) -> list[Claim]: ...

    def planned_retries(self, organisation: str, through: date, limit: int) -> list[ActionItem]:
        """Items whose automatic retry is planned for a night up to a date, locked, oldest first."""

    def tried(
        self, organisation: str, instruments: Collection[tuple[str, str]], *, since: datetime
    ) -> dict[tuple[str, str], list[Tried]]:
        """Tries of instruments, each given with its merchant account, that were declined or have no verdict yet."""

    def expiring_cards(
        self, organisation: str, month: str, limit: int
    ) -> tuple[list[PaymentMethod], dict[str, Planned]]:
        """Saved cards that end by a month ("2027-01"), and by their ids what is planned on them."""

    def renewable(self, organisation: str, limit: int, *, only: str | None = None) -> list[Renewable]:
        """Subscriptions whose next period is billed by a night that has begun, locked, oldest first."""

    def unknowns(self, organisation: str, account: str, limit: int) -> list[Asked]: ...

    def account(self, organisation: str, client: str) -> Account:
        """A client's account, locked: one operation on its credit at a time."""

    def in_flight_of(self, organisation: str, payment: str) -> Asked | None:
        """The attempt of a payment that has no verdict yet, locked."""

    def waiting_items(
        self, wanted: Sequence[tuple[str, str]], *, lock: bool = False
    ) -> dict[tuple[str, str], ActionItem]:
        """The item that waits for a person, by (organisation, payment)."""

    def fenced(self, asked: Sequence[Asked]) -> list[Asked]:
        """Those whose attempt is still ours, locked."""

    def around(self, asked: Sequence[Asked], *, planned_of: Collection[str] = ()) -> dict[str, Around]:
        """What a decision must see, locked, by the attempt's key."""

    def waiting_echecks(self, organisation: str, account: str, through: date) -> list[Echeck]:
        """Pending e-checks of cut-offs up to `through`, locked; oldest first."""

    def due_echecks(self, organisation: str, account: str, states: Sequence[EcheckState], limit: int) -> list[Echeck]:
        """Those in these states whose time has come, locked, and nobody's."""

    def open_lines(self, invoices: Collection[tuple[str, str]], *, lock: bool) -> dict[tuple[str, str], list[OpenLine]]:
        """The lines of invoices (organisation, invoice), in order, with what each still owes."""

    def repayable(self, organisation: str, account: str, limit: int, *, lock: bool) -> list[Outgoing]:
        """Money to be given back now through an account: refunds, and payments to be cancelled."""

    def repayments_unknown(self, organisation: str, account: str, limit: int) -> list[Outgoing]:
        """Repayments whose look-up (or next send) is due, locked, and nobody's."""

    def refunds_to_follow(self, organisation: str, account: str, limit: int) -> list[Outgoing]:
        """Refunds that were sent, of which a night asks what became of them."""

    def repayment_in_flight(self, organisation: str, *, payment: str, refund: str | None) -> Outgoing | None:
        """The repayment of a refund, or of a payment itself, that has no verdict yet; locked."""

    def sent_refund(self, organisation: str, refund: str) -> Outgoing | None:
        """A refund with the repayment that was last sent for it, if any was."""

    def again(self, out: Outgoing, *, refund: RefundState | None = None) -> tuple[Outgoing, Back] | None:
        """The same as it stands now and what is around it, locked; None when it is no longer ours, or when its
        refund is not in that state."""

    def charges_of(self, organisation: str, payments: Sequence[str]) -> dict[str, Paid]:
        """The charge that brought the money of each of these payments, as its processor knows it."""


class Books(Protocol):
    """The database: the truth."""

    def run(self, work: Callable[[Any], R]) -> R:
        """Runs `work` in one transaction, again from the start when the database could not take it."""


class Leases(Protocol):
    """Whose claims are whose."""

    def batch(self) -> AbstractContextManager[str]:
        """A label for the claims of one batch, held until the block ends."""


class ListNotAvailable(Exception):
    """The processor's list of a date could not be had, or not in full: nothing may be compared with it."""


class SealBroken(Exception):
    """None of our keys opens what was sealed: its key was taken away, or it is not of this row."""


class Stale(Exception):
    """Somebody else moved the row first: nothing of this transaction may be kept."""


Gateways = Callable[[MerchantAccount], Gateway]
Log = Callable[..., None]
