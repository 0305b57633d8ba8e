"""The loop and the sweep: steps that fail keep no other from its turn, and what is due is rung for."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.bootstrap import App, build
from adapters.errands import Errand, ErrandKind
from adapters.runs import start_missing
from adapters.settings import Settings
from scheduler import loop
from scheduler.sweep import MAX_WAITING_BELLS, ring_due, sweep
from scheduler.timetable import TIMETABLE, Line
from tests.e2e.stack import until
from tests.e2e.story import owe

CHARGE = Errand(kind=ErrandKind.CHARGE, organisation="ymca", account="main")


class Bells(list[Errand]):
    """Where bells are rung; `already` of them wait before ours."""

    already = 0

    def __call__(self, errand: Errand) -> None:
        self.append(errand)

    def waiting(self) -> int:
        return self.already + len(self)


@pytest.fixture
def app(migrated_url: str, tmp_path: Path) -> Iterator[App]:
    settings = Settings(database_url=migrated_url, simulator_journal=tmp_path / "journal.jsonl", _env_file=None)
    owe(settings, 2, tokens=("tok_approve",), zones={"ymca": "America/Toronto"})
    app = build(settings, role="scheduler")
    yield app
    app.close()


def test_f40_what_the_broker_forgot_is_rung_for_again(app: App) -> None:
    start_missing(app)
    bells = Bells()
    assert sweep(bells)(app) == 1
    bells.clear()  # FLUSHALL
    assert sweep(bells)(app) == 1
    assert bells == [CHARGE]


def test_nothing_is_rung_while_the_queue_is_long(app: App) -> None:
    start_missing(app)
    bells = Bells()
    bells.already = MAX_WAITING_BELLS
    assert ring_due(app, bells) == 0
    assert bells == []


def test_f46_a_step_that_fails_keeps_no_other_from_its_turn(app: App) -> None:
    turns: list[float] = []

    def away(_: App) -> int:
        raise ConnectionError("Redis is away")

    def counted(_: App) -> int:
        turns.append(time.monotonic())
        return 0

    lines = [Line(name="away", every_s=0.01, run_once=away), Line(name="counted", every_s=0.01, run_once=counted)]
    thread = threading.Thread(target=loop.run, args=(app, lines))
    thread.start()
    until(lambda: len(turns) > 20, 5, "turns of the other step")
    app.stopping.set()
    thread.join(2)
    assert not thread.is_alive()


def test_a_failing_step_is_tried_less_and_less_but_never_given_up(app: App) -> None:
    turn = loop.Turn(Line(name="away", every_s=1.0, run_once=lambda _: 1 // 0))
    waits = []
    for _ in range(10):
        turn.take(app)
        waits.append(round(turn.next_at - time.monotonic(), 1))
    assert waits[0] <= 2.0
    assert waits[-1] == loop.MAX_WAIT_S


def test_every_line_of_the_timetable_runs_on_an_empty_and_on_a_full_database(app: App) -> None:
    for _ in range(2):
        for line in TIMETABLE:
            assert line.run_once(app) >= 0
