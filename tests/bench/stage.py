"""The stage of a benchmark: real servers from packages, a seeded night, processes watched from outside."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
READY_WITHIN_S = 20.0
ENCAISSE = Path(sys.executable).with_name("encaisse")
ACCOUNTS = 4
CLUB = "club"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process of ours and its children, as the operating system accounts for them."""

    pid: int

    def family(self) -> list[int]:
        found = [self.pid]
        for pid in found:
            try:
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            except OSError:
                continue
            found += [int(child) for child in children]
        return found

    def cpu_s(self) -> float:
        """User and system time of the family, finished children included."""
        total = 0
        for pid in self.family():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            total += sum(int(field) for field in fields[11:15])
        return total / CLOCK_TICKS

    def peak_mb(self) -> float:
        """The largest resident size that any one process of the family has had."""
        peaks = []
        for pid in self.family():
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            peaks += [int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")]
        return max(peaks, default=0.0)


@contextmanager
def running(*command: str | Path, env: Mapping[str, str], log: Path) -> Iterator[Process]:
    """A command for the time of the block; ended by SIGTERM, and by SIGKILL when that does not help."""
    with log.open("ab") as out:
        process = subprocess.Popen(list(map(str, command)), env={**os.environ, **env}, stdout=out, stderr=out)
    try:
        yield Process(pid=process.pid)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def lean_simulator(folder: Path) -> Iterator[tuple[str, Process]]:
    """The simulator over HTTP in a process of its own, lean so that it isn't what is measured."""
    process = subprocess.Popen(
        [str(ENCAISSE), "simulator", "--lean", "--port", "0", "--journal", str(folder / "journal.jsonl")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["url"], Process(pid=process.pid)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


SEED = """
INSERT INTO organisations VALUES ('{club}', 'Club', 'America/Toronto', 'CAD', 'en', '{{"night_at": "23:59"}}', now());
INSERT INTO merchant_accounts
    SELECT '{club}', 'm' || g, 'simulator', '["card"]', '{{"latency_ms": {latency_ms}}}'
    FROM generate_series(0, {accounts} - 1) g;
INSERT INTO clients SELECT '{club}', 'c' || g, 'Client ' || g, 'c' || g || '@example.org', 'en', now()
    FROM generate_series(1, {due}) g;
INSERT INTO payment_methods (organisation, id, client, kind, merchant_account, token, brand, last4, expiry, holder,
        mandate, state, dead_reason, created_at)
    SELECT '{club}', 'pm' || g, 'c' || g, 'card', 'm' || mod(g, {accounts}), 'tok_approve', 'visa', '4242',
    '2028-01', '', '{{}}', 'active', '', now() FROM generate_series(1, {due}) g;
INSERT INTO invoices SELECT '{club}', 'i' || g, 'c' || g, 30000, current_date, 'purchase', '', now()
    FROM generate_series(1, {due}) g;
INSERT INTO invoice_lines SELECT '{club}', 'i' || g, 'l1', 0, 'Swimming', 1, 30000, '[]', 0, 'sales', 30000, 0
    FROM generate_series(1, {due}) g;
INSERT INTO plans SELECT '{club}', 'p' || g, 'c' || g, 'i' || g, '["l1"]', 'pm' || g, NULL, 30000, 3, 'active', now()
    FROM generate_series(1, {due}) g;
INSERT INTO payments (organisation, id, kind, client, invoice, plan, number, merchant_account, payment_method, amount,
        due_on, state, version, attempts, ref, refunded, created_at)
    SELECT '{club}', 'pay_' || gen_random_uuid(), 'instalment', 'c' || g, 'i' || g, 'p' || g, 1,
        'm' || mod(g, {accounts}), 'pm' || g, 10000, (now() AT TIME ZONE 'America/Toronto')::date, 'scheduled', 1, 0,
        'e' || substr(md5('{club}' || g), 1, 12), 0, now()
    FROM generate_series(1, {due}) g;
"""


# Nothing of a day is due before its night, so that all of it can be seeded while workers wait.
NIGHTFALL = """UPDATE organisations SET settings = '{"night_at": "00:00"}' WHERE id = %s"""


def seed(url: str, *, due: int, latency_ms: int, club: str = CLUB) -> None:
    """`due` clients, each with the first of three instalments due today, over ACCOUNTS merchant accounts."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SEED.format(club=club, due=due, latency_ms=latency_ms, accounts=ACCOUNTS).encode())
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def let_night_fall(url: str, club: str = CLUB) -> None:
    """From here on what was seeded is due."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(NIGHTFALL.encode(), (club,))


def wait_until(url: str, question: str, expected: int, *, within_s: float) -> None:
    """Polls a count, gently; raises TimeoutError."""
    deadline = time.monotonic() + within_s
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            row = connection.execute(question.encode()).fetchone()
            if row is not None and row[0] >= expected:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{question}: {row} of {expected}")
            time.sleep(0.1)


def measured(url: str) -> tuple[int, float]:
    """How many of CLUB were charged and booked, and the seconds from the night's start to the last one, by the
    database's clock."""
    question = """SELECT count(*), extract(epoch FROM max(a.ended_at) - min(a.promised_at))
        FROM attempts a JOIN payments p ON p.organisation = a.organisation AND p.id = a.payment
        JOIN ledger_transactions t ON t.organisation = p.organisation AND t.client = p.client
            AND t.kind = 'payment' AND t.subject = p.id
        WHERE a.organisation = %s AND a.state = 'approved' AND p.state = 'paid'"""
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode(), (CLUB,)).fetchone()
    assert row is not None
    return int(row[0]), float(row[1])
