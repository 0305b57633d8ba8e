"""One measured night: `encaisse worker` and `encaisse scheduler` on PostgreSQL and Redis, as in production."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from adapters.database import migrate
from tests.bench.stage import (
    CLUB,
    ENCAISSE,
    READY_WITHIN_S,
    lean_simulator,
    let_night_fall,
    measured,
    running,
    seed,
    wait_until,
)  # fmt: skip
from tests.servers import PostgresServer, RedisServer

WARM_UP = 400  # starting costs the same for a small night and a large one: it is not part of the cost of a charge
PAID = "SELECT count(*) FROM payments WHERE organisation = '{}' AND state = 'paid'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`cpu_s` per 1,000 charges, of the workers alone; `peak_mb` of the largest worker process."""

    per_second: float
    cpu_s: float
    peak_mb: float
    simulator_cpu_s: float


def night(
    postgres: PostgresServer, redis: RedisServer, database: str, folder: Path, *, due: int, latency_ms: int,
    processes: int, threads: int,
) -> Figures:  # fmt: skip
    """Starts everything, warms it with a small club, seeds, lets the night fall, reads what the database says."""
    url = postgres.url_of(database)
    migrate(url)
    seed(url, due=WARM_UP, latency_ms=0, club="warm-up")
    let_night_fall(url, "warm-up")
    log = folder / f"{database}.log"
    with ExitStack() as stack:
        simulator_url, simulator = stack.enter_context(lean_simulator(folder))
        env = {
            "ENCAISSE_DATABASE_URL": url, "ENCAISSE_REDIS_URL": redis.url, "ENCAISSE_SIMULATOR_URL": simulator_url,
            "ENCAISSE_SECRET": "bench",
        }  # fmt: skip
        size = ("--processes", str(processes), "--threads", str(threads))
        worker = stack.enter_context(running(ENCAISSE, "worker", *size, env=env, log=log))
        wait_until(url, "SELECT count(*) FROM workers WHERE role = 'worker'", processes, within_s=READY_WITHIN_S)
        stack.enter_context(running(ENCAISSE, "scheduler", env=env, log=log))
        wait_until(url, PAID.format("warm-up"), WARM_UP, within_s=READY_WITHIN_S)
        seed(url, due=due, latency_ms=latency_ms)
        before = worker.cpu_s()
        let_night_fall(url)
        wait_until(url, PAID.format(CLUB), due, within_s=60 + due * (latency_ms + 10) / 1000)
        cpu_s = worker.cpu_s() - before
        charged, seconds = measured(url)
        if charged != due:
            raise AssertionError(f"{charged} of {due} were booked")
        return Figures(
            per_second=charged / seconds,
            cpu_s=cpu_s / charged * 1000,
            peak_mb=worker.peak_mb(),
            simulator_cpu_s=simulator.cpu_s() / charged * 1000,
        )
