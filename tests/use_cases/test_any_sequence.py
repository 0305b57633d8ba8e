"""Any sequence of nights, waits and people: the three books agree after every step.

The simulator's journal, the ledger, and payments with their attempts and items are compared by plain SQL: never
through the code that wrote them.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)  # fmt: skip

from domain.refusal import Refusal
from domain.use_cases.act_on_item import ask_again, reject_item, reopen_item, retry_item, settle_item
from tests.world import ORGANISATION, World

CLIENTS = ("c-1", "c-2")
MAX_RUNGS = 40  # more than any ladder has, with its repeated sends
TOKENS = (
    "tok_approve", "tok_insufficient_funds", "tok_lost_card", "tok_revoked", "tok_timeout_after_charge",
    "tok_timeout_before_charge", "tok_500_then_approve", "tok_garbage", "tok_expired_card",
)  # fmt: skip
# In which state the item of a payment may be, by the state of the payment.
# fmt: off
ITEM_OF = {
    "failed":     {"open", "rejected"},
    "due":        {"retrying"},
    "submitting": {"retrying"},
    "unknown":    {"retrying"},
    "in_doubt":   {"open"},
    "paid":       {"resolved"},
    "cancelled":  {"resolved"},
}
# fmt: on

tokens = st.sampled_from(TOKENS)
clients = st.sampled_from(CLIENTS)
amounts = st.integers(min_value=100, max_value=30_000)
picks = st.integers(min_value=0, max_value=1_000)
firsts = st.integers(min_value=-20, max_value=3)
counts = st.integers(min_value=1, max_value=3)


class AnySequence(RuleBasedStateMachine):
    """A club in which anything that can be asked for is asked for, in any order."""

    migrated: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="encaisse-sequence-"))
        for file in self.migrated.parent.iterdir():
            shutil.copy(file, self.folder / file.name)
        self.world = World(f"sqlite:///{self.folder / self.migrated.name}", self.folder)
        self.refused: Counter[str] = Counter()

    def teardown(self) -> None:
        try:
            self.end()
            self.the_books_agree()
        finally:
            self.world.close()
            shutil.rmtree(self.folder)

    def end(self) -> None:
        """Once nothing is asked for any more, everything comes to rest: done, or on a person's screen (INV-10)."""
        for _ in range(2):
            self.world.night()
            self.climb()
        assert self.rows("SELECT id, state FROM payments WHERE state IN ('submitting', 'unknown')") == []
        through = max(day for (day,) in self.rows("SELECT max(business_date) FROM runs"))
        # What a payment in doubt may leave to be paid waits for the person who settles it (I8).
        forgotten = self.rows(f"""SELECT id, state FROM payments p
            WHERE (state = 'due' OR (state = 'scheduled' AND due_on <= '{through}'))
            AND NOT EXISTS (SELECT 1 FROM payments o WHERE o.invoice = p.invoice AND o.state = 'in_doubt')""")
        assert forgotten == []
        assert [fields for event, fields in self.world.logged if event == "attempt.not_recorded"] == []

    def climb(self) -> None:
        for _ in range(MAX_RUNGS):
            if not self.rows("SELECT 1 FROM attempts WHERE next_at IS NOT NULL"):
                break
            self.world.wait(seconds=31)
            self.world.work()

    # -- what happens ----------------------------------------------------------------------------

    @initialize(plans=st.lists(st.tuples(clients, tokens, amounts, firsts, counts), min_size=3, max_size=6))
    def begin(self, plans: list[tuple[str, str, int, int, int]]) -> None:
        self.world.organisation()
        for client in CLIENTS:
            self.world.client(client)
        for plan in plans:
            self._owe(*plan)
        self.world.night()

    @rule(plan=st.tuples(clients, tokens, amounts, firsts, counts))
    def owe(self, plan: tuple[str, str, int, int, int]) -> None:
        self._owe(*plan)

    def _owe(self, client: str, token: str, amount: int, first: int, count: int) -> None:
        dates = [(self.world.now + timedelta(days=first + 2 * number)).date() for number in range(count)]
        invoice = self.world.invoice(amount, client=client)
        self.world.plan(self.world.card(token, client=client), invoice, amount, dates, client=client)

    @rule(days=st.integers(1, 4))
    def night(self, days: int) -> None:
        self.world.night(days=days)

    @rule(seconds=st.sampled_from([1, 2, 5, 31]))
    def wait_and_work(self, seconds: int) -> None:
        self.world.wait(seconds=seconds)
        self.world.work()

    @precondition(lambda self: self.has("state = 'open'"))
    @rule(pick=picks, token=st.one_of(st.none(), tokens), work=st.booleans())
    def retry(self, pick: int, token: str | None, work: bool) -> None:
        if item := self.one_of("SELECT id, client FROM action_items", pick):
            card = self.world.card(token, client=item[1]) if token else None
            self.act(retry_item, item=item[0], payment_method=card)
            if work:
                self.world.work()

    @precondition(lambda self: self.has("state = 'open'"))
    @rule(pick=picks)
    def reject(self, pick: int) -> None:
        if item := self.one_of("SELECT id FROM action_items", pick):
            self.act(reject_item, item=item[0], reason="moved away")

    @precondition(lambda self: self.has("state = 'rejected'"))
    @rule(pick=picks)
    def reopen(self, pick: int) -> None:
        if item := self.one_of("SELECT id FROM action_items WHERE state = 'rejected'", pick):
            self.act(reopen_item, item=item[0])

    @precondition(lambda self: self.has("kind = 'in_doubt'"))
    @rule(pick=picks)
    def ask_again(self, pick: int) -> None:
        if item := self.one_of("SELECT id FROM action_items WHERE kind = 'in_doubt'", pick):
            self.act(ask_again, item=item[0])

    @precondition(lambda self: self.has("kind = 'in_doubt' AND state = 'open'"))
    @rule(pick=picks)
    def settle(self, pick: int) -> None:
        """A person who has looked at the processor's own screen says what is true."""
        item = self.one_of("SELECT id, payment FROM action_items WHERE kind = 'in_doubt' AND state = 'open'", pick)
        if item:
            keys = {key for (key,) in self.rows(f"SELECT key FROM attempts WHERE payment = '{item[1]}'")}
            paid = bool(keys & self.captured().keys())
            told = {"outcome": "paid" if paid else "not_paid", "reference": "seen", "reason": "looked"}
            self.act(settle_item, item=item[0], **told)

    @rule(pick=picks, amount=amounts, token=st.one_of(st.none(), tokens), named=st.booleans())
    def pay(self, pick: int, amount: int, token: str | None, named: bool) -> None:
        if invoice := self.one_of("SELECT id, client FROM invoices", pick):
            card = self.world.card(token, client=invoice[1]) if token else None
            self.world.pay(
                amount, client=invoice[1], invoice=invoice[0] if named else None, payment_method=card,
                offline=None if card else "cash",
            )  # fmt: skip

    def act(self, how: Any, **asked: Any) -> None:
        try:
            self.world.books.run(lambda tx: how(tx, organisation=ORGANISATION, by="marie", **asked))
        except Refusal as refusal:
            self.refused[refusal.code] += 1

    # -- what must hold --------------------------------------------------------------------------

    @invariant()
    def the_books_agree(self) -> None:
        self.ledger_is_balanced()
        self.allocations_fit_both_sides()
        self.money_that_moved_is_posted_once()
        self.every_failure_has_its_item()

    def ledger_is_balanced(self) -> None:
        """INV-3, INV-5: each transaction sums to zero, and the columns make the balance."""
        assert self.rows("SELECT transaction_id FROM ledger_entries GROUP BY 1 HAVING sum(amount) <> 0") == []
        assert (
            self.rows("""SELECT t.client FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
            WHERE e.account = 'receivable' GROUP BY t.client
            HAVING sum(e.amount) <> sum(CASE t.kind WHEN 'invoice' THEN t.amount ELSE -t.amount END)""")
            == []
        )

    def allocations_fit_both_sides(self) -> None:
        """B12: a line is covered by its allocations, none exceeds its payment or its line."""
        assert (
            self.rows("""SELECT l.invoice FROM invoice_lines l LEFT JOIN allocations a
            ON a.invoice = l.invoice AND a.line = l.line GROUP BY l.invoice, l.line
            HAVING coalesce(sum(a.amount), 0) <> l.allocated OR l.allocated > l.payable""")
            == []
        )
        assert (
            self.rows("""SELECT a.source FROM allocations a LEFT JOIN ledger_transactions t
            ON t.kind = 'payment' AND t.subject = a.source GROUP BY a.source
            HAVING t.amount IS NULL OR sum(a.amount) > t.amount""")
            == []
        )

    def money_that_moved_is_posted_once(self) -> None:
        """INV-1, INV-2, INV-7: what the journal captured is posted, or under way; nothing else is."""
        captured = self.captured()
        attempts = {row[0]: row[1:] for row in self.rows("SELECT key, payment, amount, state FROM attempts")}
        assert set(captured) <= set(attempts)
        approved = {key: amount for key, (_, amount, state) in attempts.items() if state == "approved"}
        flying = {key for key, (_, _, state) in attempts.items() if state in ("submitting", "unknown", "in_doubt")}
        assert {key: amount for key, amount in captured.items() if key not in flying} == approved
        per_payment = Counter(attempts[key][0] for key in captured)
        assert set(per_payment.values()) <= {1}
        posted = self.rows("SELECT subject, amount FROM ledger_transactions WHERE kind = 'payment' AND method = 'card'")
        assert Counter(posted) == Counter((attempts[key][0], amount) for key, amount in approved.items())
        bound = {(line["key"], line["parameters"]) for line in self.world.journal() if line["operation"] == "charge"}
        assert len(bound) == len({key for key, _ in bound})

    def every_failure_has_its_item(self) -> None:
        """INV-9, INV-11: a failed instalment has exactly one item, in a state that fits its payment's."""
        found = self.rows("""SELECT p.id, p.kind, p.state, i.state FROM payments p
            LEFT JOIN action_items i ON i.payment = p.id""")
        per_payment = Counter(id for id, *_ in found)
        assert set(per_payment.values()) <= {1}
        for id, kind, state, item in found:
            if item is not None:
                assert item in ITEM_OF.get(state, set()), (id, state, item)
            else:
                assert state not in ("in_doubt", *(["failed"] if kind == "instalment" else [])), (id, kind, state)

    # -- looking ---------------------------------------------------------------------------------

    def captured(self) -> dict[str, int]:
        lines = [line for line in self.world.journal() if line["effect"] == "captured"]
        keys = [line["key"] for line in lines]
        assert len(keys) == len(set(keys)), "one key moved money twice"
        return {line["key"]: line["amount"] for line in lines}

    def rows(self, sql: str) -> list[Any]:
        with self.world.books.begin(read_only=True) as tx:
            return [tuple(row) for row in tx.connection.exec_driver_sql(sql).all()]

    def has(self, items: str) -> bool:
        return bool(self.rows(f"SELECT 1 FROM action_items WHERE {items} LIMIT 1"))

    def one_of(self, sql: str, pick: int) -> Sequence[Any] | None:
        found = self.rows(f"{sql} ORDER BY id")
        return found[pick % len(found)] if found else None


def _run(migrated: Path, examples: int, steps: int) -> None:
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )
    started = type("AnySequence", (AnySequence,), {"migrated": migrated})
    run_state_machine_as_test(started, settings=chosen)


def test_INV1_INV2_INV3_INV11_the_books_agree_after_any_sequence(migrated_sqlite_file: Path) -> None:
    _run(migrated_sqlite_file, examples=8, steps=16)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_INV1_INV2_INV3_INV11_the_books_agree_after_any_of_many_long_sequences(
    migrated_sqlite_file: Path,
) -> None:
    _run(migrated_sqlite_file, examples=60, steps=50)
