"""A club to which a state machine may do anything: its past in a file of its own, its acts, its checks."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from domain.crediting import Penalty
from domain.instalment import Initial
from domain.invoice import TaxRate
from domain.refusal import Refusal
from domain.use_cases.cancel_purchase import HowMuch
from tests.use_cases.billing_checks import Checks
from tests.world import ORGANISATION, World

CLIENTS = ("c-1", "c-2")
QUEBEC = (TaxRate(code="GST", rate="5"), TaxRate(code="QST", rate="9.975"))
COMPOUND = (TaxRate(code="GST", rate="5"), TaxRate(code="PST", rate="7.5", compound=True))
TAXES = ((), QUEBEC, COMPOUND)

clients = st.sampled_from(CLIENTS)
amounts = st.one_of(st.integers(1, 300), st.integers(1_000, 30_000))
picks = st.integers(0, 1_000)
taxes = st.sampled_from(TAXES)
percents = st.sampled_from(["0.5", "10", "33.333", "50", "75", "100"])
lines = st.lists(st.tuples(st.one_of(amounts, st.just(0), st.integers(-500, -1)), taxes), min_size=1, max_size=4)
how_much = st.one_of(
    st.just(HowMuch(full=True)), percents.map(lambda one: HowMuch(percent=one)),
    amounts.map(lambda one: HowMuch(amount=one)),
)  # fmt: skip
cards = st.sampled_from(["pm", "poor", ""])  # one that pays, one that is declined, none: by cheque
initials = st.one_of(st.none(), percents.map(lambda one: Initial(percent=one)))
penalties = st.one_of(
    st.none(), st.builds(Penalty, amount=amounts, taxes=taxes), st.builds(Penalty, percent=percents, taxes=taxes),
)  # fmt: skip


class BillingClub(RuleBasedStateMachine):
    """The rules stand in the tests that derive from it."""

    migrated: Path
    counted: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="encaisse-billing-"))
        for file in self.migrated.parent.iterdir():
            shutil.copy(file, self.folder / file.name)
        self.world = World(f"sqlite:///{self.folder / self.migrated.name}", self.folder)
        self.checks = Checks(self.world)
        self.number = 0

    def teardown(self) -> None:
        self.world.close()
        shutil.rmtree(self.folder)

    # -- how it is told --------------------------------------------------------------------------

    @invariant()
    def the_ledger_is_exact(self) -> None:
        self.checks.all(CLIENTS if self.number else ())

    def act(self, how: Callable[..., Any], **asked: Any) -> Any:
        """What it answers, or None when it was refused; anything but a refusal is a bug."""
        try:
            made = self.world.books.run(lambda tx: how(tx, organisation=ORGANISATION, by="marie", **asked))
        except Refusal as refusal:
            self.counted[f"{how.__name__} {refusal.code}"] += 1
            return None
        self.counted[how.__name__] += 1
        return made

    def name(self, kind: str) -> str:
        self.number += 1
        return f"{kind}-{self.number}"

    def day(self, days: int) -> Any:
        return (self.world.now + timedelta(days=days)).date()

    def one(self, sql: str, pick: int) -> Any:
        found = sorted(self.checks.rows(sql))
        return found[pick % len(found)] if found else None


def taxed(amount: int, rates: tuple[TaxRate, ...]) -> list[int]:
    """Each tax by decimal arithmetic of its own, half-even to the cent (B6)."""
    found: list[int] = []
    for rate in rates:
        base = amount + (sum(found) if rate.compound else 0)
        exact = Decimal(base) * Decimal(rate.rate) / 100
        found.append(int(exact.quantize(Decimal(1), ROUND_HALF_EVEN)))
    return found
