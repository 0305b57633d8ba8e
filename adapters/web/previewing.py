"""Previewing: what an operation would change, told apart: postings, taxes, matches, planned payments, subscriptions."""

from typing import Any

from adapters.database.desk import Desk
from adapters.inbox.rehearsing import Rehearsed


def new(foreseen: Rehearsed[Desk]) -> dict[str, list[Any]]:
    """The postings that would come, by column."""
    known = {
        (column, line["kind"], line["id"])
        for column in ("revenue", "receipts")
        for line in foreseen.before.told[column]
    }
    return {
        column: [line for line in foreseen.after.told[column] if (column, line["kind"], line["id"]) not in known]
        for column in ("revenue", "receipts")
    }


def moved(foreseen: Rehearsed[Desk]) -> list[tuple[Any, Any]]:
    """Planned payments that would change, as (before or None, after): another amount, date, method or state."""
    before, after = foreseen.before.payments, foreseen.after.payments
    return [
        (before.get(id), one)
        for id, one in after.items()
        if one.plan is not None and (id not in before or _terms(before[id]) != _terms(one))
    ]


def details(foreseen: Rehearsed[Desk]) -> list[dict[str, Any]]:
    """What the new postings are made of: lines before taxes, a penalty that is kept, each tax."""
    before, after = foreseen.before, foreseen.after
    known = {one["credit"] for one in before.told["credits"]}
    found = [
        _part("line" if line.amount >= 0 else "less", line.amount, line.description)
        for id, bill in after.bills.items()
        if id not in before.bills
        for line in bill.lines
    ]
    found += [
        _part("tax", tax["amount"], tax["code"])
        for id, bill in after.bills.items()
        if id not in before.bills
        for line in bill.lines
        for tax in line.taxes
    ]
    for credit in after.told["credits"]:
        if credit["credit"] not in known:
            found.append(_part("net", credit["net"]))
            found += [_part("tax", tax["amount"], tax["code"]) for tax in credit["taxes"]]
            kept = sum(line["total"] for line in credit["lines"]) - credit["amount"]
            found += [_part("penalty", kept)] if credit["lines"] and kept > 0 else []
    return found


def _part(name: str, amount: int, what: str = "") -> dict[str, Any]:
    return {"part": name, "amount": amount, "what": what}


def matched(foreseen: Rehearsed[Desk]) -> dict[str, list[Any]]:
    """What would be matched that is not, and the other way round (B12)."""
    sides = [{(one["id"], one["to"]["line"]): one for one in side.told["allocations"]}
             for side in (foreseen.before, foreseen.after)]  # fmt: skip
    before, after = sides
    return {
        "made": [one for key, one in after.items() if key not in before],
        "undone": [one for key, one in before.items() if key not in after],
    }


def subscribed(foreseen: Rehearsed[Desk]) -> list[tuple[Any, Any]]:
    """Subscriptions that would be other than they are, as (before or None, after)."""
    before = foreseen.before.subscriptions
    return [(before.get(id), one) for id, one in foreseen.after.subscriptions.items() if before.get(id) != one]


def _terms(payment: Any) -> tuple[Any, ...]:
    return payment.amount, payment.due_on, payment.payment_method, payment.state
