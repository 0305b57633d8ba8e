"""The account of a client as an operation on its credit needs it: locked, with what is matched to nothing."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from adapters.database import loader
from adapters.database.tables import ledger_transactions as postings
from domain.account import Account
from domain.credit import Source
from domain.echeck import UNSETTLED
from domain.ledger import SIGN
from domain.people import Client
from domain.refusal import NotKnown


class Accounts:
    """Part of a transaction."""

    connection: Connection

    def account(self, organisation: str, client: str) -> Account:
        """Locks the client's row: operations on one account's credit wait for each other. Raises NotKnown."""
        found = loader.load(
            self.connection, Client, {"organisation": organisation, "id": client}, order_by="", limit=1, lock=True
        )
        if not found:
            raise NotKnown("client", id=client)
        sources = tuple(_source(organisation, row) for row in self._unmatched(organisation, client))
        return Account(
            client=found[0], balance=self.balance(organisation, client), sources=sources,
            unsettled=self._unsettled(organisation, client),
        )  # fmt: skip

    def balance(self, organisation: str, client: str) -> int:
        """What the client owes, recomputed from the postings (B1)."""
        rows = self.connection.execute(text(_BY_KIND), {"organisation": organisation, "client": client}).all()
        return sum(SIGN[kind] * int(amount) for kind, amount in rows)

    def _unsettled(self, organisation: str, client: str) -> int:
        """E-checks that may still come back (R2)."""
        given = {"organisation": organisation, "client": client}
        return int(self.connection.execute(text(_UNSETTLED), given).scalar_one())

    def _unmatched(self, organisation: str, client: str) -> Sequence[Any]:
        statement = text(_UNMATCHED).columns(
            postings.c.kind, postings.c.subject, postings.c.booked_on, postings.c.at, postings.c.amount
        )
        return self.connection.execute(statement, {"organisation": organisation, "client": client}).all()


def _source(organisation: str, row: Sequence[Any]) -> Source:
    kind, subject, booked_on, at, left = row
    return Source(organisation=organisation, kind=kind, id=subject, left=int(left), booked_on=booked_on, at=at)


_BY_KIND = """SELECT kind, sum(amount) FROM ledger_transactions
    WHERE organisation = :organisation AND client = :client GROUP BY kind"""

_UNSETTLED = f"""SELECT coalesce(sum(amount), 0) FROM echecks
    WHERE organisation = :organisation AND client = :client
    AND state IN ({", ".join(f"'{state.value}'" for state in UNSETTLED)})"""

# Payments and credits that stand, with what neither a line nor a refund has of them; oldest first.
_UNMATCHED = """
    SELECT t.kind, t.subject, t.booked_on, t.at, t.amount - coalesce(u.used, 0) AS amount
    FROM ledger_transactions t
    LEFT JOIN (
        SELECT source_kind, source, sum(amount) AS used FROM (
            SELECT source_kind, source, amount FROM allocations WHERE organisation = :organisation AND client = :client
            UNION ALL
            SELECT source_kind, source, amount FROM consumptions WHERE organisation = :organisation AND client = :client
        ) AS matched GROUP BY source_kind, source
    ) AS u ON u.source_kind = t.kind AND u.source = t.subject
    WHERE t.organisation = :organisation AND t.client = :client AND t.kind IN ('payment', 'credit')
    AND t.amount > coalesce(u.used, 0)
    AND NOT EXISTS (
        SELECT 1 FROM ledger_transactions r WHERE r.organisation = t.organisation AND r.client = t.client
        AND r.kind = 'payment_reversal' AND r.subject = t.subject AND t.kind = 'payment')
    ORDER BY t.booked_on, t.at, t.subject"""
