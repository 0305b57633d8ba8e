"""What must hold of a ledger whatever was done to it: read by plain SQL, compared with what the statement says."""

import json
from collections import Counter
from datetime import date
from typing import Any

from adapters.database.invariants import broken
from adapters.database.items import find_items
from adapters.database.reports import AGES, REPORTS, report
from adapters.database.statements import statement
from domain.ledger import SIGN
from tests.world import ORGANISATION, World

POSTED = {  # what may never change once it is there
    "ledger_transactions": "SELECT * FROM ledger_transactions",
    "ledger_entries": "SELECT * FROM ledger_entries",
    "credits": "SELECT * FROM credits",
    "invoice_lines": "SELECT invoice, line, description, quantity, amount, taxes, tax, payable FROM invoice_lines",
}


class Checks:
    """Looks at a world after each step; remembers what was posted before."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.posted: dict[str, set[str]] = {}

    def all(self, clients: tuple[str, ...]) -> None:
        self.every_invariant_holds()
        self.nothing_posted_has_changed()
        for client in clients:
            self.balance_is_the_two_columns(client)
            self.what_is_left_and_open_makes_the_balance(client)
        self.lines_are_credited_once()
        self.plans_ask_for_what_is_open()
        self.reports_agree_with_the_ledger()
        with self.world.books.begin(read_only=True) as tx:
            find_items(tx, organisation=ORGANISATION)

    def every_invariant_holds(self) -> None:
        with self.world.books.begin(read_only=True) as tx:
            assert {name: rows for name, rows in broken(tx).items() if rows and not name.startswith("no_")} == {}

    def nothing_posted_has_changed(self) -> None:
        """B2: every row that was there is there still, byte for byte."""
        for table, sql in POSTED.items():
            now = {repr(row) for row in self.rows(sql)}
            assert self.posted.get(table, set()) <= now, table
            self.posted[table] = now

    def balance_is_the_two_columns(self, client: str) -> None:
        """B1, B13: and of the ledger's own receivable account."""
        with self.world.books.begin(read_only=True) as tx:
            told = statement(tx, ORGANISATION, client)
        columns = sum(SIGN[line["kind"]] * line["amount"] for line in told["revenue"] + told["receipts"])
        owed = self.rows(f"""SELECT coalesce(sum(e.amount), 0) FROM ledger_entries e
            JOIN ledger_transactions t ON t.id = e.transaction_id
            WHERE t.client = '{client}' AND e.account = 'receivable'""")
        assert told["balance"] == columns == owed[0][0]
        planned = sum(one["amount"] for one in told["upcoming"] if one["state"] != "failed")
        assert told["expected_balance"] == told["balance"] - planned

    def what_is_left_and_open_makes_the_balance(self, client: str) -> None:
        """B12: no cent is lost between what is open on lines and what is left of payments and credits. A refund
        of money that a bank took back later stays owed."""
        with self.world.books.begin(read_only=True) as tx:
            left = sum(one.left for one in tx.account(ORGANISATION, client).sources)
            assert all(one.left > 0 for one in tx.account(ORGANISATION, client).sources)
            balance = tx.balance(ORGANISATION, client)
        opened = self.rows(f"""SELECT coalesce(sum(l.payable - l.allocated), 0) FROM invoice_lines l
            JOIN invoices i ON i.id = l.invoice WHERE i.client = '{client}'""")
        given = self.rows(f"""SELECT coalesce(sum(c.amount), 0) FROM consumptions c
            JOIN payments p ON p.id = c.source WHERE p.client = '{client}' AND p.state = 'reversed'""")
        assert balance == opened[0][0] + given[0][0] - left

    def lines_are_credited_once(self) -> None:
        """B10: cancelled bit by bit, a line and each of its taxes are credited once at most."""
        credited: Counter[tuple[str, str]] = Counter()
        taxed: Counter[tuple[str, str, str]] = Counter()
        for invoice, lines in self.rows("SELECT invoice, lines FROM credits WHERE invoice IS NOT NULL"):
            for part in json.loads(lines):
                credited[invoice, part["line"]] += part["total"]
                for tax in part["taxes"]:
                    taxed[invoice, part["line"], tax["code"]] += tax["amount"]
        for invoice, line, payable, taxes in self.rows("SELECT invoice, line, payable, taxes FROM invoice_lines"):
            assert 0 <= credited[invoice, line] <= payable
            for tax in json.loads(taxes):
                assert taxed[invoice, line, tax["code"]] <= max(tax["amount"], 0)
            if payable and credited[invoice, line] == payable:
                kept = sum(taxed[invoice, line, tax["code"]] for tax in json.loads(taxes))
                assert kept <= payable

    def plans_ask_for_what_is_open(self) -> None:
        """I8: what is planned never exceeds what is open on the lines of its plan."""
        planned = dict(
            self.rows("""SELECT plan, sum(amount) FROM payments
            WHERE plan IS NOT NULL AND state IN ('scheduled', 'held') GROUP BY plan""")
        )
        opened = {
            (i, line): left
            for i, line, left in self.rows("SELECT invoice, line, payable - allocated FROM invoice_lines")
        }
        for plan, invoice, lines in self.rows("SELECT id, invoice, lines FROM plans"):
            assert planned.get(plan, 0) <= sum(opened[invoice, line] for line in json.loads(lines)), plan

    def reports_agree_with_the_ledger(self) -> None:
        """P4: to the cent, whatever was reversed, transferred or cancelled."""
        period: dict[str, Any] = {"since": date(2020, 1, 1), "until": date(2040, 1, 1)}
        with self.world.books.begin(read_only=True) as tx:
            told = {name: report(tx, ORGANISATION, name, **period) for name in REPORTS}
            owed = {row["client"]: row["balance"] for row in told["receivables"]["rows"]}
            assert all(tx.balance(ORGANISATION, client) == balance for client, balance in owed.items())
        entries = dict(self.rows("SELECT account, -sum(amount) FROM ledger_entries GROUP BY account"))
        for row in told["revenue"]["rows"]:
            assert row["net"] == entries.pop(f"{row['kind']}:{row['code']}")
        receivable = -entries.pop("receivable", 0)
        assert told["receipts"]["totals"]["net"] == -sum(entries.values())  # what is left is money held somewhere
        assert told["revenue"]["totals"]["net"] - told["receipts"]["totals"]["net"] == receivable
        assert told["receivables"]["totals"]["balance"] == receivable
        opened = self.rows("SELECT coalesce(sum(payable - allocated), 0) FROM invoice_lines")[0][0]
        sums = told["receivables"]["totals"]
        assert sum(sums[name] for name in (*AGES, "planned")) == opened
        plans = self.rows("SELECT coalesce(sum(amount), 0) FROM payments WHERE plan IS NOT NULL")[0][0]
        assert told["planned"]["totals"]["amount"] == plans

    def rows(self, sql: str) -> list[Any]:
        with self.world.books.begin(read_only=True) as tx:
            return [tuple(row) for row in tx.connection.exec_driver_sql(sql).all()]
