"""The hot reads around an attempt: open lines, money in flight, the items that wait, the fence."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, select, text

from adapters.database import loader, recordset
from adapters.database.tables import THINGS, attempts, invoice_lines, payments
from domain.action_item import ActionItem
from domain.claim import Around, Asked, InFlight
from domain.instalment import Plan
from domain.invoice import OpenLine
from domain.organisation import MerchantAccount
from domain.payment import Payment, PaymentState
from domain.retry_rules import Tried

Pair = tuple[str, str]


class Surroundings:
    """Part of a transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.dialect = connection.dialect.name

    def fenced(self, asked: Sequence[Asked]) -> list[Asked]:
        """Those whose attempt is still ours, locked: same epoch, not resolved by somebody else."""
        rows = [{"key": one.attempt.key, "epoch": one.attempt.epoch} for one in asked]
        columns = {"key": "key", "epoch": "epoch"}
        found = self._execute(
            f"SELECT a.key FROM {recordset.unfold(attempts, columns, self.dialect)} "
            "JOIN attempts a ON a.key = x.key AND a.epoch = x.epoch "
            "WHERE a.state IN ('submitting', 'unknown', 'in_doubt')",
            sorted(rows, key=lambda row: str(row["key"])),
            lock="a",
        )
        ours = {row[0] for row in found}
        return [one for one in asked if one.attempt.key in ours]

    def around(self, asked: Sequence[Asked], *, planned_of: Collection[str] = ()) -> dict[str, Around]:
        """What a decision must see, by the attempt's key. `planned_of` names the keys whose decision may touch
        the plan or the planned payments of the invoice."""
        invoices = {(one.payment.organisation, one.payment.invoice) for one in asked if one.payment.invoice is not None}
        lines = self.open_lines(invoices, lock=True)
        later = [one for one in asked if one.claim.item or one.payment.state is not PaymentState.SUBMITTING]
        items = self.waiting_items([(one.payment.organisation, one.payment.first) for one in later], lock=True)
        found = {}
        for one in asked:
            payment = one.payment
            pair = (payment.organisation, payment.invoice or "")
            plan, planned = self._plan(one) if one.attempt.key in planned_of else (None, ())
            covered = one.claim.plan.lines if one.claim.plan is not None else None
            own = tuple(line for line in lines.get(pair, ()) if covered is None or line.line in covered)
            found[one.attempt.key] = Around(
                lines=own, plan=plan, planned=planned, item=items.get((payment.organisation, payment.first))
            )
        return found

    def _plan(self, asked: Asked) -> tuple[Plan | None, tuple[Payment, ...]]:
        payment = asked.payment
        if payment.plan is None:
            return None, ()
        # The account's door: nobody claims another instalment of a plan that is being stopped (I5).
        self._load_locked(MerchantAccount, organisation=payment.organisation, id=asked.attempt.merchant_account)
        states = (PaymentState.SCHEDULED, PaymentState.HELD)
        planned = self._load_locked(
            Payment, organisation=payment.organisation, client=payment.client, plan=payment.plan, state=states
        )
        plans = self._load_locked(Plan, organisation=payment.organisation, id=payment.plan)
        return plans[0], tuple(planned)

    def _load_locked(self, thing: type[Any], **key: Any) -> list[Any]:
        return loader.load(self.connection, thing, key, order_by="id", limit=10_000, lock=True)

    def open_lines(self, invoices: Collection[Pair], *, lock: bool) -> dict[Pair, list[OpenLine]]:
        """The lines of invoices, in order, with what each still owes."""
        if not invoices:
            return {}
        columns = {"organisation": "organisation", "invoice": "invoice"}
        rows = [{"organisation": organisation, "invoice": invoice} for organisation, invoice in sorted(invoices)]
        found = self._execute(
            "SELECT l.organisation, l.invoice, l.line, l.payable - l.allocated "
            f"FROM {recordset.unfold(invoice_lines, columns, self.dialect)} "
            "JOIN invoice_lines l ON l.organisation = x.organisation AND l.invoice = x.invoice "
            "ORDER BY l.organisation, l.invoice, l.position",
            rows,
            lock="l" if lock else "",
        )
        lines: dict[Pair, list[OpenLine]] = defaultdict(list)
        for organisation, invoice, line, left in found:
            lines[organisation, invoice].append(
                OpenLine(organisation=organisation, invoice=invoice, line=line, open=left)
            )
        return lines

    def in_flight(self, invoices: Iterable[tuple[str, str, str]]) -> dict[Pair, list[InFlight]]:
        """The money under way on invoices, each given as (organisation, client, invoice)."""
        names = ("organisation", "client", "invoice")
        found = self._execute(
            "SELECT p.organisation, p.invoice, p.amount, p.plan, p.state, l.lines "
            f"FROM {recordset.unfold(payments, {name: name for name in names}, self.dialect)} JOIN payments p "
            "ON p.organisation = x.organisation AND p.client = x.client AND p.invoice = x.invoice "
            "LEFT JOIN plans l ON l.organisation = p.organisation AND l.id = p.plan "
            "WHERE p.state IN ('submitting', 'unknown', 'in_doubt')",
            [dict(zip(names, invoice, strict=True)) for invoice in sorted(invoices)],
        )
        flying: dict[Pair, list[InFlight]] = defaultdict(list)
        for organisation, invoice, amount, plan, state, lines in found:
            known = orjson.loads(lines) if isinstance(lines, str) else lines
            flying[organisation, invoice].append(
                InFlight(
                    amount=amount, plan=plan, lines=tuple(known) if known is not None else None,
                    being_sent=state == PaymentState.SUBMITTING,
                )
            )  # fmt: skip
        return flying

    def subscriptions_sending(self, asked_for: Iterable[Payment]) -> set[str]:
        """Those of their subscriptions, all of one organisation, that have a period at the gateway."""
        rows = sorted({(one.organisation, one.client) for one in asked_for if one.subscription is not None})
        if not rows:
            return set()
        names = ("organisation", "client")
        found = self._execute(
            f"SELECT p.subscription FROM {recordset.unfold(payments, {name: name for name in names}, self.dialect)} "
            "JOIN payments p ON p.organisation = x.organisation AND p.client = x.client "
            "WHERE p.state = 'submitting' AND p.subscription IS NOT NULL",
            [dict(zip(names, row, strict=True)) for row in rows],
        )
        return {row[0] for row in found}

    def planned_retries(self, organisation: str, through: date, limit: int) -> list[ActionItem]:
        """Items whose automatic retry is planned for a night up to a date, locked, oldest first."""
        items = THINGS[ActionItem]
        wanted = (
            select(*loader.columns(ActionItem))
            .where(items.c.organisation == organisation, items.c.state == "open", items.c.retry_on <= through)
            .order_by(items.c.retry_on, items.c.id)
            .limit(limit)
            .with_for_update()
        )
        return [loader.build(ActionItem, row) for row in self.connection.execute(wanted).all()]

    def tried(
        self, organisation: str, instruments: Collection[Pair], *, since: datetime
    ) -> dict[Pair, list[Tried]]:  # fmt: skip
        """Tries of instruments, each given with its merchant account, that were declined or have no verdict yet."""
        found: dict[Pair, list[Tried]] = defaultdict(list)
        wanted = select(
            attempts.c.merchant_account,
            attempts.c.instrument,
            attempts.c.promised_at,
            attempts.c.amount,
            attempts.c.advice,
        ).where(
            attempts.c.organisation == organisation,
            attempts.c.instrument.in_({one for _, one in instruments}),
            attempts.c.merchant_account.in_({account for account, _ in instruments}),
        )
        declined = wanted.where(attempts.c.state == "declined", attempts.c.promised_at > since)
        under_way = wanted.where(attempts.c.state.in_(["submitting", "unknown", "in_doubt"]))
        if instruments:
            for statement in (declined, under_way):
                for account, instrument, at, amount, advice in self.connection.execute(statement).all():
                    found[account, instrument].append(Tried(at=at, amount=amount, advice=advice))
        return found

    def waiting_items(self, wanted: Sequence[Pair], *, lock: bool = False) -> dict[Pair, ActionItem]:
        """The item that waits for a person, by (organisation, payment)."""
        if not wanted:
            return {}
        columns = ", ".join(f'i."{name}"' for name in loader.shape(ActionItem)[0])
        names = ("organisation", "payment")
        table = THINGS[ActionItem]
        found = self._execute(
            f"SELECT {columns} "
            f"FROM {recordset.unfold(table, {name: name for name in names}, self.dialect)} JOIN action_items i "
            "ON i.organisation = x.organisation AND i.payment = x.payment WHERE i.state IN ('open', 'retrying') "
            "AND i.refund = '' AND i.kind <> 'expiring_card'",
            [dict(zip(names, pair, strict=True)) for pair in sorted(wanted)],
            lock="i" if lock else "",
            thing=ActionItem,
        )
        return {(item.organisation, item.payment): item for item in (loader.build(ActionItem, row) for row in found)}

    def _execute(
        self, sql: str, rows: Sequence[dict[str, Any]], *, lock: str = "", thing: type | None = None
    ) -> Sequence[Any]:
        if lock and self.dialect == "postgresql":
            sql += f" FOR UPDATE OF {lock}"
        statement: Any = text(sql)
        if thing is not None:  # so that instants and JSON come back as what they are
            statement = statement.columns(*loader.columns(thing))
        return self.connection.execute(statement, {"rows": recordset.dumps(rows, self.dialect)}).all()
