"""The hot reads of e-checks: what waits for a cut-off, what is due to be handed over, looked up or watched."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection

from adapters.database import loader
from adapters.database.echeck_tables import echecks
from domain.echeck import MAX_BATCH, Echeck, EcheckState


class Echecks:
    """Part of a transaction; `now` is the transaction's."""

    connection: Connection
    now: datetime

    def waiting_echecks(self, organisation: str, account: str, through: date) -> list[Echeck]:
        """Those of cut-offs up to `through` that nobody has cancelled, locked; oldest first."""
        key = {"organisation": organisation, "merchant_account": account, "state": EcheckState.PENDING}
        wanted = loader.selection(Echeck, key, order_by="created_at id", limit=MAX_BATCH, lock=True)
        rows = self.connection.execute(wanted.where(echecks.c.cutoff_on <= through)).all()
        return [loader.build(Echeck, row) for row in rows]

    def debited_on(self, organisation: str, account: str, on: date) -> list[Echeck]:
        """Those that were handed over on a date and have not come back."""
        states = [EcheckState.SUBMITTED, EcheckState.SETTLED]
        key = {"organisation": organisation, "merchant_account": account, "submitted_on": on, "state": states}
        return loader.load(self.connection, Echeck, key, order_by="id", limit=MAX_BATCH, lock=False)

    def due_echecks(
        self, organisation: str, account: str, states: Sequence[EcheckState], limit: int
    ) -> list[Echeck]:  # fmt: skip
        """Those in these states whose time has come, locked, and nobody's."""
        key = {"organisation": organisation, "merchant_account": account, "state": list(states), "worker": None}
        wanted = loader.selection(Echeck, key, order_by="next_at id", limit=limit, lock=True)
        rows = self.connection.execute(wanted.where(echecks.c.next_at <= self.now)).all()
        return [loader.build(Echeck, row) for row in rows]
