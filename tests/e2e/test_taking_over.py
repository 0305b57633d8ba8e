"""Machines that die, sleep, forget or leave in peace in the middle of a batch, and how soon others take over."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from adapters.settings import Settings
from tests.e2e.oracle import examine
from tests.e2e.stack import PATIENCE_S, Stack, children_of, kill, stack, until, workers_of
from tests.e2e.story import owe

TAKEN_UP_WITHIN_S = 15.0  # a killed worker's instalments
RESUMED_WITHIN_S = 30.0  # work after Redis forgot everything
ONE_CLUB = {"ymca": "America/Toronto"}


@pytest.fixture
def machines(migrated_postgres_url: str, redis_url: str, tmp_path: Path) -> Iterator[Stack]:
    """A simulator over HTTP, PostgreSQL and Redis; whoever works is for the test to start."""
    with stack(tmp_path, ENCAISSE_DATABASE_URL=migrated_postgres_url, ENCAISSE_REDIS_URL=redis_url) as made:
        made.simulator()
        yield made


def owing(machines: Stack, count: int, *, token: str = "tok_approve", latency_ms: int) -> None:
    settings = Settings(
        database_url=machines.env["ENCAISSE_DATABASE_URL"], _env_file=None,
        simulator_url=machines.env["ENCAISSE_SIMULATOR_URL"],
    )  # fmt: skip
    owe(settings, count, tokens=(token,), zones=ONE_CLUB, latency_ms=latency_ms, deadline_s=10)


def count(machines: Stack, query: str) -> int:
    with psycopg.connect(machines.env["ENCAISSE_DATABASE_URL"]) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


IN_HAND = "SELECT count(*) FROM attempts WHERE worker IS NOT NULL"
PAID = "SELECT count(*) FROM payments WHERE state = 'paid'"
TAKEN_UP = "SELECT count(*) FROM attempts WHERE epoch > 2"  # freed, then in the hands of another
UNKNOWN = "SELECT count(*) FROM payments WHERE state = 'unknown'"


def in_the_middle_of_a_batch(machines: Stack) -> subprocess.Popen[str]:
    """A service of one worker process that has just asked the gateway."""
    service = machines.workers(processes=1, threads=1)
    until(lambda: count(machines, IN_HAND), PATIENCE_S, "a batch in hand")
    return service


def clean(machines: Stack) -> None:
    assert examine(machines.env["ENCAISSE_DATABASE_URL"], machines.journal).wrong == []


def test_f11_what_a_killed_worker_held_is_taken_up_within_15_s(machines: Stack) -> None:
    owing(machines, 20, latency_ms=1_500)
    machines.start("scheduler")
    service = in_the_middle_of_a_batch(machines)
    kill(workers_of(service)[0])
    machines.workers(processes=1, threads=1)
    took = until(lambda: count(machines, TAKEN_UP) == 20, TAKEN_UP_WITHIN_S, "taken up")
    print(f"taken up after {took:.1f} s")
    # What had not been sent yet is missed twice first.
    until(lambda: count(machines, PAID) == 20, PATIENCE_S, "paid")
    clean(machines)


def test_f12_a_worker_that_slept_past_its_lease_writes_nothing_when_it_wakes(machines: Stack) -> None:
    owing(machines, 20, latency_ms=1_500)
    machines.start("scheduler")
    service = in_the_middle_of_a_batch(machines)
    sleeper = workers_of(service)[0]
    os.kill(sleeper, signal.SIGSTOP)
    machines.workers(processes=1, threads=1)
    until(lambda: count(machines, PAID) == 20, PATIENCE_S, "taken up by the other one")
    epochs = "SELECT sum(epoch) FROM attempts"
    before = count(machines, epochs)
    os.kill(sleeper, signal.SIGCONT)
    until(lambda: "attempt.discarded" in log_of(machines, service), PATIENCE_S, "its late writes are refused")
    assert count(machines, epochs) == before
    assert machines.stop(service) == 0
    clean(machines)


def test_f40_work_resumes_within_30_s_of_a_flushall(machines: Stack) -> None:
    owing(machines, 20, latency_ms=10)
    service = machines.workers(processes=1, threads=2)
    until(lambda: count(machines, "SELECT count(*) FROM workers WHERE role = 'worker'"), PATIENCE_S, "a worker")
    sleeper = workers_of(service)[0]
    os.kill(sleeper, signal.SIGSTOP)
    machines.start("scheduler")
    with redis.Redis.from_url(machines.env["ENCAISSE_REDIS_URL"]) as client:
        until(lambda: client.llen("dramatiq:encaisse-errands"), PATIENCE_S, "a bell that waits")
        client.flushall()
    os.kill(sleeper, signal.SIGCONT)
    took = until(lambda: count(machines, PAID) == 20, RESUMED_WITHIN_S, "resumed")
    print(f"resumed after {took:.1f} s")
    clean(machines)


def test_f120_sigterm_lets_a_batch_that_was_asked_be_recorded(machines: Stack) -> None:
    owing(machines, 20, latency_ms=2_500)
    machines.start("scheduler")
    service = in_the_middle_of_a_batch(machines)
    os.kill(service.pid, signal.SIGTERM)
    time.sleep(0.2)
    os.kill(service.pid, signal.SIGTERM)  # an impatient second one changes nothing
    started = time.monotonic()
    assert machines.stop(service) == 0
    print(f"drained in {time.monotonic() - started:.1f} s")
    assert (count(machines, PAID), count(machines, UNKNOWN), count(machines, IN_HAND)) == (20, 0, 0)
    clean(machines)


WORKERS = "SELECT count(*) FROM workers WHERE role = 'worker'"


def test_f11_a_service_replaces_a_worker_that_was_killed_and_drains_when_it_is_told(machines: Stack) -> None:
    service = machines.workers(processes=2, threads=1)
    until(lambda: count(machines, WORKERS) == 2, PATIENCE_S, "two workers")
    first = set(workers_of(service))
    kill(first.copy().pop())
    until(lambda: len(set(workers_of(service)) - first) == 2, PATIENCE_S, "two new ones")
    assert service.poll() is None
    assert "workers.restarting" in log_of(machines, service)
    owing(machines, 20, latency_ms=1_500)
    machines.start("scheduler")
    until(lambda: count(machines, IN_HAND), PATIENCE_S, "a batch in hand")
    assert machines.stop(service) == 0
    assert count(machines, IN_HAND) == 0


def test_a_service_that_is_stopped_as_soon_as_it_starts_ends_in_peace(machines: Stack) -> None:
    service = machines.workers(processes=1, threads=1)
    until(lambda: children_of(service.pid), PATIENCE_S, "born")
    assert machines.stop(service) == 0


@pytest.mark.parametrize("which", ["ours", "dramatiq's"])
def test_workers_whose_parent_was_killed_drain_and_end(machines: Stack, which: str) -> None:
    service = machines.workers(processes=1, threads=1)
    until(lambda: count(machines, WORKERS), PATIENCE_S, "a worker")
    (master,) = children_of(service.pid)
    (orphan,) = workers_of(service)
    kill(service.pid if which == "ours" else master)
    until(lambda: not Path(f"/proc/{orphan}").exists(), PATIENCE_S, "the orphan has ended")
    if which == "ours":
        assert count(machines, WORKERS) == 0
    else:
        until(lambda: workers_of(service), PATIENCE_S, "another one")


def test_f46_without_redis_a_night_is_worked_by_the_command_itself(machines: Stack) -> None:
    """No worker is there to be rung for: the command works what it starts."""
    owing(machines, 20, latency_ms=10)
    machines.env["ENCAISSE_REDIS_URL"] = "redis://127.0.0.1:9/0"
    night = machines.run("night", "--json")
    assert night.returncode == 0, night.stderr
    assert json.loads(night.stdout)["charged"] == 20
    clean(machines)


def test_a_night_beside_workers_waits_for_them_and_tells_what_they_did(machines: Stack) -> None:
    owing(machines, 20, token="tok_insufficient_funds", latency_ms=300)
    machines.start("scheduler")
    machines.workers(processes=1, threads=1)
    until(lambda: count(machines, "SELECT count(*) FROM workers WHERE role = 'worker'"), PATIENCE_S, "a worker")
    night = machines.run("night", "--json", "--organisation", "ymca")
    assert night.returncode == 0, night.stderr
    assert count(machines, "SELECT count(*) FROM payments WHERE state = 'failed'") == 20
    clean(machines)


def log_of(machines: Stack, process: subprocess.Popen[str]) -> str:
    return (machines.folder / f"{machines.processes.index(process)}-worker.log").read_text()
