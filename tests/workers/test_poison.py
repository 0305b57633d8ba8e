"""Messages that nobody should have sent: set apart within one fetch, and the good ones never notice."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from dramatiq import Message, Worker

from adapters.bootstrap import App
from adapters.errands import Errand, ErrandKind
from domain.access import Quarantined
from tests.e2e.stack import until
from tests.workers.conftest import MakeApp
from workers.actors import declare_actors
from workers.bells import bell
from workers.envelope import MAX_BODY_BYTES
from workers.middleware import prefer_calm
from workers.quarantine import put_away
from workers.queues import ERRANDS
from workers.redis_broker import HardenedRedisBroker

GOOD = 40
KEY = f"dramatiq:{ERRANDS}"
CARD = "4111111111111111"


def good_body(**changes: Any) -> dict[str, Any]:
    message: Message[Any] = bell(Errand(kind=ErrandKind.CHARGE, organisation="nobody", account="main"))
    return {**message.asdict(), "options": {"redis_message_id": message.message_id}, **changes}


POISON = {
    "bytes": b"\xff\xfe\x00" + CARD.encode(),
    "not_json": b"{" * 50_000,
    "not_a_message": json.dumps({"card": CARD}).encode(),
    "a_list": b"[1, 2]",
    "wrong_shape": json.dumps(good_body(kwargs=[CARD])).encode(),
    "more_fields": json.dumps(good_body(kwargs={"kind": "charge", "organisation": "x", "amount": 5})).encode(),
    "fewer_fields": json.dumps(good_body(kwargs={})).encode(),
    "unknown_actor": json.dumps(good_body(actor_name="old_one")).encode(),
    "odd_eta": json.dumps(good_body(options={"redis_message_id": "x", "eta": "soon"})).encode(),
    "too_long": json.dumps(good_body(args=["a" * MAX_BODY_BYTES])).encode(),
}
MENDED = {
    "no_redis_id": json.dumps(good_body(options={})).encode(),
    "other_queue": json.dumps(good_body(queue_name="default")).encode(),
    "of_a_newer_version": json.dumps(good_body(kwargs={"kind": "dance", "organisation": "x"})).encode(),
}


class Process:
    def __init__(self, app: App) -> None:
        self.alive = app


@pytest.fixture
def app(make_app: MakeApp, migrated_sqlite_url: str) -> App:
    return make_app(migrated_sqlite_url)


@pytest.fixture
def broker(app: App, redis_url: str) -> Iterator[HardenedRedisBroker]:
    made = HardenedRedisBroker(
        redis_url, quarantine=lambda queue, body, reason: put_away(app, queue=queue, body=body, reason=reason),
        middleware=[],
    )  # fmt: skip
    declare_actors(made, Process(app))
    yield made
    made.client.close()


def push(client: redis.Redis, id: str, body: bytes) -> None:
    client.hset(f"{KEY}.msgs", id, body)
    client.rpush(KEY, id)


def push_good(client: redis.Redis, id: str) -> None:
    push(client, id, json.dumps(good_body(options={"redis_message_id": id})).encode())


def work_until_empty(broker: HardenedRedisBroker, within_s: float = 20) -> None:
    """Everything was acknowledged: nothing waits, nothing is held, nothing is dead (F-55)."""
    worker = Worker(broker, worker_threads=4)
    prefer_calm(worker)
    worker.start()
    try:
        until(lambda: not [key for key in broker.client.keys(f"dramatiq*{ERRANDS}*")], within_s, "an empty queue")
    finally:
        broker.stopping.set()
        worker.stop(timeout=5_000)


def test_f47_f48_poison_is_set_apart_and_batch_mates_never_notice(
    broker: HardenedRedisBroker, app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    bodies = list({**POISON, **MENDED}.items())
    for number in range(GOOD):
        push_good(broker.client, f"good-{number}")
        if number < len(bodies):
            name, body = bodies[number]
            push(broker.client, "x" if name == "odd_eta" else name, body)
    broker.client.rpush(KEY, "an-id-without-a-message")
    work_until_empty(broker)
    kept = app.books.run(lambda tx: tx.all(Quarantined), read_only=True)
    assert sorted(one.reason for one in kept) == sorted([
        "not_json", "not_json", "not_a_message", "not_a_message", "not_a_message", "unknown_actor",
        "not_a_message", "too_long", "unknown_words", "missing_words",
    ])  # fmt: skip
    assert all(one.door == "dramatiq" and "\x00" not in one.raw for one in kept)
    said = capsys.readouterr()
    assert CARD not in said.out + said.err


def test_f47_poison_waits_in_redis_while_the_database_is_away(broker: HardenedRedisBroker) -> None:
    def away(queue: str, body: bytes, reason: str) -> None:
        raise ConnectionError("no database")

    put_in_table, broker.quarantine = broker.quarantine, away
    push(broker.client, "bad", b"?")
    push_good(broker.client, "good")
    consumer = broker.consume(ERRANDS, prefetch=4, timeout=10)
    with pytest.raises(ConnectionError):
        next(consumer)
    assert broker.rescue(ERRANDS) == 2
    assert broker.waiting(ERRANDS) == 2
    broker.quarantine = put_in_table
    work_until_empty(broker)


def test_an_answer_lost_on_the_way_strands_no_message(broker: HardenedRedisBroker) -> None:
    for number in range(3):
        push_good(broker.client, f"n{number}")
    broker._dispatch("fetch")(ERRANDS, 2)  # fetched for us, and never seen
    assert broker.waiting(ERRANDS) == 1
    work_until_empty(broker)


def test_a_consumer_that_is_given_up_gives_back_what_it_had_not_shown(broker: HardenedRedisBroker) -> None:
    for number in range(3):
        push_good(broker.client, f"n{number}")
    consumer = broker.consume(ERRANDS, prefetch=3, timeout=10)
    shown = next(consumer)
    broker.consume(ERRANDS, prefetch=3, timeout=10)
    assert broker.waiting(ERRANDS) == 2
    consumer.ack(shown)
    work_until_empty(broker)


def test_f42_a_redis_that_restarts_is_waited_for(app: App, own_redis: Any) -> None:
    broker = HardenedRedisBroker(own_redis.url, quarantine=lambda *_: None, middleware=[])
    declare_actors(broker, Process(app))
    worker = Worker(broker, worker_threads=2)
    prefer_calm(worker)
    worker.start()
    try:
        own_redis.kill()
        time.sleep(0.5)
        own_redis.start()
        broker.enqueue(bell(Errand(kind=ErrandKind.CHARGE, organisation="nobody", account="main")))
        until(lambda: broker.client.hlen(f"{KEY}.msgs") == 0, 15, "worked after the restart")
    finally:
        broker.stopping.set()
        worker.stop(timeout=5_000)
        broker.client.close()
