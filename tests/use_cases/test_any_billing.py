"""Any sequence of what can be done to a client's account: after every step the ledger is exact to the cent (B1-B17)."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from domain.credit import TaxMode
from domain.crediting import Penalty
from domain.instalment import Initial, Schedule
from domain.invoice import AskedLine, TaxRate
from domain.use_cases.act_on_item import reject_item, retry_item
from domain.use_cases.cancel_payment import cancel_payment
from domain.use_cases.cancel_purchase import AskedRefund, HowMuch, cancel_purchase
from domain.use_cases.create_credit import create_credit
from domain.use_cases.create_invoice import create_invoice
from domain.use_cases.handle_cheque import bounce_cheque, deposit_cheque
from domain.use_cases.make_payment import make_payment
from domain.use_cases.match_money import create_allocation, delete_allocation, reconcile_account
from domain.use_cases.plan_instalments import cancel_instalments, change_instalments, create_plan
from domain.use_cases.refund_money import cancel_refund, record_refund, request_refund
from domain.use_cases.replace_purchase import replace_purchase
from domain.use_cases.scholarships import award_scholarship
from domain.use_cases.scholarships import open_scholarship as open_fund
from tests.use_cases.billing_club import (
    CLIENTS,
    BillingClub,
    amounts,
    cards,
    clients,
    how_much,
    initials,
    lines,
    penalties,
    picks,
    taxed,
    taxes,
)


class AnyBilling(BillingClub):
    """A club whose administrators do anything, in any order, sensible or not."""

    @initialize(follows=st.booleans(), asked=st.lists(st.tuples(clients, lines), min_size=1, max_size=3))
    def begin(self, follows: bool, asked: list[Any]) -> None:
        self.world.organisation(cancel_instalments_with_purchase=follows)
        for client in CLIENTS:
            self.world.client(client)
            self.world.card(client=client, id=f"pm-{client}")
            self.world.card("tok_insufficient_funds", client=client, id=f"poor-{client}")
        self.act(open_fund, fund="fund", amount=20_000)
        for client, its in asked:
            self.invoice(client, its)

    # -- what is bought and paid -----------------------------------------------------------------

    @rule(client=clients, its=lines)
    def invoice(self, client: str, its: list[Any]) -> None:
        asked = [
            AskedLine(line=f"l{n}", description="x", amount=one, taxes=rates) for n, (one, rates) in enumerate(its)
        ]
        made = self.act(create_invoice, client=client, id=self.name("inv"), lines=asked)
        if made:
            assert made["total"] == sum(one + sum(taxed(one, rates)) for one, rates in its)

    @rule(
        client=clients, amount=amounts, pick=picks, named=st.booleans(), use_credit=st.booleans(),
        how=st.sampled_from(["cash", "cheque", "external", "card"]),
    )  # fmt: skip
    def pay(self, client: str, amount: int, pick: int, named: bool, use_credit: bool, how: str) -> None:
        invoice = self.one(f"SELECT id FROM invoices WHERE client = '{client}'", pick)
        by: dict[str, Any] = {"payment_method": f"pm-{client}"} if how == "card" else {"offline": how}
        self.act(
            make_payment, client=client, payment=self.name("p"), amount=amount, use_credit=use_credit and named,
            invoice=invoice[0] if named and invoice else None, **by,
        )  # fmt: skip
        self.world.work()

    @rule(
        pick=picks, line=st.booleans(), count=st.integers(1, 4), first=st.integers(0, 3), card=cards, initial=initials
    )
    def plan(self, pick: int, line: bool, count: int, first: int, card: str, initial: Initial | None) -> None:
        found = self.one(
            """SELECT i.id, i.client, l.line, l.payable - l.allocated,
            (SELECT sum(payable - allocated) FROM invoice_lines w WHERE w.invoice = i.id) FROM invoices i
            JOIN invoice_lines l ON l.invoice = i.id WHERE l.payable > l.allocated""",
            pick,
        )
        if found is None:
            return
        invoice, client, name, left, whole = found
        total = left if line else whole
        made = self.act(
            create_plan, client=client, plan=self.name("plan"), invoice=invoice, lines=[name] if line else None,
            payment_method=f"{card}-{client}" if card else None, offline=None if card else "cheque", total=total,
            initial=initial, schedule=Schedule(every="month", count=count, start=self.day(first)),
        )  # fmt: skip
        if made:
            parts = [one["amount"] for one in made["instalments"]]
            assert sum(parts) == total
            even = parts[1:] if initial else parts
            assert max(even) - min(even) <= 1
            assert even == sorted(even, reverse=True)
        self.world.work()

    @rule(pick=picks, move=st.booleans())
    def change_a_plan(self, pick: int, move: bool) -> None:
        if found := self.one("SELECT id FROM payments WHERE plan IS NOT NULL", pick):
            how: Callable[..., Any] = change_instalments if move else cancel_instalments
            more = {"day": self.day(2), "amount": None, "payment_method": None} if move else {}
            self.act(how, instalments=[found[0]], **more)

    @rule(pick=picks, deposit=st.booleans())
    def handle_a_cheque(self, pick: int, deposit: bool) -> None:
        if found := self.one(
            """SELECT id FROM payments WHERE plan IS NOT NULL AND offline = 'cheque'
            AND state IN ('scheduled', 'paid', 'failed')""",
            pick,
        ):
            self.act(deposit_cheque if deposit else bounce_cheque, instalment=found[0])

    @rule(pick=picks, retry=st.booleans())
    def handle_an_item(self, pick: int, retry: bool) -> None:
        if found := self.one("SELECT id, client FROM action_items WHERE state = 'open'", pick):
            if retry:
                self.act(retry_item, item=found[0], payment_method=f"pm-{found[1]}")
            else:
                self.act(reject_item, item=found[0], reason="moved away")
            self.world.work()

    @rule(days=st.integers(1, 40))
    def night(self, days: int) -> None:
        self.world.night(days=days)

    @rule(client=clients, amount=amounts, pick=picks, named=st.booleans())
    def award(self, client: str, amount: int, pick: int, named: bool) -> None:
        invoice = self.one(f"SELECT id FROM invoices WHERE client = '{client}'", pick) if named else None
        self.act(award_scholarship, fund="fund", client=client, amount=amount, invoice=invoice[0] if invoice else None)

    # -- what is corrected -----------------------------------------------------------------------

    @rule(client=clients, amount=amounts, rates=taxes, mode=st.sampled_from(TaxMode))
    def credit(self, client: str, amount: int, rates: tuple[TaxRate, ...], mode: TaxMode) -> None:
        made = self.act(create_credit, client=client, id=None, amount=amount, rates=rates, tax_mode=mode)
        added = sum(taxed(amount, rates)) if mode is TaxMode.ADDED else 0
        assert made is None or made["amount"] == amount + added

    @rule(pick=picks)
    def cancel_a_payment(self, pick: int) -> None:
        if found := self.one("SELECT id FROM payments WHERE state = 'paid'", pick):
            self.act(cancel_payment, payment=found[0])

    @rule(pick=picks, mask=st.integers(1, 15), how=how_much, penalty=penalties, refund=st.one_of(st.none(), amounts),
          paid=picks)  # fmt: skip
    def cancel_a_purchase(
        self, pick: int, mask: int, how: HowMuch, penalty: Penalty | None, refund: int | None, paid: int
    ) -> None:
        if (found := self.one("SELECT id, client FROM invoices", pick)) is None:
            return
        names = [line for (line,) in self.checks.rows(f"SELECT line FROM invoice_lines WHERE invoice = '{found[0]}'")]
        chosen = [name for place, name in enumerate(names) if mask >> place & 1]
        card = self.one(f"SELECT id FROM payments WHERE client = '{found[1]}' AND state = 'paid'", paid)
        refunds = [AskedRefund(payment=card[0], amount=refund)] if card and refund else []
        made = self.act(
            cancel_purchase, client=found[1], invoice=found[0], lines=chosen or names[:1], credit=how,
            penalty=penalty, credit_note=None, refunds=refunds,
        )  # fmt: skip
        if made and refunds:
            assert self.world.balance(found[1]) <= 0

    @rule(pick=picks, amount=amounts, rates=taxes)
    def replace(self, pick: int, amount: int, rates: tuple[TaxRate, ...]) -> None:
        if found := self.one(
            "SELECT i.id, i.client, l.line FROM invoices i JOIN invoice_lines l ON l.invoice = i.id", pick
        ):
            new = AskedLine(line="new", description="y", amount=amount, taxes=rates)
            self.act(
                replace_purchase, client=found[1], invoice=found[0], line=found[2], new=new,
                new_invoice=self.name("inv"),
            )  # fmt: skip

    # -- what is given back and matched ----------------------------------------------------------

    @rule(pick=picks, amount=amounts)
    def ask_for_a_refund(self, pick: int, amount: int) -> None:
        found = self.one("SELECT id, client FROM payments WHERE offline IS NULL AND state = 'paid'", pick)
        if found is None:
            return
        owed = -self.world.balance(found[1])
        asked = min(amount, owed) if owed > 0 else amount
        if self.act(request_refund, refund=None, payment=found[0], amount=asked):
            assert self.world.balance(found[1]) <= 0

    @rule(client=clients, amount=amounts, some=st.booleans(), all_of_it=st.booleans())
    def record_a_refund(self, client: str, amount: int, some: bool, all_of_it: bool) -> None:
        """What the account is owed goes back, and not a cent more (R2, R3)."""
        owed = -self.world.balance(client)
        asked = owed if all_of_it and owed > 0 else amount
        made = self.act(record_refund, client=client, refund=None, amount=asked, offline="cash", credits=None)
        assert (made is not None) == (0 < asked <= owed)

    @rule(pick=picks)
    def cancel_a_refund(self, pick: int) -> None:
        if found := self.one("SELECT id FROM refunds", pick):
            self.act(cancel_refund, refund=found[0])

    @rule(client=clients)
    def reconcile(self, client: str) -> None:
        self.act(reconcile_account, client=client)
        assert self.act(reconcile_account, client=client)["matched"] == 0

    @rule(pick=picks, source=picks, amount=amounts)
    def allocate(self, pick: int, source: int, amount: int) -> None:
        invoice = self.one(
            """SELECT i.id, i.client, sum(l.payable - l.allocated) FROM invoices i
            JOIN invoice_lines l ON l.invoice = i.id GROUP BY i.id, i.client""",
            pick,
        )
        money = self.one("SELECT kind, subject FROM ledger_transactions WHERE kind IN ('payment', 'credit')", source)
        if invoice and money:
            asked = min(amount, invoice[2]) or amount
            for part in (asked, max(asked // 3, 1)):
                self.act(
                    create_allocation, client=invoice[1], allocation=None, source_kind=money[0], source=money[1],
                    invoice=invoice[0], line=None, amount=part,
                )  # fmt: skip

    @rule(pick=picks)
    def unallocate(self, pick: int) -> None:
        if found := self.one("SELECT DISTINCT id, client FROM allocations", pick):
            self.act(delete_allocation, client=found[1], allocation=found[0])


def _run(migrated: Path, examples: int, steps: int) -> Counter[str]:
    counted: Counter[str] = Counter()
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )
    started = type("AnyBilling", (AnyBilling,), {"migrated": migrated, "counted": counted})
    run_state_machine_as_test(started, settings=chosen)
    return counted


def test_B1_B2_B3_B12_the_ledger_is_exact_after_any_billing(migrated_sqlite_file: Path) -> None:
    _run(migrated_sqlite_file, examples=8, steps=20)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_B1_B2_B3_B12_the_ledger_is_exact_after_any_of_many_long_sequences(migrated_sqlite_file: Path) -> None:
    _run(migrated_sqlite_file, examples=150, steps=60)
