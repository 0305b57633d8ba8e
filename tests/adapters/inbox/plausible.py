"""Plausible commands: every type, over so few ids that they meet, collide and refuse each other."""

from random import Random
from typing import Any

from tests.adapters.office import envelope

CLIENTS = ("c-1", "c-2", "c-3")
INVOICES = ("i-1", "i-2", "i-3", "i-4")
PAYMENTS = ("p-1", "p-2", "p-3", "p-4")
CREDITS = ("k-1", "k-2", "k-3")
REFUNDS = ("r-1", "r-2")
ALLOCATIONS = ("a-1", "a-2")
METHODS = ("pm-1", "pm-2")
PLANS = ("pl-1", "pl-2", "pl-3")
FUNDS = ("f-1",)
LINES = ("l1", "l2")
AMOUNTS = (500, 1_000, 2_500, 10_000)


def plausible(random: Random) -> dict[str, Any]:
    """One command; most are carried out, a good part is refused by a rule."""
    act = random.choice(list(ACTS))
    data = ACTS[act](random)
    if random.random() < 0.1:
        data["by"] = random.choice(("marie", "nobody", "bookshop"))
    return envelope(act, **data)


def _client(random: Random) -> str:
    return random.choice(CLIENTS)


def _amount(random: Random) -> int:
    return random.choice(AMOUNTS)


def _lines(random: Random) -> list[dict[str, Any]]:
    taxes = [{"code": "GST", "rate": "5"}] if random.random() < 0.3 else []
    names = LINES[: random.choice((1, 2))]
    return [{"line": name, "description": name, "amount": _amount(random), "taxes": taxes} for name in names]


def _payment(random: Random) -> dict[str, Any]:
    data: dict[str, Any] = {"client": _client(random), "payment": random.choice(PAYMENTS), "amount": _amount(random)}
    if random.random() < 0.2:
        data["payment_method"] = random.choice(METHODS)
    else:
        data["offline"] = random.choice(("cash", "cheque"))
    if random.random() < 0.6:
        data["invoice"] = random.choice(INVOICES)
        data["use_credit"] = random.random() < 0.3
    return data


def _plan(random: Random) -> dict[str, Any]:
    return {
        "client": _client(random), "plan": random.choice(PLANS), "invoice": random.choice(INVOICES),
        "offline": "cheque", "total": _amount(random), "schedule": {"every": "month", "count": 2, "from": "2040-01-31"},
    }  # fmt: skip


def _cancellation(random: Random) -> dict[str, Any]:
    data = {
        "client": _client(random), "invoice": random.choice(INVOICES), "lines": [random.choice(LINES)],
        "credit": random.choice(({"full": True}, {"percent": "50"}, {"amount": 300})),
    }  # fmt: skip
    if random.random() < 0.3:
        data["penalty"] = {"amount": 100}
    return data


def _allocation(random: Random) -> dict[str, Any]:
    money = {"payment": random.choice(PAYMENTS)} if random.random() < 0.5 else {"credit": random.choice(CREDITS)}
    return {
        "client": _client(random), "allocation": random.choice(ALLOCATIONS), "from": money,
        "to": {"invoice": random.choice(INVOICES)}, "amount": _amount(random),
    }  # fmt: skip


# fmt: off
ACTS: dict[str, Any] = {
    "client.register": lambda r: {"client": _client(r), "name": r.choice(("Ada", "Bo")), "email": "a@example.org", "language": r.choice(("en", "fr"))},  # noqa: E501
    "payment_method.register": lambda r: {"client": _client(r), "payment_method": r.choice(METHODS), "kind": "card", "merchant_account": "main", "token": "tok_approve"},  # noqa: E501
    "invoice.create": lambda r: {"client": _client(r), "invoice": r.choice(INVOICES), "lines": _lines(r)},
    "credit.create": lambda r: {"client": _client(r), "credit": r.choice(CREDITS), "amount": _amount(r), "tax_mode": "waived"},  # noqa: E501
    "payment.make": _payment,
    "payment.cancel": lambda r: {"payment": r.choice(PAYMENTS)},
    "instalment_plan.create": _plan,
    "purchase.cancel": _cancellation,
    "purchase.replace": lambda r: {"client": _client(r), "invoice": r.choice(INVOICES), "line": "l1", "with": {"line": "n1", "description": "New", "amount": _amount(r)}},  # noqa: E501
    "refund.record": lambda r: {"client": _client(r), "refund": r.choice(REFUNDS), "amount": _amount(r), "offline": "cash"},  # noqa: E501
    "refund.request": lambda r: {"refund": r.choice(REFUNDS), "payment": r.choice(PAYMENTS), "amount": _amount(r)},
    "refund.cancel": lambda r: {"refund": r.choice(REFUNDS)},
    "account.reconcile": lambda r: {"client": _client(r)},
    "allocation.create": _allocation,
    "allocation.delete": lambda r: {"client": _client(r), "allocation": r.choice(ALLOCATIONS)},
    "scholarship.open": lambda r: {"fund": r.choice(FUNDS), "amount": 50_000},
    "scholarship.award": lambda r: {"fund": r.choice(FUNDS), "client": _client(r), "amount": _amount(r), "invoice": r.choice(INVOICES)},  # noqa: E501
}
# fmt: on
