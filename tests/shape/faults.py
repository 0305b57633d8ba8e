"""Which test provokes which fault, which holds which invariant: `python -m tests.shape.faults` writes it down."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "faults.md"
NAMED = re.compile(r"(?<=_)(F|INV)(\d+)(?=_|$)", re.IGNORECASE)

INTRODUCTION = """# Faults and invariants

Written by `python -m tests.shape.faults` from the names of the tests: a test that provokes a fault carries its
number, a test that holds an invariant the invariant's (`grep -i f03_`). A row without a test is work to be done.
"""

FAULTS = {
    # around a charge
    "F-01": "crash before the intent is committed",
    "F-02": "crash after the intent, before anything is sent",
    "F-03": "crash after sending, before the answer",
    "F-04": "crash after the answer, before the outcome is committed",
    "F-05": "crash inside the transaction of the outcome",
    "F-06": "the connection is lost after COMMIT was sent",
    "F-07": "crash after the commit, before the broker is told",
    "F-08": "the relay crashes before or after it publishes",
    "F-09": "two relays at once",
    "F-10": "an asynchronous exception after sending",
    "F-11": "out of memory, a fault in an extension",
    "F-12": "a worker that is paused past its lease wakes and writes",
    "F-13": "the same payment in two workers",
    "F-14": "amount, currency or token change between an attempt and its repetition",
    "F-15": "a repetition after the gateway has forgotten the key",
    "F-16": "a key used again with other content",
    "F-17": "an answer outside the ordinary, a code nobody has mapped",
    "F-18": "approved, then reversed by the issuer",
    # gateway and network
    "F-20": "names resolve slowly, wrongly or not",
    "F-21": "connection refused",
    "F-22": "TLS fails, a wrong certificate",
    "F-23": "time-out after the gateway took the money",
    "F-24": "reset in the middle of an answer, a truncated body",
    "F-25": "an answer of a byte a second",
    "F-26": "5xx, 408, 429",
    "F-27": "200 with a body that is no answer",
    "F-28": "200 with another reference, amount or currency",
    "F-29": "redirects",
    "F-30": "not found, while the charge is still in flight",
    "F-31": "look-up and webhook disagree",
    "F-32": "a gateway that is down for hours on a due day",
    "F-33": "everybody again when it comes back",
    "F-34": "webhooks twice, out of order, old, forged",
    "F-35": "a burst of webhooks",
    # Redis and messages
    "F-40": "FLUSHALL",
    "F-41": "Redis is killed, its file truncated",
    "F-42": "Redis restarts while messages wait",
    "F-43": "Redis is full",
    "F-44": "Redis is configured to forget",
    "F-45": "a replica is promoted and a second is lost",
    "F-46": "one of database, Redis, gateway can't be reached",
    "F-47": "payloads that poison",
    "F-48": "unknown version, fields, actor or organisation",
    "F-49": "a forged message",
    "F-50": "a message repeated a year later",
    "F-51": "a message delivered many times at once",
    "F-52": "one organisation floods the others",
    "F-53": "clocks that differ",
    "F-54": "a worker that hangs",
    "F-55": "the dead letters are purged",
    "F-56": "fork with open connections",
    # database and disk
    "F-60": "PostgreSQL is killed",
    "F-61": "fail-over to a standby that lacks the last commits",
    "F-62": "deadlock, serialization failure, lock time-out",
    "F-63": "no connection left",
    "F-64": "a transaction that is left open",
    "F-65": "a row that is never taken, or never given back",
    "F-66": "isolation that does not hold",
    "F-67": "reading from a replica",
    "F-68": "a migration while workers run",
    "F-69": "a migration crashes, runs twice or in two places",
    "F-70": "the disk is full",
    "F-71": "the disk fails",
    "F-72": "a restored backup",
    "F-73": "SQLite: busy, two processes, power loss",
    "F-74": "an embedded database opened by two processes",
    # time
    "F-80": "the clocks change at the hour of the night",
    "F-81": "leap day, end of month, end of year, week 53",
    "F-82": "a clock that jumps",
    "F-83": "the time zones change",
    "F-84": "down for three days",
    "F-85": "two schedulers at once",
    "F-86": "cancelled at the instant of the cut-off",
    "F-87": "a leap second",
    "F-88": "2038, the year 9999",
    # people
    "F-90": "two people press Retry",
    "F-91": "retry against reject, reject against a late success",
    "F-92": "retry while the last attempt is unknown",
    "F-93": "a permission is revoked between page and click",
    "F-94": "a bulk of ten thousand, broken in the middle",
    "F-95": "refunds of more than was paid",
    "F-96": "a refund cancelled while it is submitted",
    "F-97": "an e-check cancelled while it is batched",
    "F-98": "a bank file half written, or sent twice",
    "F-99": "a return file that is wrong or late",
    "F-100": "no verdict in ten business days",
    "F-101": "a card is replaced or expires before its charge",
    "F-102": "a subscription changes at the instant of its renewal",
    "F-103": "a plan is edited while it is charged",
    "F-104": "amounts that do not divide, negative or huge ones",
    # mail, deployment, logs
    "F-110": "a mail server that takes the mail and hangs up",
    "F-111": "nobody may be told",
    "F-112": "ten thousand failures in a minute",
    "F-113": "names that inject into headers, HTML or logs",
    "F-120": "SIGTERM with a charge in flight",
    "F-121": "two versions at once",
    "F-122": "wrong or missing settings, sandbox and live mixed up",
    "F-123": "the log can't be written",
    "F-124": "card numbers in errors and logs",
    "F-125": "a secret changes while it is in use",
}

INVARIANTS = {
    "INV-1": "a key takes money once, a payment at most what is due",
    "INV-2": "money taken at the gateway is in the ledger exactly once, and the other way round",
    "INV-3": "a transaction of the ledger sums to zero and is never edited",
    "INV-4": "refunds never exceed what was captured",
    "INV-5": "a balance is the sum of its entries",
    "INV-6": "the instalments of a plan sum to its total",
    "INV-7": "a key is never sent with two different contents",
    "INV-8": "nothing mixes two organisations",
    "INV-9": "whatever is due is paid, planned, in flight, being looked up, failed with an item, or cancelled",
    "INV-10": "once faults stop, everything comes to rest",
    "INV-11": "a failure has exactly one item",
    "INV-12": "a period is renewed exactly once",
    "INV-13": "an e-check is in exactly one batch",
    "INV-14": "a refund is cancelled, submitted or failed, one of them",
    "INV-15": "each notice reaches those entitled to it, once",
    "INV-16": "every change of state has its audit record",
    "INV-17": "no state moves outside its table",
    "INV-18": "no transaction is open while a gateway is asked",
    "INV-19": "no secret where none should be",
    "INV-20": "nothing leaks",
    "INV-21": "retries are bounded",
    "INV-22": "the same seed gives the same run",
}


def named() -> dict[str, list[tuple[str, str]]]:
    """The files and tests that carry each id, sorted."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for file, test in _tests():
        for letters, number in NAMED.findall(test):
            kind = letters.upper()
            found[f"{kind}-{int(number):02}" if kind == "F" else f"{kind}-{int(number)}"].append((file, test))
    return found


def _tests() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield path.relative_to(ROOT).as_posix(), node.name


def document() -> str:
    by = named()
    parts = [INTRODUCTION]
    for title, rows in (("Faults", FAULTS), ("Invariants", INVARIANTS)):
        covered = sum(id in by for id in rows)
        parts.append(f"## {title}\n\n{covered} of {len(rows)} have a test.\n\n| id | what | tests in |\n|---|---|---|")
        for id, what in rows.items():
            parts.append(f"| {id} | {what} | {', '.join(dict.fromkeys(f'`{file}`' for file, _ in by.get(id, ())))} |")
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
    print(DOCUMENT.relative_to(ROOT))
