"""One command through three doors at once, again and again: one effect, and the same answer at each."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis
from starlette.testclient import TestClient

from adapters.bootstrap import App, build
from adapters.errands import work_all
from adapters.inbox.accept import accept_all
from adapters.settings import Settings
from adapters.streams.commands import STREAM, StreamDoor
from adapters.web.app import create_app
from adapters.web.sessions import hash_of
from domain.access import ServiceKey
from domain.decision import New
from tests.adapters.office import make_payment, register_card, register_client, register_organisation
from tests.e2e.stack import until
from workers.bells import Bells
from workers.boot import Embedded

TIMES = 100
KEY = "a service's key"


@pytest.fixture
def app(migrated_url: str, tmp_path: Path) -> Iterator[App]:
    settings = Settings(
        _env_file=None, database_url=migrated_url, simulator_journal=tmp_path / "journal.jsonl", requests_per_second=0
    )
    made = build(settings, role="worker", pool_size=10)
    kept = ServiceKey(hash=hash_of(KEY), name="shop", organisations=("ymca",), created_at=made.now())
    made.books.run(lambda tx: tx.write([(New(thing=kept),)]))
    furniture = [register_organisation(), register_client(), register_card()]
    made.books.run(lambda tx: accept_all(tx, furniture, "test"))
    work_all(made)
    yield made
    made.close()


class Doors:
    """The three ways in, each as its senders see it, with everything behind them at work."""

    def __init__(self, app: App, redis_url: str) -> None:
        self.app = app
        self.http = TestClient(create_app(app), headers={"authorization": f"Bearer {KEY}"})
        self.redis = redis.Redis.from_url(redis_url)
        self.embedded = Embedded(app, threads=4)
        self.actor = self.embedded.broker.get_actor("accept_command")
        self.readers = [StreamDoor(app, self.redis, Bells(self.embedded.broker)) for _ in range(2)]
        self.over = threading.Event()

    def run(self, times: int, command: dict[str, Any]) -> list[Any]:
        """The command `times` times through each door, all at once; the answers of the door that answers."""
        with ThreadPoolExecutor(12) as pool:
            readers = [pool.submit(self._read, reader) for reader in self.readers]
            self.embedded.start()
            sent = [pool.submit(send, command) for _ in range(times) for send in (self._post, self._add, self._queue)]
            try:
                answers = [one.result() for one in sent]
                until(lambda: self._worked(command) == "done", 30, "answered")
                until(lambda: self._unread() == 0, 30, "all read")
                until(lambda: self.embedded.broker.waiting("encaisse-commands") == 0, 30, "all fetched")
            finally:
                self.over.set()
            for reader in readers:
                reader.result()
        self.app.stopping.set()
        self.embedded.stop(5)
        self.redis.close()
        return [answer for answer in answers if answer is not None]

    def _worked(self, command: dict[str, Any]) -> str:
        """The charge is found as the sweep finds it: nobody relays events here."""
        work_all(self.app)
        return str(self.ask(command)["status"])

    def ask(self, command: dict[str, Any]) -> Any:
        return self.http.get(f"/v1/commands/{command['source']}/{command['id']}").json()

    def _post(self, command: dict[str, Any]) -> Any:
        answer = self.http.post("/v1/commands", json=command)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def _add(self, command: dict[str, Any]) -> None:
        client: Any = self.redis
        client.xadd(STREAM, {"event": json.dumps(command)})

    def _queue(self, command: dict[str, Any]) -> None:
        self.actor.send(event=command)

    def _unread(self) -> int:
        """What nobody has read yet, and what was read and not acknowledged."""
        client: Any = self.redis
        [group] = client.xinfo_groups(STREAM)
        behind = client.xrange(STREAM, min=b"(" + group["last-delivered-id"])
        return len(behind) + int(group["pending"])

    def _read(self, reader: StreamDoor) -> None:
        while not self.over.is_set():
            reader.run_once()
            self.over.wait(0.01)


def test_F51_the_same_command_through_three_doors_at_once_a_hundred_times_is_one_command(
    app: App, redis_url: str, tmp_path: Path
) -> None:
    command = make_payment(4_500, payment="p-1", payment_method="pm-1", id="three-doors")
    doors = Doors(app, redis_url)
    answers = doors.run(TIMES, command)
    result = {"payment": "p-1", "state": "approved"}
    assert len(answers) == TIMES
    assert {answer["href"] for answer in answers} == {"/v1/commands/shop/three-doors"}
    assert {answer["status"] for answer in answers} <= {"accepted", "done"}
    assert all(answer["result"] == result for answer in answers if answer["status"] == "done")
    assert doors.ask(command)["result"] == result

    def count(sql: str) -> Any:
        with app.books.begin(read_only=True) as tx:
            return tx.connection.exec_driver_sql(sql).scalar_one()

    assert count("SELECT count(*) FROM commands WHERE id = 'three-doors'") == 1
    assert count("SELECT count(*) FROM payments") == 1
    assert count("SELECT count(*) FROM attempts") == 1
    assert count("SELECT count(*) FROM ledger_transactions") == 1
    assert count("SELECT count(*) FROM quarantine") == 0
    asked = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert [one["amount"] for one in asked if one.get("effect") == "captured"] == [4_500]
