"""The hot reads before a gateway is asked: what is due through an account, and what is unknown."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, func, select

from adapters.database import loader
from adapters.database.door import Doors, Owner
from adapters.database.tables import attempts, clients, payment_methods, payments, plans, runs
from domain.action_item import ActionItem
from domain.attempt import Attempt, AttemptState
from domain.charging import must_wait
from domain.claim import Asked, Claim, InFlight
from domain.instalment import Plan
from domain.payment import Payment, PaymentState
from domain.payment_method import PaymentMethod, instrument_of
from domain.retry_rules import MONTH, Tried
from domain.run import NIGHT

MAX_PAGES = 20  # of payments that all wait for another's answer, before the next sweep looks again
PAGE = 100  # looked at, at least, however few are wanted


class Claims(Doors):
    """Part of a transaction; `now` is the transaction's."""

    def claimable(self, organisation: str, account: str, limit: int) -> list[Claim]:
        """Payments to charge now through an account, locked: those at once first, then the nights', oldest
        first; of each plan only its next one, so that a revoked authorisation stops what follows (I5).

        One claimer at a time per account: the account's row is the door.
        """
        owner = self.owner(organisation, account, lock=True)
        if owner is None:
            return []
        through = self._night_through(organisation)
        size = max(limit, PAGE)
        for page in range(MAX_PAGES):
            rows = self._due(organisation, account, size, page)
            if through is not None and len(rows) < size:
                rows += self._scheduled(organisation, account, through, size - len(rows), page)
            claims = self._ready(rows, owner, limit)
            if claims or not rows:
                return claims
        return []

    def _ready(self, rows: Sequence[Any], owner: Owner, limit: int) -> list[Claim]:
        """Those that need not wait for another's answer; what is claimed here is under way for the next."""
        parts = [_read(row) for row in rows]
        at_once = [payment for payment, *_ in parts if payment.state is PaymentState.DUE]  # a retry, perhaps
        items = self.waiting_items([(payment.organisation, payment.first) for payment in at_once])
        invoices = {(one.organisation, one.client, one.invoice) for one, *_ in parts if one.invoice is not None}
        lines = self.open_lines({(organisation, invoice) for organisation, _, invoice in invoices}, lock=False)
        flying = self.in_flight(invoices) if invoices else {}
        sending = self.subscriptions_sending([payment for payment, *_ in parts])
        tried = self._tried_before(owner, [(payment, method) for payment, method, *_ in parts], items)
        ready: list[Claim] = []
        for payment, method, plan, language in parts:
            if len(ready) == limit:
                break
            if payment.subscription is not None:  # its answer may stop the next, as in a plan (I5)
                if payment.subscription in sending:
                    continue
                sending.add(payment.subscription)
            left = None
            if payment.invoice is not None:
                pair = (payment.organisation, payment.invoice)
                own = own_lines(lines.get(pair, ()), plan)
                if must_wait(payment, own, flying.get(pair, ())):
                    continue
                left = sum(line.open for line in own)
                covered = plan.lines if plan is not None else None
                flying.setdefault(pair, []).append(
                    InFlight(amount=payment.amount, plan=payment.plan, lines=covered, being_sent=True)
                )
            own_tries = tried.get(instrument_of(method), []) if tried and method is not None else []
            ready.append(
                Claim(
                    organisation=owner[0], account=owner[1], payment=payment, method=method, plan=plan,
                    item=items.get((payment.organisation, payment.first)), language=language, open_minor=left,
                    tried=tuple(own_tries),
                )
            )  # fmt: skip
            own_tries.append(Tried(at=self.now, amount=payment.amount))  # for the next that is claimed with it
        return ready

    def _tried_before(
        self, owner: Owner, parts: Sequence[tuple[Payment, PaymentMethod | None]], items: Mapping[Any, ActionItem]
    ) -> dict[str, list[Tried]]:
        """What the card networks have counted against the instruments of retries (A8)."""
        retried = [method for payment, method in parts if (payment.organisation, payment.id) in items]
        pairs = {(owner[1].id, instrument_of(method)) for method in retried if method is not None}
        found = self.tried(owner[0].id, pairs, since=self.now - MONTH)
        return {instrument: found.get((account, instrument), []) for account, instrument in pairs}

    def unknowns(self, organisation: str, account: str, limit: int) -> list[Asked]:
        """Attempts whose look-up (or next send) is due, locked, and nobody's."""
        owner = self.owner(organisation, account, lock=True)
        if owner is None:
            return []
        asked = {"organisation": organisation, "account": account, "now": self.now, "at_most": limit}
        rows = self.connection.execute(_unknowns(), asked).all()
        return [_asked(row, owner) for row in rows]

    def in_flight_of(self, organisation: str, payment: str) -> Asked | None:
        """The attempt of a payment that has no verdict yet, locked."""
        row = self.connection.execute(_in_flight(), {"organisation": organisation, "payment": payment}).one_or_none()
        if row is None:
            return None
        owner = self.owner(organisation, loader.build(Attempt, row[:ATTEMPT_WIDTH]).merchant_account)
        return _asked(row, owner) if owner is not None else None

    def _due(self, organisation: str, account: str, limit: int, page: int) -> list[Any]:
        return self._page(_due(), organisation, account, limit, page, now=self.now)

    def _scheduled(self, organisation: str, account: str, through: date, limit: int, page: int) -> list[Any]:
        return self._page(_scheduled(), organisation, account, limit, page, through=through)

    def _page(
        self, statement: Select[Any], organisation: str, account: str, limit: int, page: int, **more: Any
    ) -> list[Any]:
        asked = {"organisation": organisation, "account": account, "at_most": limit, "skipped": page * limit}
        return list(self.connection.execute(statement, asked | more).all())

    def _night_through(self, organisation: str) -> date | None:
        found = self.connection.execute(_newest_night(), {"organisation": organisation})
        through: date | None = found.scalar_one_or_none()
        return through


def own_lines(lines: Iterable[Any], plan: Plan | None) -> tuple[Any, ...]:
    """The lines that a payment is for: its plan's own, or all of its invoice (B12)."""
    return tuple(line for line in lines if plan is None or line.line in plan.lines)


ATTEMPT_WIDTH = len(loader.columns(Attempt))
METHOD_AT = len(loader.columns(Payment))
PLAN_AT = METHOD_AT + len(loader.columns(PaymentMethod))
LANGUAGE_AT = PLAN_AT + len(loader.columns(Plan))
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


# Each statement is built once, with its values left open: to build one costs more than to run it.


@cache
def _due() -> Select[Any]:
    now = bindparam("now", type_=payments.c.due_at.type)
    return _with_parts(_waiting(payments.c.due_at).where(payments.c.queue == "now", payments.c.due_at <= now))


@cache
def _scheduled() -> Select[Any]:
    through = bindparam("through", type_=payments.c.due_on.type)
    return _with_parts(_waiting(payments.c.due_on).where(payments.c.queue == "night", payments.c.due_on <= through))


@cache
def _newest_night() -> Select[Any]:
    return select(func.max(runs.c.business_date)).where(
        runs.c.organisation == bindparam("organisation"), runs.c.kind == NIGHT
    )


@cache
def _unknowns() -> Select[Any]:
    return (
        _attempted()
        .where(
            attempts.c.merchant_account == bindparam("account"),
            attempts.c.state.in_([AttemptState.UNKNOWN, AttemptState.IN_DOUBT]),
            attempts.c.next_at <= bindparam("now", type_=attempts.c.next_at.type),
            attempts.c.worker.is_(None),
        )
        .order_by(attempts.c.next_at)
        .limit(bindparam("at_most", type_=Integer))
    )


@cache
def _in_flight() -> Select[Any]:
    return _attempted().where(
        attempts.c.payment == bindparam("payment"),
        attempts.c.state.in_([AttemptState.SUBMITTING, AttemptState.UNKNOWN, AttemptState.IN_DOUBT]),
    )


def _waiting(order: Any) -> Select[Any]:
    """The first payments of a queue, locked; found by an index that is sorted as the queue is."""
    return (
        select(payments.c.organisation, payments.c.id, order.label("place"))
        .where(
            payments.c.organisation == bindparam("organisation"), payments.c.merchant_account == bindparam("account")
        )
        .order_by(order, payments.c.id)
        .limit(bindparam("at_most", type_=Integer))
        .offset(bindparam("skipped", type_=Integer))
        .with_for_update()
    )


def _with_parts(waiting: Select[Any]) -> Select[Any]:
    """Everything that a claim needs of the payments picked: joined only once they are few."""
    picked = waiting.cte("picked")
    return (
        select(*_parts())
        .select_from(picked.join(_joined(), payments.c.id == picked.c.id))
        .where(payments.c.organisation == picked.c.organisation)
        .order_by(picked.c.place, picked.c.id)
    )


def _read(row: Sequence[Any]) -> tuple[Payment, PaymentMethod | None, Plan | None, str]:
    """A payment, its method, its plan and its client's language from the columns of `_parts`."""
    payment = loader.build(Payment, row[:METHOD_AT])
    method = loader.build(PaymentMethod, row[METHOD_AT:PLAN_AT]) if row[METHOD_AT] is not None else None
    plan = loader.build(Plan, row[PLAN_AT:LANGUAGE_AT]) if row[PLAN_AT] is not None else None
    return payment, method, plan, row[LANGUAGE_AT]


def _attempted() -> Select[Any]:
    organisation: Any = bindparam("organisation")
    return (
        select(*loader.columns(Attempt), *_parts())
        .select_from(attempts.join(_joined(), attempts.c.payment == payments.c.id))
        .where(attempts.c.organisation == organisation, payments.c.organisation == organisation)
        .with_for_update(of=attempts)
    )


def _asked(row: Sequence[Any], owner: Owner) -> Asked:
    payment, method, plan, language = _read(row[ATTEMPT_WIDTH:])
    claim = Claim(
        organisation=owner[0], account=owner[1], payment=payment, method=method, plan=plan, item=None,
        language=language, open_minor=None,
    )  # fmt: skip
    return Asked(claim=claim, payment=payment, attempt=loader.build(Attempt, row[:ATTEMPT_WIDTH]))
