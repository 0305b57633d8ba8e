"""The reads around money that goes back: refunds to be sent, repayments without a verdict, what a decision must see."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from adapters.database import loader
from adapters.database.claims import Claims
from adapters.database.door import Owner
from adapters.database.repayment_tables import repayments
from adapters.database.tables import refunds
from domain.action_item import ActionItem, ItemState
from domain.attempt import Attempt, AttemptState
from domain.echeck import Echeck
from domain.ledger import Allocation
from domain.payment import Payment
from domain.payment_method import PaymentMethod
from domain.people import Client
from domain.refund import Consumption, Refund, RefundState
from domain.repayment import IN_FLIGHT, Back, Outgoing, Paid, Repayment, RepaymentState

WAITING = (ItemState.OPEN, ItemState.RETRYING)
MAX_ROWS = 10_000


class Repayments(Claims):
    """Part of a transaction."""

    def repayable(self, organisation: str, account: str, limit: int, *, lock: bool) -> list[Outgoing]:
        """What is to be given back now through an account, the oldest first: payments to be cancelled, and refunds
        whose night has begun or that go at once. Locked, one claimer at a time passes the account's row."""
        owner = self.owner(organisation, account, lock=lock)
        if owner is None:
            return []
        cancelled = self._load(
            Repayment,
            {"organisation": organisation, "merchant_account": account, "state": RepaymentState.DUE},
            order_by="promised_at key", limit=limit, lock=lock,
        )  # fmt: skip
        asked: dict[str, Any] = {
            "organisation": organisation, "merchant_account": account, "state": RefundState.PENDING,
        }  # fmt: skip
        due = self._load(
            Refund, asked, order_by="send_on created_at id", limit=max(limit - len(cancelled), 0), lock=lock,
            where=_due(self.now, self._night_through(organisation)),
        )  # fmt: skip
        return self._assembled(owner, [(None, one) for one in cancelled] + [(one, None) for one in due])

    def repayments_unknown(self, organisation: str, account: str, limit: int) -> list[Outgoing]:
        """Repayments whose look-up (or next send) is due, locked, and nobody's."""
        owner = self.owner(organisation, account, lock=True)
        if owner is None:
            return []
        found = self._load(
            Repayment,
            {
                "organisation": organisation, "merchant_account": account,
                "state": [RepaymentState.UNKNOWN, RepaymentState.IN_DOUBT], "worker": None,
            },
            order_by="next_at key", limit=limit, lock=True, where=repayments.c.next_at <= self.now,
        )  # fmt: skip
        return self._of_repayments(owner, found)

    def refunds_to_follow(self, organisation: str, account: str, limit: int) -> list[Outgoing]:
        """Refunds that were sent, of which a night asks what became of them; each with its last repayment."""
        owner, through = self.owner(organisation, account), self._night_through(organisation)
        if owner is None or through is None:
            return []
        found = self._load(
            Refund, {"organisation": organisation, "merchant_account": account, "state": RefundState.SUBMITTED},
            order_by="follow_on id", limit=limit, lock=False, where=refunds.c.follow_on <= through,
        )  # fmt: skip
        return self._assembled(owner, [(one, self._last(one)) for one in found])

    def repayment_in_flight(self, organisation: str, *, payment: str, refund: str | None) -> Outgoing | None:
        """The repayment of a refund, or of a payment itself, that has no verdict yet; locked."""
        key = {"organisation": organisation, "payment": payment, "refund": refund, "state": list(IN_FLIGHT)}
        found = self._load(Repayment, key, order_by="", limit=1, lock=True)
        owner = self.owner(organisation, found[0].merchant_account) if found else None
        return self._of_repayments(owner, found)[0] if owner is not None else None

    def sent_refund(self, organisation: str, refund: str) -> Outgoing | None:
        """A refund with the repayment that was last sent for it, if any was."""
        found = self._load(Refund, {"organisation": organisation, "id": refund}, order_by="", limit=1, lock=False)
        asked = self._last(found[0]) if found else None
        owner = self.owner(organisation, asked.merchant_account) if asked is not None else None
        return self._assembled(owner, [(found[0], asked)])[0] if owner is not None else None

    def held_by(self, labels: Sequence[str], limit: int) -> list[Outgoing]:
        """The repayments in the hands of workers; locked."""
        found = self._load(Repayment, {"worker": list(labels)}, order_by="key", limit=limit, lock=True)
        taken = []
        for one in found:
            owner = self.owner(one.organisation, one.merchant_account)
            taken += self._of_repayments(owner, [one]) if owner is not None else []
        return taken

    def again(self, out: Outgoing, *, refund: RefundState | None = None) -> tuple[Outgoing, Back] | None:
        """The same as it stands now, with what is around it, everything locked: the account of the client first, as
        whoever asks for a refund does. None when its repayment is no longer ours, or the refund not in that state."""
        one: dict[str, Any] = {"organisation": out.organisation.id}
        self._load(Client, one | {"id": out.client.id}, order_by="", limit=1, lock=True)
        payment = self._load(Payment, one | {"id": out.payment.id}, order_by="", limit=1, lock=True)[0]
        fresh = asked = None
        if out.refund is not None:
            fresh = self._load(Refund, one | {"id": out.refund.id}, order_by="", limit=1, lock=True)[0]
        if out.repayment is not None:
            asked = self._load(Repayment, {"key": out.repayment.key}, order_by="", limit=1, lock=True)[0]
            if refund is None and (asked.epoch != out.repayment.epoch or asked.state not in IN_FLIGHT):
                return None
        if refund is not None and (fresh is None or fresh.state is not refund):
            return None
        seen = Outgoing(
            organisation=out.organisation, account=out.account, client=out.client, payment=payment, method=out.method,
            paid=out.paid, refund=fresh, repayment=asked,
        )  # fmt: skip
        return seen, self._around_repayment(seen)

    def _around_repayment(self, out: Outgoing) -> Back:
        mine: dict[str, Any] = {"organisation": out.organisation.id}
        name = out.refund.id if out.refund is not None else ""
        items = self._load(
            ActionItem, mine | {"payment": out.payment.id, "refund": name, "state": list(WAITING)},
            order_by="", limit=1, lock=True,
        )  # fmt: skip
        mine |= {"client": out.client.id}
        if out.refund is not None:
            used = self._load(Consumption, mine | {"refund": name}, order_by="at id", limit=MAX_ROWS, lock=False)
            return Back(consumed=tuple(used), item=items[0] if items else None)
        source = {"source_kind": "payment", "source": out.payment.id}
        made = self._load(Allocation, mine | source, order_by="at id", limit=MAX_ROWS, lock=False)
        return Back(allocations=tuple(made), item=items[0] if items else None)

    def _of_repayments(self, owner: Owner, found: Sequence[Repayment]) -> list[Outgoing]:
        names = sorted({one.refund for one in found if one.refund is not None})
        known = {one.id: one for one in self._some(Refund, owner[0].id, "id", names)}
        return self._assembled(owner, [(known.get(one.refund or ""), one) for one in found])

    def _last(self, refund: Refund) -> Repayment | None:
        key = {"organisation": refund.organisation, "refund": refund.id, "number": refund.attempts}
        found = self._load(Repayment, key, order_by="", limit=1, lock=False)
        return found[0] if found else None

    def _assembled(self, owner: Owner, pairs: Sequence[tuple[Refund | None, Repayment | None]]) -> list[Outgoing]:
        organisation = owner[0].id
        of = [str(refund.payment if refund is not None else asked.payment if asked else "") for refund, asked in pairs]
        payments = {one.id: one for one in self._some(Payment, organisation, "id", of)}
        clients = {one.id: one for one in self._some(Client, organisation, "id", [p.client for p in payments.values()])}
        names = [one.payment_method or "" for one in payments.values()]
        methods = {one.id: one for one in self._some(PaymentMethod, organisation, "id", names)}
        paid = self.charges_of(organisation, of)
        return [
            Outgoing(
                organisation=owner[0], account=owner[1], client=clients[payments[id].client], payment=payments[id],
                method=methods[payments[id].payment_method or ""], paid=paid[id], refund=refund, repayment=asked,
            )
            for id, (refund, asked) in zip(of, pairs, strict=True)
            if id in paid
        ]  # fmt: skip

    def charges_of(self, organisation: str, payments: Sequence[str]) -> dict[str, Paid]:
        """The charge or e-check that brought the money of each of these payments, as its processor knows it."""
        echecks = self._some(Echeck, organisation, "payment", payments)
        paid = {one.payment: Paid(key=one.id, reference=one.reference, amount=one.amount) for one in echecks}
        charges = self._some(Attempt, organisation, "payment", payments, state=AttemptState.APPROVED)
        return paid | {one.payment: Paid(key=one.key, reference=one.reference, amount=one.amount) for one in charges}

    def _some(self, thing: type[Any], organisation: str, column: str, values: Sequence[str], **more: Any) -> list[Any]:
        if not values:
            return []
        key = {"organisation": organisation, column: sorted(set(values)), **more}
        return self._load(thing, key, order_by="", limit=MAX_ROWS, lock=False)

    def _load(
        self, thing: type[Any], key: dict[str, Any], *, order_by: str, limit: int, lock: bool,
        where: ColumnElement[bool] | None = None,
    ) -> list[Any]:  # fmt: skip
        if where is None:
            return loader.load(self.connection, thing, key, order_by=order_by, limit=limit, lock=lock)
        statement = loader.selection(thing, key, order_by=order_by, limit=limit, lock=lock).where(where)
        return [loader.build(thing, row) for row in self.connection.execute(statement).all()]


def _due(now: datetime, through: date | None) -> ColumnElement[bool]:
    at_once = and_(refunds.c.due_at.is_not(None), refunds.c.due_at <= now)
    if through is None:
        return at_once
    return or_(at_once, and_(refunds.c.due_at.is_(None), refunds.c.send_on <= through))
