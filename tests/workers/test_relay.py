"""The relay: every event at least once, in the order of commits, whatever crashes and however many there are."""

import json
import threading
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
import redis

from adapters.bootstrap import App
from adapters.database import outbox
from adapters.errands import Errand, ErrandKind
from domain.decision import New
from domain.event import Event
from domain.use_cases.make_payment import make_payment
from tests.e2e.story import Story, send
from tests.held_back import wait_until_told
from tests.workers.conftest import MakeApp
from workers.relay import STREAM, Relay, Stream


class Told(list[dict[str, Any]]):
    """Where events are published; fails when it should."""

    fails = False

    def __call__(self, told: Iterable[dict[str, Any]]) -> None:
        if self.fails:
            raise redis.ConnectionError("away")
        self.extend(told)

    def numbers(self) -> list[int]:
        return [event["data"]["number"] for event in self]


def event(app: App, number: int, type_: str = "invoice.created", *, public: bool = True) -> New:
    with app.books.begin(read_only=True) as tx:
        now = tx.now
    return New(
        thing=Event(
            organisation="ymca", type=type_, subject=f"invoice:{number}", sequence=1, at=now, public=public,
            data={"number": number},
        )
    )  # fmt: skip


def write(app: App, *steps: New) -> None:
    app.books.run(lambda tx: tx.write([steps]))


def tell(app: App, *numbers: int) -> None:
    for number in numbers:
        write(app, event(app, number))


@pytest.fixture
def app(migrated_url: str, make_app: MakeApp) -> App:
    return make_app(migrated_url)


def relay(app: App, told: Told, rung: list[Errand] | None = None, *, wait: bool = True) -> Relay:
    """A relay; on PostgreSQL only once no stranger's transaction of the shared server holds anything back."""
    if wait:
        wait_until_told(app.engine)
    return Relay(app, publish=told, ring=(rung if rung is not None else []).append)


def test_public_events_are_told_once_and_in_order(app: App) -> None:
    told = Told()
    tell(app, 1, 2, 3)
    hidden = event(app, 4, public=False)
    app.books.run(lambda tx: tx.write([(hidden,)]))
    assert relay(app, told).run_once() == 4
    assert relay(app, told).run_once() == 0
    assert told.numbers() == [1, 2, 3]
    assert set(told[0]) >= {"id", "type", "subject", "sequence", "time", "organisation", "data"}


def test_f08_a_relay_that_fails_before_publishing_publishes_later(app: App) -> None:
    told = Told()
    tell(app, 1)
    told.fails = True
    with pytest.raises(redis.ConnectionError):
        relay(app, told).run_once()
    told.fails = False
    relay(app, told).run_once()
    assert told.numbers() == [1]


def test_f08_a_relay_that_dies_after_publishing_publishes_again_under_the_same_id(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    tell(app, 1)
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "advance", _dies)
        with pytest.raises(SystemExit):
            relay(app, told).run_once()
    relay(app, told).run_once()
    assert told.numbers() == [1, 1]
    assert told[0]["id"] == told[1]["id"]


def test_f09_two_relays_at_once_leave_nothing_out(app: App) -> None:
    told = Told()
    tell(app, *range(20))
    threads = [threading.Thread(target=relay(app, told).run_once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    relay(app, told).run_once()
    assert sorted(set(told.numbers())) == list(range(20))


def test_an_event_that_is_committed_late_is_not_passed_over(migrated_postgres_url: str, make_app: MakeApp) -> None:
    app, told = make_app(migrated_postgres_url), Told()
    late, early = event(app, 1), event(app, 2)
    with app.books.begin() as slow:
        slow.write([(late,)])  # takes the lower id, and commits after the other
        app.books.run(lambda tx: tx.write([(early,)]))
        relay(app, told, wait=False).run_once()
        assert told.numbers() == []
    relay(app, told).run_once()
    assert sorted(told.numbers()) == [1, 2]


def test_a_transaction_is_told_whole_however_long(app: App) -> None:
    told = Told()
    many = [event(app, number) for number in range(10)]
    app.books.run(lambda tx: tx.write([tuple(many)]))
    tell(app, 10, 11)
    position, numbers = 0, list[int]()
    while len(numbers) < 12:  # on a shared server somebody else's open transaction holds the newest back
        with app.books.begin() as tx:
            read = outbox.read(tx.connection, position, limit=4)
        numbers += [row.data["number"] for row in read.events]
        position = read.position
    assert numbers == list(range(12))
    while len(told.numbers()) < 12:
        relay(app, told).run_once()
    assert told.numbers() == list(range(12))


def test_what_can_be_done_now_is_rung_for_at_once(app: App) -> None:
    story, rung = Story(), list[Errand]()
    owing = story.owing("ymca", 1, "tok_approve", [date(2030, 1, 1)])
    send(app, [story.organisation("ymca", "America/Toronto"), *owing])
    relay(app, Told(), rung).run_once()
    assert rung == []
    app.books.run(
        lambda tx: make_payment(
            tx, organisation="ymca", client="c-1", payment=None, amount=500, payment_method="pm-1", by="test"
        )
    )
    relay(app, Told(), rung).run_once()
    assert rung == [Errand(kind=ErrandKind.CHARGE, organisation="ymca", account="main")]


def test_the_stream_holds_what_was_told(app: App, redis_url: str) -> None:
    tell(app, 1, 2)
    with redis.Redis.from_url(redis_url) as client:
        relay(app, Told())  # waits for strangers
        Relay(app, publish=Stream(client), ring=lambda errand: None).run_once()
        entries: Any = client.xrange(STREAM)
    told = [json.loads(fields[b"event"]) for _, fields in entries]
    assert [one["data"]["number"] for one in told] == [1, 2]
    assert [one["type"] for one in told] == ["invoice.created"] * 2


def _dies(*_: object) -> None:
    raise SystemExit
