"""Everything in one process on SQLite: stopped, killed, started twice, and the night of one command."""

import json
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import monotonic
from zoneinfo import ZoneInfo

import pytest
from pysqlite3 import dbapi2 as sqlite

from adapters.settings import Settings
from tests.e2e.oracle import examine
from tests.e2e.stack import PATIENCE_S, Stack, stack, until
from tests.e2e.story import owe

ONE_CLUB = {"ymca": "America/Toronto"}


@pytest.fixture
def machine(migrated_sqlite_url: str, tmp_path: Path) -> Iterator[Stack]:
    journal = tmp_path / "journal.jsonl"
    with stack(tmp_path, ENCAISSE_DATABASE_URL=migrated_sqlite_url, ENCAISSE_SIMULATOR_JOURNAL=str(journal)) as made:
        made.journal = journal
        yield made


def owing(machine: Stack, count: int, *, token: str = "tok_approve", latency_ms: int = 0) -> None:
    settings = Settings(database_url=machine.env["ENCAISSE_DATABASE_URL"], _env_file=None)
    owe(settings, count, tokens=(token,), zones=ONE_CLUB, latency_ms=latency_ms, deadline_s=10)


def count(machine: Stack, query: str) -> int:
    connection = sqlite.connect(machine.env["ENCAISSE_DATABASE_URL"].removeprefix("sqlite:///"))
    try:
        return int(connection.execute(query).fetchone()[0])
    finally:
        connection.close()


PAID = "SELECT count(*) FROM payments WHERE state = 'paid'"
IN_HAND = "SELECT count(*) FROM attempts WHERE worker IS NOT NULL"


def up(machine: Stack) -> tuple[subprocess.Popen[str], str]:
    process = machine.start("up")
    assert process.stdout is not None
    match = re.search(r"http://\S+", process.stdout.readline())
    assert match is not None
    return process, match.group()


def clean(machine: Stack) -> None:
    assert examine(machine.env["ENCAISSE_DATABASE_URL"], machine.journal).wrong == []


def test_up_serves_pages_works_the_night_and_stops_in_peace(machine: Stack) -> None:
    owing(machine, 5)
    process, url = up(machine)
    with urllib.request.urlopen(f"{url}/livez", timeout=5) as answer:
        assert answer.status == 200
    until(lambda: count(machine, PAID) == 5, PATIENCE_S, "charged")
    started = monotonic()
    assert machine.stop(process) == 0
    assert monotonic() - started < 5
    clean(machine)


def test_f120_up_records_what_it_has_asked_before_it_stops(machine: Stack) -> None:
    owing(machine, 5, latency_ms=1_500)
    process, _ = up(machine)
    until(lambda: count(machine, IN_HAND), PATIENCE_S, "a batch in hand")
    assert machine.stop(process, signal.SIGINT) == 0
    assert (count(machine, PAID), count(machine, IN_HAND)) == (5, 0)
    clean(machine)


def test_f04_up_killed_in_the_middle_of_a_batch_takes_it_up_at_its_next_start(machine: Stack) -> None:
    owing(machine, 5, latency_ms=1_500)
    process, _ = up(machine)
    until(lambda: count(machine, IN_HAND), PATIENCE_S, "a batch in hand")
    machine.stop(process, signal.SIGKILL)
    process, _ = up(machine)
    until(lambda: count(machine, PAID) == 5, 14, "taken up")  # before the silence of the dead has been noticed
    clean(machine)


def test_f74_a_second_up_on_the_same_database_refuses(machine: Stack) -> None:
    up(machine)
    second = machine.run("up")
    assert second.returncode == 1
    assert "queue" in second.stderr


@pytest.mark.parametrize(("language", "words"), [("en", "run `encaisse up`"), ("fr", "lancez plutôt `encaisse up`")])
def test_web_alone_refuses_to_take_in_what_nobody_carries_out(machine: Stack, language: str, words: str) -> None:
    machine.env["LANG"] = f"{language}_CA.UTF-8"
    alone = machine.run("web", "--port", "0")
    assert alone.returncode == 1
    assert words in alone.stderr


def test_web_runs_beside_whoever_works_the_queue(machine: Stack) -> None:
    up(machine)
    process = machine.start("web", "--port", "0")
    log = machine.folder / f"{machine.processes.index(process)}-web.log"
    until(lambda: "listening on" in log.read_text(), PATIENCE_S, "listening")
    assert machine.stop(process) == 0


def test_f04_a_night_takes_up_what_a_killed_one_held(machine: Stack) -> None:
    owing(machine, 5, latency_ms=4_000)  # killed within it, however late a busy machine notices the batch
    process = machine.start("night")
    until(lambda: count(machine, IN_HAND), PATIENCE_S, "a batch in hand")
    machine.stop(process, signal.SIGKILL)
    night = machine.run("night", "--json")
    assert night.returncode == 0, night.stderr
    assert json.loads(night.stdout)["charged"] == 5
    clean(machine)


def test_a_night_repeated_charges_nobody_again_and_tells_zeros(machine: Stack) -> None:
    owing(machine, 3)
    first, second = (json.loads(machine.run("night", "--json").stdout) for _ in range(2))
    assert (first["charged"], second["charged"]) == (3, 0)
    assert set(second) == {
        "organisation", "date", "charged", "declined", "in_doubt", "renewed", "refunds_submitted",
        "echecks_batched", "echecks_settled", "echecks_returned", "digests",
    }  # fmt: skip
    clean(machine)


def test_a_night_takes_nothing_of_later_dates_and_nothing_before_its_hour(machine: Stack) -> None:
    owing(machine, 3)
    due_on = date.fromisoformat(str(_one(machine, "SELECT min(due_on) FROM payments")))
    early = machine.run("night", "--json", "--date", str(due_on - timedelta(days=1)))
    assert json.loads(early.stdout)["charged"] == 0
    three = datetime.combine(due_on, time(3), ZoneInfo("America/Toronto"))
    before = machine.run("night", "--json", "--now", (three - timedelta(minutes=1)).isoformat())
    assert json.loads(before.stdout)["charged"] == 0
    at_three = machine.run("night", "--json", "--now", three.isoformat())
    assert json.loads(at_three.stdout)["charged"] == 3


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--organisation", "nobody"), 1),
        (("--date", "tomorrow"), 2),
        (("--now", "2026-11-24T03:00:00"), 2),
    ],
)
def test_what_a_night_refuses(machine: Stack, words: tuple[str, ...], status: int) -> None:
    assert machine.run("night", "--json", *words).returncode == status


def _one(machine: Stack, query: str) -> object:
    connection = sqlite.connect(machine.env["ENCAISSE_DATABASE_URL"].removeprefix("sqlite:///"))
    try:
        return connection.execute(query).fetchone()[0]
    finally:
        connection.close()
