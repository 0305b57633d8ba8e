"""`make bench`: the night against pgbench and against a plain dramatiq actor, in one run, medians of three."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from redis import Redis

from adapters.database import migrate
from tests.bench import report, tpcb
from tests.bench.night import Figures, night
from tests.bench.stage import (
    ENCAISSE,
    READY_WITHIN_S,
    lean_simulator,
    let_night_fall,
    measured,
    running,
    seed,
    wait_until,
)
from tests.servers import PostgresServer, RedisServer

ROUNDS = 3
DUE = 20_000
PLAIN_DUE = 2_000  # one message a charge takes ten times as long: a tenth is enough
PLAIN_PROCESSES, PLAIN_THREADS = 2, 8
# fmt: off
NIGHTS = {  # name: (due, latency in ms, processes, threads)
    "night, 0 ms":                     (DUE,       0, 2, 2),
    "night, 0 ms, one process":        (DUE,       0, 1, 4),
    "night, 50 ms, one process":       (DUE,      50, 1, 4),
    "night, 200 ms, one process":      (DUE,     200, 1, 4),
    "night, 0 ms, 1,000 due":          (1_000,     0, 2, 2),
    "night, 0 ms, 100,000 due":        (100_000,   0, 2, 2),
}
# fmt: on


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--only", default="", help="only nights whose name contains this")
    chosen = parser.parse_args()
    run(rounds=chosen.rounds, only=chosen.only, as_json=chosen.json)
    return 0


def run(*, rounds: int, only: str, as_json: bool) -> None:
    """Starts the servers, measures, prints the table or the document."""
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])  # for the processes of the plain actor
    postgres = PostgresServer(durable=True).start()
    redis = RedisServer().start()
    try:
        results = measure(postgres, redis, rounds=rounds, only=only)
    finally:
        redis.destroy()
        postgres.destroy()
    print(report.as_json(results) if as_json else report.show(results), flush=True)


def measure(postgres: PostgresServer, redis: RedisServer, *, rounds: int, only: str) -> dict[str, Any]:
    """Each round measures everything once, so that a noisy minute spoils no single figure."""
    yardstick: list[float] = []
    nights: dict[str, list[Figures]] = {name: [] for name in NIGHTS if only in name}
    plain: dict[int, list[Figures]] = {latency: [] for latency in (0, 50, 200) if not only}
    databases = Databases(postgres)
    redis_client = Redis.from_url(redis.url)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, rounds + 1):
            name = databases.make()
            tpcb.prepare(postgres, name)
            yardstick.append(tpcb.transactions_per_second(postgres, name))
            _say(f"round {number}: TPC-B-like {yardstick[-1]:,.0f}/s")
            databases.drop(name)
            for title, figures in nights.items():
                due, latency_ms, processes, threads = NIGHTS[title]
                name = databases.make()
                home = Path(tempfile.mkdtemp(dir=folder))
                redis_client.flushall()
                figures.append(
                    night(
                        postgres, redis, name, home, due=due, latency_ms=latency_ms, processes=processes,
                        threads=threads,
                    )
                )  # fmt: skip
                _say(f"round {number}: {title} {figures[-1].per_second:,.0f}/s")
                databases.drop(name)
            for latency_ms, figures in plain.items():
                name = databases.make()
                redis_client.flushall()
                figures.append(plain_night(postgres, redis, name, Path(folder), latency_ms=latency_ms))
                _say(f"round {number}: plain actor, {latency_ms} ms {figures[-1].per_second:,.0f}/s")
                databases.drop(name)
    return {
        "rounds": rounds,
        "tpcb_per_second": median(yardstick),
        "nights": {name: {**report.middle(all_), "latency_ms": NIGHTS[name][1]} for name, all_ in nights.items()},
        "plain": {latency: report.middle(all_) for latency, all_ in plain.items()},
    }


def plain_night(
    postgres: PostgresServer, redis: RedisServer, database: str, folder: Path, *, latency_ms: int
) -> Figures:
    """The same seed, one message for each charge, all enqueued before the workers start."""
    url = postgres.url_of(database)
    migrate(url)
    seed(url, due=PLAIN_DUE, latency_ms=latency_ms)
    let_night_fall(url)
    home = Path(tempfile.mkdtemp(dir=folder))
    with lean_simulator(home) as (simulator_url, simulator):
        env = {
            "ENCAISSE_DATABASE_URL": url, "ENCAISSE_REDIS_URL": redis.url, "ENCAISSE_SIMULATOR_URL": simulator_url,
        }  # fmt: skip
        _enqueue(env)
        dramatiq = ENCAISSE.with_name("dramatiq")
        size = ("--processes", str(PLAIN_PROCESSES), "--threads", str(PLAIN_THREADS))
        with running(dramatiq, "tests.bench.plain", *size, env=env, log=home / "plain.log") as worker:
            wait_until(url, "SELECT count(*) FROM attempts", 1, within_s=READY_WITHIN_S)
            before = worker.cpu_s()
            question = "SELECT count(*) FROM payments WHERE state = 'paid'"
            wait_until(url, question, PLAIN_DUE, within_s=READY_WITHIN_S + PLAIN_DUE / 20)
            charged, seconds = measured(url)
            return Figures(
                per_second=charged / seconds,
                cpu_s=(worker.cpu_s() - before) / charged * 1000,
                peak_mb=worker.peak_mb(),
                simulator_cpu_s=simulator.cpu_s() / charged * 1000,
            )


def _enqueue(env: dict[str, str]) -> None:
    """In a process of its own: dramatiq's broker is made when the actor's module is imported."""
    code = f"from tests.bench.plain import enqueue_all; enqueue_all({env['ENCAISSE_DATABASE_URL']!r})"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, **env}, check=True)


class Databases:
    """Makes and drops the databases of a run."""

    def __init__(self, postgres: PostgresServer) -> None:
        self.postgres = postgres
        self.number = 0

    def make(self) -> str:
        self.number += 1
        name = f"bench_{self.number}"
        self._run(f"CREATE DATABASE {name}")
        return name

    def drop(self, name: str) -> None:
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(statement.encode())


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
