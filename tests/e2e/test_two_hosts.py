"""Two hosts, one processor: the cap and the rate of a merchant account are shared, by the simulator's own count."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.bootstrap import App, build
from adapters.errands import Errand, ErrandKind, run_errand
from adapters.runs import start_missing
from adapters.settings import Settings
from domain.event import Event
from tests.adapters.gateways.conftest import ServedSimulator
from tests.e2e.story import owe

CLUB, ACCOUNT = "ymca", "main"
CAP, RATE, DUE = 10, 40, 100


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[ServedSimulator]:
    server = ServedSimulator(tmp_path / "journal.jsonl")
    yield server
    server.stop()


def hosts(settings: Settings, *, until: str, within_s: float) -> None:
    """Two processes' worth of workers at the same account, until a count of payments is zero."""
    apps = [build(settings, role="worker") for _ in range(2)]
    ended = threading.Event()

    def work(app: App) -> None:
        while not ended.is_set():
            for kind in (ErrandKind.LOOK_UP, ErrandKind.CHARGE):
                run_errand(app, Errand(kind=kind, organisation=CLUB, account=ACCOUNT))
            ended.wait(0.05)

    threads = [threading.Thread(target=work, args=(app,)) for app in apps]
    try:
        for thread in threads:
            thread.start()
        for _ in range(int(within_s / 0.1)):
            if _scalar(apps[0], until) == 0:
                break
            ended.wait(0.1)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
        for app in apps:
            app.close()


def _scalar(app: App, sql: str) -> int:
    with app.books.begin(read_only=True) as tx:
        return int(tx.connection.exec_driver_sql(sql).scalar_one())


def test_a_cap_and_a_rate_are_of_all_hosts_together(
    migrated_postgres_url: str, simulator: ServedSimulator, tmp_path: Path
) -> None:
    settings = Settings(database_url=migrated_postgres_url, simulator_url=simulator.url, _env_file=None)
    limits: dict[str, Any] = {"concurrency": CAP, "rate_per_s": RATE, "latency_ms": 30}
    owe(settings, DUE, tokens=("tok_approve",), zones={CLUB: "America/Toronto"}, **limits)
    app = build(settings, role="test")
    start_missing(app)
    hosts(settings, until="SELECT count(*) FROM payments WHERE state <> 'paid'", within_s=30)
    assert _scalar(app, "SELECT count(*) FROM payments WHERE state = 'paid'") == DUE
    app.close()
    with urllib.request.urlopen(f"{simulator.url}/peaks", timeout=5) as answer:
        peaks = json.load(answer)["peaks"]
    assert 1 < peaks[f"{CLUB}/{ACCOUNT}"] <= CAP
    asked = sorted(
        datetime.fromisoformat(line["at"])
        for line in map(json.loads, simulator.journal.read_text().splitlines())
        if line["operation"] == "charge"
    )
    assert len(asked) == DUE
    for start, at in enumerate(asked):
        window = sum(at <= other < at + timedelta(seconds=1) for other in asked[start:])
        assert window <= 2 * RATE + CAP, "what flows in during a second, what the bucket holds, what was on its way"
    assert asked[-1] - asked[0] >= timedelta(seconds=(DUE - RATE) / RATE * 0.9)


def test_what_one_host_learns_of_an_outage_the_other_knows(
    migrated_postgres_url: str, simulator: ServedSimulator, tmp_path: Path
) -> None:
    settings = Settings(database_url=migrated_postgres_url, simulator_url=simulator.url, _env_file=None)
    owe(settings, DUE, tokens=("tok_approve",), zones={CLUB: "America/Toronto"}, concurrency=CAP)
    app = build(settings, role="test")
    start_missing(app)
    simulator.stop()
    hosts(settings, until="SELECT count(*) - 1 FROM cares WHERE state <> 'closed'", within_s=20)
    assert _scalar(app, "SELECT count(*) FROM attempts") <= 20 + 2 * CAP
    assert _scalar(app, "SELECT count(*) FROM action_items") == 0
    opened = app.books.run(lambda tx: tx.all(Event, type="breaker.opened"))
    assert len(opened) == 1
    app.close()
