"""The flows of a client's billing: what each operation begins from, what is typed, what it does to the balance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tests.browser.club import TODAY, Told

NEXT_YEAR = date(2027, 1, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """`row` is the element to unfold on the client's page, where the menu is not the way; `{c}` is the client's id.
    An integer is an amount, typed as the language writes it. `balance` is how many cents the balance moves."""

    name: str
    balance: int
    typed: Mapping[str, str | int | bool] = field(default_factory=dict)
    row: str = ""
    client: str = "owing"
    ticks_upcoming: bool = False


def owing(client: str) -> list[Told]:
    """Owes an invoice, has paid a part of it, has money that is matched to nothing, a plan, cheques, a subscription."""
    lines = [
        {"line": "l1", "description": "Natation", "amount": 6_000},
        {"line": "l2", "description": "Maillot", "amount": 4_000},
    ]
    course = [{"line": "l1", "description": "Plongée", "amount": 9_000}]
    plan: dict[str, Any] = {"client": client, "total": 9_000, "schedule": {"every": "month", "count": 3}}
    plan["schedule"]["from"] = NEXT_YEAR.isoformat()
    return [
        ("invoice.create", {"client": client, "invoice": f"{client}-a", "lines": lines}),
        ("invoice.create", {"client": client, "invoice": f"{client}-b", "lines": course}),
        ("invoice.create", {"client": client, "invoice": f"{client}-c", "lines": course}),
        ("payment.make", {"client": client, "payment": f"{client}-card-paid", "amount": 1_000,
                          "payment_method": f"{client}-card", "invoice": f"{client}-a"}),
        ("payment.make", {"client": client, "payment": f"{client}-cash", "amount": 3_000, "offline": "cash"}),
        ("instalment_plan.create", {**plan, "plan": f"{client}-pb", "invoice": f"{client}-b",
                                    "payment_method": f"{client}-card"}),
        ("instalment_plan.create", {**plan, "plan": f"{client}-pc", "invoice": f"{client}-c", "offline": "cheque"}),
        ("subscription.start", {"client": client, "subscription": f"{client}-sub", "description": "Gymnase",
                                "amount": 4_500, "every": "month", "from": NEXT_YEAR.isoformat(),
                                "payment_method": f"{client}-card"}),
    ]  # fmt: skip


def owed(client: str) -> list[Told]:
    """Has a credit of 60.00 by card, of which 20.00 are on their way back."""
    return [
        ("payment.make", {"client": client, "payment": f"{client}-card-paid", "amount": 6_000,
                          "payment_method": f"{client}-card"}),
        ("refund.request", {"refund": f"{client}-back", "payment": f"{client}-card-paid", "amount": 2_000}),
    ]  # fmt: skip


def paused(client: str) -> list[Told]:
    """As who owes, with the subscription suspended."""
    return [
        *owing(client),
        ("subscription.suspend", {"subscription": f"{client}-sub", "from": NEXT_YEAR.isoformat()}),
    ]


CLIENTS = {"owing": owing, "owed": owed, "paused": paused}
BILL, CARD_PAID, CASH, BACK, PASS = "{c}-a", "{c}-card-paid-payment", "{c}-cash-payment", "{c}-back-refund", "{c}-sub"
LATER = (TODAY + timedelta(days=90)).isoformat()
# fmt: off
FLOWS = (
    Flow(name="payment", balance=-4_000, typed={"amount": 4_000, "invoice": "{c}-a", "how": "cash", "payer": "Papi"}),
    Flow(name="plan", balance=0, typed={"invoice": "{c}-a", "how": "{c}-card", "every": "month", "count": "3",
                                        "from": NEXT_YEAR.isoformat()}),
    Flow(name="invoice", balance=5_000, typed={"description_1": "Casque", "amount_1": 5_000, "note": "Prêté"}),
    Flow(name="credit", balance=-1_000, typed={"amount": 1_000, "tax_mode": "waived", "description": "Geste"}),
    Flow(name="cancel-purchase", balance=-3_500, row=BILL, typed={"lines": "l2", "penalty": 500}),
    Flow(name="replacement", balance=500, row=BILL, typed={"line": "l2", "description": "Palmes", "amount": 4_500}),
    Flow(name="record-refund", balance=1_000, client="owed", typed={"amount": 1_000, "offline": "cash"}),
    Flow(name="refund", balance=2_500, client="owed", row=CARD_PAID, typed={"amount": 2_500}),
    Flow(name="cancel-refund", balance=-2_000, client="owed", row=BACK),
    Flow(name="cancel-payment", balance=3_000, row=CASH),
    Flow(name="reconcile", balance=0),
    Flow(name="allocate", balance=0, typed={"from": "payment:{c}-cash", "to": "{c}-a", "amount": 1_500}),
    Flow(name="delete-allocation", balance=0, row=CARD_PAID),
    Flow(name="scholarship", balance=-2_000, typed={"fund": "rotary", "amount": 2_000, "invoice": "{c}-a"}),
    Flow(name="change-upcoming", balance=0, ticks_upcoming=True, typed={"date": LATER}),
    Flow(name="cancel-upcoming", balance=0, ticks_upcoming=True),
    Flow(name="change-method", balance=0, row="-", typed={"payment_method": "{c}-card-2"}),
    Flow(name="deposit-cheque", balance=-3_000, row="-"),
    Flow(name="bounce-cheque", balance=0, row="-"),
    Flow(name="start-subscription", balance=0, typed={"description": "Sauna", "amount": 2_000, "every": "month",
                                                      "from": NEXT_YEAR.isoformat(), "payment_method": "{c}-card"}),
    Flow(name="change-subscription", balance=0, row=PASS, typed={"amount": 4_900}),
    Flow(name="suspend-subscription", balance=0, row=PASS, typed={"since": NEXT_YEAR.isoformat(), "to_day": LATER}),
    Flow(name="resume-subscription", balance=0, client="paused", row=PASS, typed={"since": NEXT_YEAR.isoformat()}),
    Flow(name="cancel-subscription", balance=0, row=PASS),
)
# fmt: on
