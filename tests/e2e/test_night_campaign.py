"""Campaigns: many instalments, mixed fates and falling machines; afterwards every cent is accounted for."""

import json
import random
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import redis

from adapters.bootstrap import build
from adapters.database.migrate import migrate
from adapters.night import Night
from adapters.settings import Settings
from tests.e2e.oracle import examine
from tests.e2e.stack import PATIENCE_S, Stack, kill_one_worker, stack, until
from tests.e2e.story import DOUBTFUL, MIXED, Story, bring_forward, owe
from tests.servers import PostgresServer

ALL_FATES = (*MIXED, *DOUBTFUL)


def test_a_night_on_sqlite_accounts_for_every_cent(migrated_sqlite_url: str, tmp_path: Path) -> None:
    _night_on_sqlite(migrated_sqlite_url, tmp_path, count=300)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_ten_thousand_instalments_in_one_night_on_sqlite(migrated_sqlite_url: str, tmp_path: Path) -> None:
    _night_on_sqlite(migrated_sqlite_url, tmp_path, count=10_000)


def _night_on_sqlite(url: str, folder: Path, *, count: int) -> None:
    """One process, no broker: the night, then every rung of the ladders, and the books after each."""
    journal = folder / "journal.jsonl"
    settings = Settings(database_url=url, simulator_journal=journal, _env_file=None)
    owe(settings, count, tokens=ALL_FATES)
    with stack(folder, ENCAISSE_DATABASE_URL=url, ENCAISSE_SIMULATOR_JOURNAL=str(journal)) as machines:
        night = machines.run("night", "--json", within_s=300)
        assert night.returncode == 0, night.stderr
        told = [json.loads(line) for line in night.stdout.splitlines()]
        assert [one["organisation"] for one in told] == ["kiwi", "lumiere", "ymca"]
        assert sum(one["charged"] + one["declined"] + one["in_doubt"] for one in told) == count
        assert examine(url, journal, settled=False).wrong == []
        _climb_the_ladders(settings)
        verdict = examine(url, journal)
        assert verdict.wrong == []
        assert verdict.states["in_doubt"] > 0
        _check(machines)


def test_f11_f40_f60_a_night_with_falling_machines_accounts_for_every_cent(
    own_postgres: PostgresServer, redis_url: str, tmp_path: Path
) -> None:
    _campaign(
        own_postgres, redis_url, tmp_path, count=300, tokens=MIXED, kills=3, flushes=1, restarts=1, settle_s=60,
        processes=2,
    )  # fmt: skip


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_ten_thousand_instalments_in_one_night(own_postgres: PostgresServer, redis_url: str, tmp_path: Path) -> None:
    _campaign(
        own_postgres, redis_url, tmp_path, count=10_000, tokens=ALL_FATES, kills=0, flushes=0, restarts=0,
        settle_s=300,
    )  # fmt: skip


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_f11_f40_f60_fifty_kills_five_flushes_two_restarts(
    own_postgres: PostgresServer, redis_url: str, tmp_path: Path
) -> None:
    _campaign(
        own_postgres, redis_url, tmp_path, count=10_000, tokens=ALL_FATES, kills=50, flushes=5, restarts=2,
        settle_s=120,
    )  # fmt: skip


def _campaign(
    postgres: PostgresServer, redis_url: str, folder: Path, *, count: int, tokens: tuple[str, ...], kills: int,
    flushes: int, restarts: int, settle_s: float, processes: int = 4,
) -> None:  # fmt: skip
    """Worker processes and two schedulers work a night while faults fall; then the books are examined."""
    url = postgres.url
    migrate(url)
    with stack(folder, ENCAISSE_DATABASE_URL=url, ENCAISSE_REDIS_URL=redis_url) as machines:
        machines.simulator()
        settings = Settings(database_url=url, simulator_url=machines.env["ENCAISSE_SIMULATOR_URL"], _env_file=None)
        owe(settings, count, tokens=tokens, later=True, latency_ms=300)
        machines.start("scheduler")
        machines.start("scheduler")
        faults = ["kill"] * kills + ["flush"] * flushes + ["restart"] * restarts
        _fall(machines, postgres, redis_url, settings, faults, processes)
        took = until(lambda: _count(url, LEFT) == 0, settle_s, "every instalment at its end")
        print(f"settled {took:.1f} s after the last fault")
        verdict = examine(url, machines.journal)
        print(dict(verdict.states), verdict.captured_minor, verdict.booked_minor)
        assert verdict.wrong == []
        assert sum(verdict.states.values()) == count
        assert verdict.states["paid"] > count / 2
        _check(machines)


def _fall(
    machines: Stack, postgres: PostgresServer, redis_url: str, settings: Settings, faults: list[str], processes: int
) -> None:
    """Faults in an order that is the same in every run, half of the kills in the middle of a batch; before
    each some more instalments fall due, so that there is always something to break."""
    dice = random.Random(7)
    dice.shuffle(faults)
    service = _full_service(machines, postgres.url, processes)
    portions = _portions(postgres.url, len(faults) + 1)
    app, story = build(settings, role="test"), Story("hurry")
    for number, fault in enumerate(faults):
        bring_forward(app, portions[number], story)
        time.sleep(dice.uniform(0.0, 0.8))
        if fault == "kill":
            if number % 2 == 0:
                _wait_for_a_batch(postgres.url)
            service = _kill_one(machines, service, postgres.url, dice, processes)
        elif fault == "flush":
            with redis.Redis.from_url(redis_url) as client:
                client.flushall()
        else:
            postgres.kill()
            postgres.start()
            app.engine.dispose()
    bring_forward(app, portions[-1], story)
    app.close()


def _portions(url: str, count: int) -> list[list[tuple[str, str]]]:
    """Instalments that are due much later, in so many portions."""
    with psycopg.connect(url) as connection:
        later = connection.execute(
            "SELECT organisation, id FROM payments WHERE due_on > current_date + 7 ORDER BY id"
        ).fetchall()
    return [[(row[0], row[1]) for row in later[position::count]] for position in range(count)]


def _full_service(machines: Stack, url: str, processes: int) -> subprocess.Popen[str]:
    """A service whose worker processes are all at work."""
    before = _workers(url)
    service = machines.workers(processes=processes, threads=2)
    until(lambda: len(_workers(url) - before) == processes, PATIENCE_S, "all workers")
    return service


def _kill_one(
    machines: Stack, service: subprocess.Popen[str], url: str, dice: random.Random, processes: int
) -> subprocess.Popen[str]:
    """The service starts its workers again; one that has seen too many die is replaced, as an orchestrator would."""
    before = _workers(url)
    assert kill_one_worker(service, dice)
    until(
        lambda: len(_workers(url) - before) == processes or service.poll() is not None, PATIENCE_S, "all workers again"
    )
    return service if service.poll() is None else _full_service(machines, url, processes)


def _wait_for_a_batch(url: str) -> None:
    """A little: there may be none any more."""
    give_up = time.monotonic() + 2
    while time.monotonic() < give_up and not _count(url, IN_HAND):
        time.sleep(0.02)


IN_HAND = "SELECT count(*) FROM attempts WHERE worker IS NOT NULL"
LEFT = """SELECT (SELECT count(*) FROM commands WHERE status = 'accepted')
    + (SELECT count(*) FROM payments WHERE state IN ('scheduled', 'due', 'submitting', 'unknown'))"""


def _workers(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute("SELECT id FROM workers WHERE role = 'worker'").fetchall()}


def _count(url: str, query: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def _climb_the_ladders(settings: Settings) -> None:
    """Look-ups of an hour from now on, a rung at a time: the clock of a simulation stands still."""
    later: Iterator[datetime] = (datetime.now(UTC) + timedelta(minutes=n) for n in range(60, 76))
    for now in later:
        app = build(settings.simulated(now), role="test")
        Night(app=app).run()
        app.close()


def _check(machines: Stack) -> None:
    checked = machines.run("check", "--json")
    assert checked.returncode == 0, checked.stdout + checked.stderr
