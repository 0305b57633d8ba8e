"""`python -m tests.bench.commands`: a list of commands from the door to the last answer, medians of three.

One list is taken in, as `POST /v1/commands` does, and worked as a worker does; PostgreSQL commits to the disk.
"""

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from adapters import logs
from adapters.bootstrap import App, build
from adapters.database import migrate
from adapters.errands import work_all
from adapters.inbox.accept import accept_all
from adapters.settings import Settings
from tests.adapters.office import envelope, register_card, register_client, register_organisation
from tests.bench.stage import ENCAISSE
from tests.servers import PostgresServer

ROUNDS = 3
LIST = 1_000
LINES = 10_000
Envelopes = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Seconds to take a list in, and to carry it out."""

    accept_s: float
    work_s: float

    @property
    def per_second(self) -> float:
        return LIST / (self.accept_s + self.work_s)


def clients(count: int) -> Envelopes:
    return [register_client(f"c-{number}") for number in range(count)]


def invoices(count: int) -> Envelopes:
    return [_invoice(number) for number in range(count)]


def purchases(count: int) -> Envelopes:
    """A family after the other: who it is, its card, what it buys, what it pays in cash, a rebate."""
    found: Envelopes = []
    for number in range(count // 5):
        client, invoice = f"f-{number}", f"in-{number}"
        found += [
            register_client(client),
            register_card(f"pm-{number}", client=client),
            _invoice(number, client=client),
            envelope(
                "payment.make", client=client, payment=f"p-{number}", amount=4_500, offline="cash", invoice=invoice
            ),
            envelope("credit.create", client=client, credit=f"cr-{number}", amount=500, tax_mode="waived"),
        ]
    return found


def payments(count: int) -> Envelopes:
    """Cash for the invoices of one client each, half of them twice: those are refused or answered as before."""
    return [
        envelope("payment.make", client="c-1", payment=f"p-{number % (count // 2)}", amount=100, offline="cash")
        for number in range(count)
    ]


def _invoice(number: int, client: str = "c-1") -> dict[str, Any]:
    lines = [
        {"line": "l1", "description": "Swimming", "amount": 10_000, "taxes": [{"code": "GST", "rate": "5"}]},
        {"line": "l2", "description": "Locker", "amount": 2_000},
    ]
    return envelope("invoice.create", client=client, invoice=f"in-{number}", lines=lines)


LISTS: dict[str, Callable[[int], Envelopes]] = {
    "clients": clients,
    "invoices": invoices,
    "payments, each twice": payments,
    "purchases of families": purchases,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="only the database or list whose name contains this")
    parser.add_argument("--no-send", action="store_true", help="leave out `encaisse send`")
    chosen = parser.parse_args()
    print(f"{'':40}{'commands/s':>12}{'accept s':>10}{'work s':>10}")
    for database, urls in (("sqlite", _sqlite), ("postgresql", _postgresql)):
        with urls() as make:
            for name, listed in LISTS.items():
                if chosen.only in f"{database}, {name}":
                    figures = [measure(make(), listed(LIST)) for _ in range(chosen.rounds)]
                    print(_line(f"{database}, {name}", figures), flush=True)
    if not chosen.no_send:
        print(f"{f'encaisse send, {LINES:,} lines, sqlite':40}{send(chosen.rounds):12,.0f}")
    return 0


def measure(url: str, envelopes: Envelopes) -> Figure:
    with tempfile.TemporaryDirectory() as folder, _app(url, Path(folder)) as app:
        app.books.run(lambda tx: accept_all(tx, [register_organisation(), register_client()], "bench"))
        work_all(app)
        raws = [json.dumps(one) for one in envelopes]
        started = time.perf_counter()
        app.books.run(lambda tx: accept_all(tx, raws, "bench"))
        accepted = time.perf_counter()
        work_all(app)
        done = time.perf_counter()
        _must_be_settled(app)
    return Figure(accept_s=accepted - started, work_s=done - accepted)


def send(rounds: int) -> float:
    """Lines a second of `encaisse send`, start of the process included."""
    figures = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            file = folder / "lines.jsonl"
            envelopes = [register_organisation(), register_client(), *purchases(LINES)]
            file.write_text("\n".join(map(json.dumps, envelopes)))
            env = {**os.environ, "ENCAISSE_DATABASE_URL": f"sqlite:///{folder}/e.db"}
            subprocess.run([ENCAISSE, "migrate"], env=env, check=True, cwd=folder, capture_output=True)
            started = time.perf_counter()
            subprocess.run(
                [ENCAISSE, "send", str(file), "--json"], env=env, check=True, cwd=folder, capture_output=True
            )
            figures.append(LINES / (time.perf_counter() - started))
    return median(figures)


@contextlib.contextmanager
def _app(url: str, folder: Path) -> Iterator[App]:
    settings = Settings(_env_file=None, database_url=url, simulator_journal=folder / "journal.jsonl", log_format="json")
    app = build(settings, role="bench")
    with contextlib.redirect_stderr(io.StringIO()):
        logs.configure(settings)
        yield app
    app.close()


def _must_be_settled(app: App) -> None:
    with app.books.begin(read_only=True) as tx:
        left = tx.connection.exec_driver_sql("SELECT count(*) FROM commands WHERE status = 'accepted'").scalar_one()
    if left:
        raise AssertionError(f"{left} commands are not answered")


@contextlib.contextmanager
def _sqlite() -> Iterator[Callable[[], str]]:
    with tempfile.TemporaryDirectory() as folder:
        made: list[str] = []

        def make() -> str:
            made.append(f"sqlite:///{folder}/{len(made)}.db")
            migrate(made[-1])
            return made[-1]

        yield make


@contextlib.contextmanager
def _postgresql() -> Iterator[Callable[[], str]]:
    server = PostgresServer(durable=True).start()
    made: list[str] = []

    def make() -> str:
        made.append(f"commands_{len(made)}")
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {made[-1]}".encode())
        url = f"{server.url.rpartition('/')[0]}/{made[-1]}"
        migrate(url)
        return url

    try:
        yield make
    finally:
        server.destroy()


def _line(name: str, figures: list[Figure]) -> str:
    rate = median(one.per_second for one in figures)
    accept, work = median(one.accept_s for one in figures), median(one.work_s for one in figures)
    return f"{name:40}{rate:12,.0f}{accept:10.2f}{work:10.2f}"


if __name__ == "__main__":
    sys.exit(main())
