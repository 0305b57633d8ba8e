"""`python -m tests.bench.statement`: the statement of an account with 10,000 transactions, on PostgreSQL."""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import psycopg

from adapters.database import migrate
from adapters.database.books import DatabaseBooks
from adapters.database.engine import make_engine
from adapters.locale import render
from tests.servers import PostgresServer

OTHERS = 50  # accounts of the same club, as long as the one that is read
ROUNDS = 15
PARTS = {"invoice": 4_000, "payment": 4_000, "credit": 1_000, "refund": 1_000}  # what an account's transactions are

# fmt: off
SEED = """
INSERT INTO organisations VALUES ('club', 'Club', 'America/Toronto', 'CAD', 'en', '{}', now());
INSERT INTO clients SELECT 'club', c, 'Client', '', 'en', now() FROM unnest(%(clients)s::text[]) c;
INSERT INTO invoices SELECT 'club', c || 'inv' || n, c, 1000, date '2020-01-01' + mod(n, 2000), 'purchase', '', now()
    FROM unnest(%(clients)s::text[]) c, generate_series(1, %(invoice)s) n;
INSERT INTO invoice_lines SELECT 'club', c || 'inv' || n, 'l1', 0, 'Lesson', 1, 1000, '[]', 0, 'sales', 1000, 1000
    FROM unnest(%(clients)s::text[]) c, generate_series(1, %(invoice)s) n;
INSERT INTO payments (organisation, id, kind, client, invoice, offline, amount, due_on, state, version, attempts, ref,
        refunded, created_at)
    SELECT 'club', c || 'pay' || n, 'payment', c, c || 'inv' || n, 'cash', 1000, date '2020-01-01' + mod(n, 2000),
        'paid', 1, 0, '', 0, now()
    FROM unnest(%(clients)s::text[]) c, generate_series(1, %(payment)s) n;
INSERT INTO allocations SELECT 'club', c || 'a' || n, 'l1', c, 'payment', c || 'pay' || n, c || 'inv' || n, 1000, now()
    FROM unnest(%(clients)s::text[]) c, generate_series(1, %(payment)s) n;
INSERT INTO credits (organisation, id, client, amount, net, taxes, origin, lines, note, booked_on, created_at)
    SELECT 'club', c || 'crd' || n, c, 500, 500, '[]', 'manual', '[]', '', date '2020-01-01' + mod(n, 2000), now()
    FROM unnest(%(clients)s::text[]) c, generate_series(1, %(credit)s) n;
INSERT INTO refunds (organisation, id, client, offline, amount, state, version, comment, ref, attempts, reference,
        reason, network_code, asked_on, created_at)
    SELECT 'club', c || 'ref' || n, c, 'cash', 500, 'settled', 1, '', '', 0, '', '', '',
        date '2020-01-01' + mod(n, 2000), now()
    FROM unnest(%(clients)s::text[]) c, generate_series(1, %(refund)s) n;
INSERT INTO consumptions SELECT 'club', c || 'con' || n, c, c || 'ref' || n, 'credit', c || 'crd' || n, 500, now()
    FROM unnest(%(clients)s::text[]) c, generate_series(1, %(refund)s) n;
INSERT INTO ledger_transactions (id, organisation, client, kind, subject, booked_on, amount, currency, description,
        language, method, reverses, reference, at)
    SELECT gen_random_uuid(), 'club', c, k.kind, c || k.short || n, date '2020-01-01' + mod(n, 2000), k.amount, 'CAD',
        'Lesson of the week', 'en', '', '', '', now()
    FROM unnest(%(clients)s::text[]) c,
        (VALUES ('invoice', 'inv', 1000, %(invoice)s), ('payment', 'pay', 1000, %(payment)s),
        ('credit', 'crd', 500, %(credit)s), ('refund', 'ref', 500, %(refund)s)) AS k (kind, short, amount, many),
        generate_series(1, k.many) n;
"""
# fmt: on


def seed(url: str) -> None:
    given: dict[str, Any] = {"clients": ["c0", *(f"c{n}-" for n in range(1, OTHERS + 1))], **PARTS}
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in SEED.split(";\n"):
            if statement.strip():
                connection.execute(statement, given)
        connection.execute("ANALYZE")


def timed(work: Callable[[], Any]) -> list[float]:
    """Milliseconds of each round; the first, which finds cold caches, is left out."""
    found = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1_000)
    return sorted(found[1:])


def readers() -> dict[str, Callable[[Any], Any]]:
    from adapters.database.statements import statement

    return {"statement": lambda tx: statement(tx, "club", "c0")}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.statement", description=__doc__)
    parser.parse_args()
    server = PostgresServer().start()
    try:
        url = server.url
        migrate(url)
        seed(url)
        engine = make_engine(url)
        books = DatabaseBooks(engine, render=render)
        for name, read in readers().items():
            took = timed(lambda read=read: books.run(read, read_only=True))  # type: ignore[misc]
            print(f"{name}: median {median(took):.1f} ms, worst {took[-1]:.1f} ms", flush=True)
        engine.dispose()
    finally:
        server.destroy()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
