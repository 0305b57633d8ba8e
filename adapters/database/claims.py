"""The hot reads before a gateway is asked: what is due through an account, and what is unknown."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, select

from adapters.database import loader
from adapters.database.around import Surroundings
from adapters.database.tables import attempts, clients, payment_methods, payments, plans, runs
from domain.attempt import Attempt, AttemptState
from domain.claim import Asked, Claim
from domain.instalment import Plan
from domain.organisation import MerchantAccount, Organisation
from domain.payment import Payment, PaymentState
from domain.payment_method import PaymentMethod
from domain.run import NIGHT

Owner = tuple[Organisation, MerchantAccount]


class Claims(Surroundings):
    """Part of a transaction; `now` is the transaction's."""

    now: datetime

    def claimable(self, organisation: str, account: str, limit: int) -> list[Claim]:
        """Payments to charge now through an account, locked: those at once first, then the nights', oldest
        first; of each plan only its next one, so that a revoked authorisation stops what follows (I5).

        One claimer at a time per account: the account's row is the door.
        """
        owner = self.owner(organisation, account, lock=True)
        if owner is None:
            return []
        rows = self._due(organisation, account, limit)
        through = self._night_through(organisation)
        if through is not None and len(rows) < limit:
            rows += self._scheduled(organisation, account, through, limit - len(rows))
        claims = [_claim(row, owner) for row in rows]
        items = self.waiting_items([(claim.payment.organisation, claim.payment.id) for claim in claims])
        next_ones: dict[str, Claim] = {}
        for claim in claims:
            payment = claim.payment
            held = replace(claim, item=items.get((payment.organisation, payment.id)))
            next_ones.setdefault(f"plan {payment.plan}" if payment.plan else payment.id, held)
        return self._with_open(list(next_ones.values()))

    def unknowns(self, organisation: str, account: str, limit: int) -> list[Asked]:
        """Attempts whose look-up (or next send) is due, locked, and nobody's."""
        owner = self.owner(organisation, account, lock=True)
        if owner is None:
            return []
        wanted = _attempted(organisation).where(
            attempts.c.merchant_account == account,
            attempts.c.state.in_([AttemptState.UNKNOWN, AttemptState.IN_DOUBT]),
            attempts.c.next_at <= self.now,
            attempts.c.worker.is_(None),
        )
        rows = self.connection.execute(wanted.order_by(attempts.c.next_at).limit(limit)).all()
        return [_asked(row, owner) for row in rows]

    def in_flight_of(self, organisation: str, payment: str) -> Asked | None:
        """The attempt of a payment that has no verdict yet, locked."""
        wanted = _attempted(organisation).where(
            attempts.c.payment == payment,
            attempts.c.state.in_([AttemptState.SUBMITTING, AttemptState.UNKNOWN, AttemptState.IN_DOUBT]),
        )
        row = self.connection.execute(wanted).one_or_none()
        if row is None:
            return None
        owner = self.owner(organisation, loader.build(Attempt, row[:ATTEMPT_WIDTH]).merchant_account)
        return _asked(row, owner) if owner is not None else None

    def owner(self, organisation: str, account: str, *, lock: bool = False) -> Owner | None:
        """The organisation and its merchant account."""
        wanted = {"organisation": organisation, "id": account}
        accounts = loader.load(self.connection, MerchantAccount, wanted, order_by="", limit=1, lock=lock)
        owners = loader.load(self.connection, Organisation, {"id": organisation}, order_by="", limit=1, lock=False)
        return (owners[0], accounts[0]) if accounts and owners else None

    def _due(self, organisation: str, account: str, limit: int) -> list[Any]:
        wanted = _waiting(organisation, account, limit).where(
            payments.c.state == PaymentState.DUE, payments.c.due_at <= self.now
        )
        return list(self.connection.execute(wanted.order_by(payments.c.due_at, payments.c.id)).all())

    def _scheduled(self, organisation: str, account: str, through: date, limit: int) -> list[Any]:
        wanted = _waiting(organisation, account, limit).where(
            payments.c.state == PaymentState.SCHEDULED, payments.c.due_on <= through
        )
        return list(self.connection.execute(wanted.order_by(payments.c.due_on, payments.c.id)).all())

    def _night_through(self, organisation: str) -> date | None:
        newest = select(func.max(runs.c.business_date)).where(runs.c.organisation == organisation, runs.c.kind == NIGHT)
        through: date | None = self.connection.execute(newest).scalar_one_or_none()
        return through

    def _with_open(self, claims: Sequence[Claim]) -> list[Claim]:
        """Adds what is open on each claim's lines (I8); drops those whose plan has one being sent."""
        wanted = {
            (payment.organisation, payment.client, payment.invoice)
            for payment in (claim.payment for claim in claims)
            if payment.invoice is not None
        }
        if not wanted:
            return list(claims)
        lines = self.open_lines({(organisation, invoice) for organisation, _, invoice in wanted}, lock=False)
        flying = self.in_flight(wanted)
        ready = []
        for claim in claims:
            payment = claim.payment
            if payment.invoice is None:
                ready.append(claim)
                continue
            amount, being_sent = flying.get((payment.organisation, payment.invoice), (0, frozenset()))
            if payment.plan is not None and payment.plan in being_sent:
                continue
            own = own_lines(lines.get((payment.organisation, payment.invoice), ()), claim.plan)
            ready.append(replace(claim, open_minor=max(sum(line.open for line in own) - amount, 0)))
        return ready


def own_lines(lines: Iterable[Any], plan: Plan | None) -> tuple[Any, ...]:
    """The lines that a payment is for: its plan's own, or all of its invoice (B12)."""
    return tuple(line for line in lines if plan is None or line.line in plan.lines)


ATTEMPT_WIDTH = len(loader.columns(Attempt))
PARTS: tuple[type, ...] = (Payment, PaymentMethod, Plan)


def _parts() -> list[Any]:
    return [column for part in PARTS for column in loader.columns(part)] + [clients.c.language]


def _joined() -> Any:
    """A payment with its client, and its method and plan where it has them."""
    same_client = and_(clients.c.organisation == payments.c.organisation, clients.c.id == payments.c.client)
    same_method = and_(
        payment_methods.c.organisation == payments.c.organisation,
        payment_methods.c.id == payments.c.payment_method,
    )
    same_plan = and_(plans.c.organisation == payments.c.organisation, plans.c.id == payments.c.plan)
    return payments.join(clients, same_client).outerjoin(payment_methods, same_method).outerjoin(plans, same_plan)


def _waiting(organisation: str, account: str, limit: int) -> Select[Any]:
    return (
        select(*_parts())
        .select_from(_joined())
        .where(payments.c.organisation == organisation, payments.c.merchant_account == account)
        .limit(limit)
        .with_for_update(of=payments)
    )


def _claim(row: Sequence[Any], owner: Owner) -> Claim:
    things: list[Any] = []
    start = 0
    for part in PARTS:
        width = len(loader.shape(part)[0])
        values = row[start : start + width]
        things.append(loader.build(part, values) if values[0] is not None else None)
        start += width
    payment, method, plan = things
    return Claim(
        organisation=owner[0],
        account=owner[1],
        payment=payment,
        method=method,
        plan=plan,
        item=None,
        language=row[start],
        open_minor=None,
    )


def _attempted(organisation: str) -> Select[Any]:
    return (
        select(*loader.columns(Attempt), *_parts())
        .select_from(attempts.join(_joined(), attempts.c.payment == payments.c.id))
        .where(attempts.c.organisation == organisation, payments.c.organisation == organisation)
        .with_for_update(of=attempts)
    )


def _asked(row: Sequence[Any], owner: Owner) -> Asked:
    claim = _claim(row[ATTEMPT_WIDTH:], owner)
    return Asked(claim=claim, payment=claim.payment, attempt=loader.build(Attempt, row[:ATTEMPT_WIDTH]))
