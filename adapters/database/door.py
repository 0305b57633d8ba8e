"""The door of a merchant account: its row, locked, with its care and what is at the processor now."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, bindparam, text

from adapters.database import loader
from adapters.database.around import Surroundings
from adapters.database.repayment_tables import repayments
from adapters.database.tables import attempts
from adapters.database.types import Instant
from domain.attempt import Attempt, AttemptState
from domain.care import Care, CareState, Door, Limits, limits_of
from domain.organisation import MerchantAccount, Organisation
from domain.outcome import About
from domain.repayment import Repayment, RepaymentState

MAX_PAID = 1_000_000  # of one account on one date
Owner = tuple[Organisation, MerchantAccount]


class Doors(Surroundings):
    """Part of a transaction; `now` is the transaction's. `standing`: its clock does not move, so that no bucket
    would ever fill again."""

    now: datetime
    standing = False

    def door(self, organisation: str, account: str) -> Door | None:
        """Locked until the end of the transaction: one claimer at a time."""
        owner = self.owner(organisation, account, lock=True)
        if owner is None:
            return None
        care, limits = self.care(organisation, account), limits_of(owner[1])
        if self.standing:
            limits = Limits(concurrency=limits.concurrency, rate_per_s=None, breaker=limits.breaker)
        incident = care.state is not CareState.CLOSED
        counted = incident or limits.concurrency is not None
        return Door(
            account=owner[1], limits=limits, care=care,
            in_flight=self.in_flight_through(organisation, account) if counted else 0,
            look_ups_due=incident and self._look_ups_due(organisation, account),
        )  # fmt: skip

    def care(self, organisation: str, account: str) -> Care:
        """As it is kept, or as it is where nothing had to be kept yet."""
        return care_of(self.connection, organisation, account)

    def charges_due(self, organisation: str, account: str) -> bool:
        """Whether a charge, or an e-check of a batch, waits to be claimed through this account."""
        return self._any(_CHARGES_DUE, organisation, account)

    def paid_on(self, organisation: str, account: str, on: date) -> list[Attempt]:
        """What was approved through an account and asked for on a date of UTC."""
        start = datetime.combine(on, time(), UTC)
        key = {"organisation": organisation, "merchant_account": account, "state": AttemptState.APPROVED}
        wanted = loader.selection(Attempt, key, order_by="key", limit=MAX_PAID, lock=False).where(
            attempts.c.promised_at >= start, attempts.c.promised_at < start + timedelta(days=1)
        )
        return [loader.build(Attempt, row) for row in self.connection.execute(wanted).all()]

    def given_back_on(self, organisation: str, account: str, on: date) -> list[Repayment]:
        """The same of refunds."""
        start = datetime.combine(on, time(), UTC)
        key = {"organisation": organisation, "merchant_account": account, "state": RepaymentState.APPROVED}
        wanted = loader.selection(Repayment, key | {"about": About.REFUND}, order_by="key", limit=MAX_PAID, lock=False)
        of_date = repayments.c.promised_at >= start, repayments.c.promised_at < start + timedelta(days=1)
        return [loader.build(Repayment, row) for row in self.connection.execute(wanted.where(*of_date)).all()]

    def owner(self, organisation: str, account: str, *, lock: bool = False) -> Owner | None:
        """The organisation and its merchant account."""
        wanted = {"organisation": organisation, "id": account}
        accounts = loader.load(self.connection, MerchantAccount, wanted, order_by="", limit=1, lock=lock)
        owners = loader.load(self.connection, Organisation, {"id": organisation}, order_by="", limit=1, lock=False)
        return (owners[0], accounts[0]) if accounts and owners else None

    def in_flight_through(self, organisation: str, account: str) -> int:
        """How many charges, refunds, e-checks and look-ups are in workers' hands."""
        found = self.connection.execute(text(_IN_FLIGHT), {"organisation": organisation, "account": account})
        return int(found.scalar_one())

    def _look_ups_due(self, organisation: str, account: str) -> bool:
        return self._any(_LOOK_UPS_DUE, organisation, account)

    def _any(self, sql: str, organisation: str, account: str) -> bool:
        statement = text(sql).bindparams(bindparam("now", self.now, Instant))
        found = self.connection.execute(statement, {"organisation": organisation, "account": account})
        return found.first() is not None


def care_of(connection: Connection, organisation: str, account: str) -> Care:
    key = {"organisation": organisation, "id": account}
    found = loader.load(connection, Care, key, order_by="", limit=1, lock=False)
    return found[0] if found else Care(organisation=organisation, id=account)


# What a worker holds is at the processor, or is about to be: charges, money that goes back, e-checks.
_IN_FLIGHT = """SELECT (SELECT count(*) FROM attempts WHERE organisation = :organisation AND merchant_account = :account
    AND state IN ('submitting', 'unknown', 'in_doubt') AND worker IS NOT NULL) + (SELECT count(*) FROM repayments
    WHERE organisation = :organisation AND merchant_account = :account
    AND state IN ('submitting', 'unknown', 'in_doubt') AND worker IS NOT NULL) + (SELECT count(*) FROM echecks
    WHERE organisation = :organisation AND merchant_account = :account AND worker IS NOT NULL)"""
_LOOK_UPS_DUE = """SELECT 1 FROM attempts WHERE organisation = :organisation AND merchant_account = :account
    AND state IN ('unknown', 'in_doubt') AND next_at <= :now AND worker IS NULL LIMIT 1"""
_CHARGES_DUE = """SELECT 1 FROM payments p WHERE p.organisation = :organisation AND p.merchant_account = :account
    AND ((p.queue = 'now' AND p.due_at <= :now) OR (p.queue = 'night' AND p.due_on <= (
        SELECT max(r.business_date) FROM runs r WHERE r.organisation = :organisation AND r.kind = 'night')))
    UNION ALL SELECT 1 FROM echecks e WHERE e.organisation = :organisation AND e.merchant_account = :account
        AND e.state = 'batched' AND e.next_at <= :now LIMIT 1"""
