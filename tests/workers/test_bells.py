"""Bells rung too often, too late, by many at once: one effect."""

import json
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.bootstrap import App
from adapters.errands import Errand, ErrandKind, due_errands, run_errand
from adapters.runs import start_missing
from adapters.settings import Settings
from tests.e2e.stack import until
from tests.e2e.story import owe
from tests.workers.conftest import MakeApp
from workers.bells import Bells, bell
from workers.boot import Embedded
from workers.embedded_broker import MAX_DEAD_LETTERS, EmbeddedBroker
from workers.queues import ERRANDS

ONE_CLUB = {"ymca": "America/Toronto"}
CHARGE = Errand(kind=ErrandKind.CHARGE, organisation="ymca", account="main")


@pytest.fixture
def owing(migrated_url: str, make_app: MakeApp, tmp_path: Path) -> App:
    """Thirty instalments due now, of which none was charged."""
    journal = tmp_path / "journal.jsonl"
    settings = Settings(database_url=migrated_url, simulator_journal=journal, _env_file=None)
    owe(settings, 30, tokens=("tok_approve",), zones=ONE_CLUB, latency_ms=100)
    app = make_app(migrated_url)
    start_missing(app)
    return app


def captures(app: App) -> Counter[str]:
    lines = map(json.loads, app.settings.journal_path.read_text().splitlines())
    return Counter(line["key"] for line in lines if line["effect"] == "captured")


def paid(app: App) -> int:
    with app.books.begin(read_only=True) as tx:
        found = tx.connection.exec_driver_sql("SELECT count(*) FROM payments WHERE state = 'paid'")
        return int(found.scalar_one())


def test_f51_a_hundred_copies_of_a_bell_have_one_effect(owing: App) -> None:
    embedded = Embedded(owing, threads=4)
    for _ in range(100):
        embedded.broker.enqueue(bell(CHARGE))
    embedded.start()
    until(lambda: embedded.broker.waiting(ERRANDS) == 0 and paid(owing) == 30, 20, "all paid")
    owing.stopping.set()
    embedded.stop(10)
    assert len(captures(owing)) == 30
    assert set(captures(owing).values()) == {1}


def test_f50_a_bell_that_is_replayed_later_does_nothing(owing: App) -> None:
    assert run_errand(owing, CHARGE) == 30
    before = captures(owing)
    assert run_errand(owing, CHARGE) == 0
    assert captures(owing) == before


def test_f13_workers_at_the_same_account_share_its_payments(owing: App) -> None:
    done: list[int] = []
    threads = [threading.Thread(target=lambda: done.append(run_errand(owing, CHARGE))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 30
    assert set(captures(owing).values()) == {1}
    assert paid(owing) == 30


def test_a_bell_for_more_than_one_errand_can_do_is_rung_again(owing: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.errands.MAX_BATCHES", 1)
    embedded = Embedded(owing, threads=1)
    day = (datetime.now(UTC) - timedelta(days=2)).date()
    assert owing.books.run(due_errands, read_only=True) == [CHARGE], day
    Bells(embedded.broker)(CHARGE)
    embedded.start()
    until(lambda: paid(owing) == 30, 10, "all paid")
    owing.stopping.set()
    embedded.stop(10)


def test_the_embedded_broker_loses_nothing_when_it_stops() -> None:
    broker = EmbeddedBroker(middleware=[])
    broker.declare_queue(ERRANDS)
    for _ in range(12):
        broker.enqueue(bell(CHARGE))
    consumer = broker.consume(ERRANDS, prefetch=8, timeout=10)
    fetched = [next(consumer) for _ in range(8)]
    consumer.requeue(fetched)
    assert broker.waiting(ERRANDS) == 12


def test_dead_letters_of_the_embedded_broker_are_bounded() -> None:
    broker = EmbeddedBroker(middleware=[])
    broker.declare_queue(ERRANDS)
    consumer = broker.consume(ERRANDS, prefetch=1, timeout=10)
    for _ in range(MAX_DEAD_LETTERS + 50):
        broker.enqueue(bell(CHARGE))
        consumer.nack(next(consumer))
    assert len(broker.dead_letters) == MAX_DEAD_LETTERS
