"""Subscriptions read: those whose period has come, and what is told of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select, text

from adapters.database import loader, recordset
from adapters.database.subscription_tables import subscriptions
from adapters.database.tables import runs
from domain.organisation import Organisation
from domain.payment import PaymentState
from domain.payment_method import PaymentMethod
from domain.people import Client
from domain.renewing import failed_in_a_row, method_of
from domain.run import NIGHT
from domain.subscription import Renewable, Subscription

MAX_COUNTED = 100  # of failures in a row: the most that the setting may name


class Renewals:
    """Part of a transaction."""

    connection: Any
    dialect: str

    def renewable(self, organisation: str, limit: int, *, only: str | None = None) -> list[Renewable]:
        """Subscriptions whose next period is billed by a night that has begun, locked, oldest first; one that
        somebody else has renewed meanwhile is not among them."""
        newest = select(func.max(runs.c.business_date)).where(runs.c.organisation == organisation, runs.c.kind == NIGHT)
        through = self.connection.execute(newest).scalar_one_or_none()
        if through is None:
            return []
        due = self._periods_due(organisation, through, limit, only)
        clients = self._of(Client, organisation, [one.client for one in due])
        methods = self._of(PaymentMethod, organisation, [name for one in due if (name := method_of(one)) is not None])
        failures = self.failures(organisation, due)
        return [
            Renewable(
                subscription=one, client=clients[one.client], method=methods.get(method_of(one) or ""),
                failures=failures.get(one.id, 0),
            )
            for one in due
        ]  # fmt: skip

    def _periods_due(self, organisation: str, through: date, limit: int, only: str | None) -> list[Subscription]:
        wanted = (
            select(*loader.columns(Subscription))
            .where(subscriptions.c.organisation == organisation, subscriptions.c.next_on <= through)
            .order_by(subscriptions.c.next_on, subscriptions.c.id)
            .limit(limit)
            .with_for_update()
        )
        if only is not None:
            wanted = wanted.where(subscriptions.c.id == only)
        return [loader.build(Subscription, row) for row in self.connection.execute(wanted).all()]

    def _of(self, thing: type[Any], organisation: str, ids: Sequence[str]) -> dict[str, Any]:
        if not ids:
            return {}
        wanted = {"organisation": organisation, "id": sorted(set(ids))}
        found = loader.load(self.connection, thing, wanted, order_by="id", limit=len(ids), lock=False)
        return {one.id: one for one in found}

    def failures(self, organisation: str, due: Sequence[Subscription]) -> dict[str, int]:
        """How many of the newest periods failed in a row; asked only where the setting is on (S3)."""
        [owner] = loader.load(self.connection, Organisation, {"id": organisation}, order_by="", limit=1, lock=False)
        if not owner.settings.get("suspend_after_failures") or not due:
            return {}
        rows = [{"id": one.id, "number": one.counted_from} for one in due]
        fields = {"id": "id", "number": "number"}
        again = (  # what a bank sent back may have been paid since, by a payment of its own
            "EXISTS (SELECT 1 FROM payments q WHERE q.organisation = p.organisation AND q.retry_of = p.id "
            f"AND q.state = '{PaymentState.PAID}')"
        )
        statement = text(
            f"SELECT x.id, CASE WHEN p.state = '{PaymentState.REVERSED}' AND {again} THEN '{PaymentState.PAID}' "
            f"ELSE p.state END FROM {recordset.unfold(subscriptions, fields, self.dialect)} "
            "JOIN renewals r ON r.subscription = x.id AND r.number >= x.number "
            "JOIN payments p ON p.organisation = r.organisation AND p.id = r.payment "
            "WHERE r.organisation = :organisation ORDER BY x.id, r.number DESC"
        )
        given = {"organisation": organisation, "rows": recordset.dumps(rows, self.dialect)}
        states: dict[str, list[str]] = {}
        for id, state in self.connection.execute(statement, given).all():
            states.setdefault(id, []).append(state)
        return {id: failed_in_a_row(newest[:MAX_COUNTED]) for id, newest in states.items()}
