"""Cards that end soon, and what is planned on each."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, text

from adapters.database import loader, recordset
from adapters.database.tables import payment_methods
from domain.payment_method import MethodState, PaymentMethod, Planned
from domain.subscription import Subscription, upcoming


class ExpiringCards:
    """Part of a transaction."""

    connection: Connection
    dialect: str

    def expiring_cards(
        self, organisation: str, month: str, limit: int
    ) -> tuple[list[PaymentMethod], dict[str, Planned]]:  # fmt: skip
        """Saved cards that end by a month ("2027-01"), and by their ids what is planned on them."""
        wanted = (
            select(*loader.columns(PaymentMethod))
            .where(
                payment_methods.c.organisation == organisation,
                payment_methods.c.kind == "card",
                payment_methods.c.state == MethodState.ACTIVE,
                payment_methods.c.expiry > "",
                payment_methods.c.expiry <= month,
            )
            .order_by(payment_methods.c.expiry, payment_methods.c.id)
            .limit(limit)
        )
        cards = [loader.build(PaymentMethod, row) for row in self.connection.execute(wanted).all()]
        found = {
            name: Planned(payment=payment, amount=amount)
            for name, payment, amount in self._planned_on(cards, INSTALMENTS)
        }
        for name, payment, amount in self._subscribed(organisation, cards):
            known = found.get(name)
            found[name] = Planned(
                payment=known.payment if known else payment, amount=amount + (known.amount if known else 0)
            )
        return cards, found

    def _planned_on(self, cards: Sequence[PaymentMethod], sql: str) -> Sequence[Any]:
        if not cards:
            return []
        names = {name: name for name in ("organisation", "id", "client")}
        rows = [{name: getattr(card, name) for name in names} for card in cards]
        statement = text(sql.format(rows=recordset.unfold(payment_methods, names, self.dialect)))
        return self.connection.execute(statement, {"rows": recordset.dumps(rows, self.dialect)}).all()

    def _subscribed(self, organisation: str, cards: Sequence[PaymentMethod]) -> list[tuple[str, str, int]]:
        """Subscriptions whose next period is charged to one of the cards, with the newest charge that was made."""
        newest = dict(tuple(row) for row in self._planned_on(cards, NEWEST_CHARGES))
        if not newest:
            return []
        wanted = {"organisation": organisation, "id": sorted(newest)}
        going = loader.load(self.connection, Subscription, wanted, order_by="id", limit=len(newest), lock=False)
        ids = {card.id for card in cards}
        return [
            (coming.payment_method, newest[one.id], coming.amount)
            for one in going
            for coming in upcoming(one, 1)  # none where it is paused for ever
            if coming.payment_method in ids and coming.payment_method is not None
        ]


INSTALMENTS = """SELECT x.id, min(p.id), CAST(sum(p.amount) AS bigint) FROM {rows}
    JOIN payments p ON p.organisation = x.organisation AND p.client = x.client AND p.payment_method = x.id
    WHERE p.state IN ('scheduled', 'held') GROUP BY x.id"""
NEWEST_CHARGES = """SELECT p.subscription, max(p.id) FROM {rows}
    JOIN payments p ON p.organisation = x.organisation AND p.client = x.client
    WHERE p.subscription IS NOT NULL GROUP BY p.subscription"""
