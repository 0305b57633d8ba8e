"""An independent checker of money: reads the simulator's journal and the tables, and none of our code."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from pysqlite3 import dbapi2 as sqlite

CAPTURED = ("captured", "debited")
ON_THE_LADDER = ("submitting", "unknown")
MAY_BE_TAKEN = (*ON_THE_LADDER, "in_doubt")  # nobody knows yet


@dataclass
class Verdict:
    """What was found; `wrong` is empty when every cent and every failure is accounted for."""

    states: Counter[str] = field(default_factory=Counter)
    captured_minor: int = 0
    booked_minor: int = 0
    wrong: list[str] = field(default_factory=list)


def examine(url: str, journal: Path, *, settled: bool = True) -> Verdict:
    """`settled`: every instalment that was asked for must have come to its end."""
    verdict = Verdict()
    tables = _read(url)
    captures = _captures(journal)
    keys = defaultdict(list)
    for key, organisation, payment in tables["attempts"]:
        keys[organisation, payment].append(key)
    known = {key for found in keys.values() for key in found} | {key for (key,) in tables["echecks"]}
    verdict.wrong += [f"captured without an attempt: {key}" for key in captures if key not in known]
    postings = defaultdict(list)
    for organisation, subject, amount, legs in tables["postings"]:
        postings[organisation, subject].append((amount, legs))
    allocated = {(organisation, source): amount for organisation, source, amount in tables["allocations"]}
    items = defaultdict(list)
    for organisation, payment, kind, state in tables["items"]:
        items[organisation, payment].append((kind, state))
    for organisation, id, state, amount in tables["instalments"]:
        verdict.states[state] += 1
        name = (organisation, id)
        taken = [captures[key] for key in keys[name] if key in captures]
        verdict.captured_minor += sum(map(sum, taken))
        verdict.booked_minor += sum(amount for amount, _ in postings[name])
        found = _faults(
            state, amount, [one for many in taken for one in many], postings[name], allocated.get(name, 0),
            items[name], settled,
        )  # fmt: skip
        verdict.wrong += [f"{organisation}/{id} ({state}): {fault}" for fault in found]
    return verdict


def _faults(
    state: str, amount: int, captures: list[int], postings: list[tuple[int, int]], allocated: int,
    items: list[tuple[str, str]], settled: bool,
) -> list[str]:  # fmt: skip
    """What is not as it must be in this state, one instalment at a time."""
    waiting = [kind for kind, at in items if at in ("open", "retrying")]
    paid = state == "paid"
    must = {
        f"captured {captures}": captures == [amount] if paid else not captures or state in MAY_BE_TAKEN,
        "captured more than once": len(captures) <= 1,
        f"posted {postings}": postings == ([(amount, 2)] if paid else []),
        f"allocated {allocated} of {amount}": allocated == (amount if paid else 0),
        f"items {items}": _items_fit(state, waiting),
        "not settled": not settled or state not in (*ON_THE_LADDER, "due"),
    }
    return [fault for fault, holds in must.items() if not holds]


def _items_fit(state: str, waiting: list[str]) -> bool:
    if state == "failed":
        return len(waiting) == 1
    return waiting == (["in_doubt"] if state == "in_doubt" else [])


def _captures(journal: Path) -> dict[str, list[int]]:
    """key -> the amounts that were taken under it."""
    taken: dict[str, list[int]] = defaultdict(list)
    for line in journal.read_bytes().splitlines():
        entry = json.loads(line)
        if entry["effect"] in CAPTURED:
            taken[entry["key"]].append(entry["amount"])
    return dict(taken)


TABLES = {
    "instalments": "SELECT organisation, id, state, amount FROM payments WHERE kind = 'instalment'",
    "attempts": "SELECT key, organisation, payment FROM attempts",
    "echecks": "SELECT id FROM echecks",
    "postings": """SELECT t.organisation, t.subject, t.amount, count(*) FROM ledger_transactions t
        JOIN ledger_entries e ON e.transaction_id = t.id AND abs(e.amount) = t.amount
        WHERE t.kind = 'payment' GROUP BY t.organisation, t.subject, t.amount, t.id""",
    "allocations": """SELECT organisation, source, sum(amount) FROM allocations
        WHERE source_kind = 'payment' GROUP BY organisation, source""",
    "items": "SELECT organisation, payment, kind, state FROM action_items",
}


def _read(url: str) -> dict[str, list[tuple[Any, ...]]]:
    if url.startswith("sqlite"):
        connection = sqlite.connect(url.removeprefix("sqlite:///"))
        try:
            return {name: connection.execute(query).fetchall() for name, query in TABLES.items()}
        finally:
            connection.close()
    with psycopg.connect(url) as connection:
        return {name: connection.execute(query).fetchall() for name, query in TABLES.items()}
