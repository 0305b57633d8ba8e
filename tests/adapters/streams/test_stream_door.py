"""The Redis stream door: every message ends in the one inbox, once and in order, whatever dies on the way."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from sqlalchemy.exc import OperationalError

from adapters.errands import Errand, ErrandKind
from adapters.inbox import accept
from adapters.streams import commands as door_module
from adapters.streams.commands import GROUP, STREAM, StreamDoor
from adapters.streams.group import Group
from domain.access import Quarantined
from domain.command import Command, CommandStatus
from tests.adapters.office import Office, make_payment
from tests.servers import RedisServer

RUNG = Errand(kind=ErrandKind.COMMANDS, organisation="ymca")


class Door:
    """A reader on the stream, and what it rang for."""

    def __init__(self, office: Office, url: str) -> None:
        self.office = office
        self.client = redis.Redis.from_url(url, socket_timeout=2, retry=None)
        self.rung: list[Errand] = []
        self.reader = StreamDoor(office.app, self.client, self.rung.append)

    def send(self, *events: Any) -> list[str]:
        texts = [event if isinstance(event, str | bytes) else json.dumps(event) for event in events]
        client: Any = self.client
        return [client.xadd(STREAM, {"event": text}).decode() for text in texts]

    def read(self) -> int:
        return self.reader.run_once()

    def pending(self) -> int:
        return int(self.client.xpending(STREAM, GROUP)["pending"])

    def kept(self) -> list[Command]:
        return self.office.app.books.run(lambda tx: tx.all(Command, order_by="seq", door="stream"), read_only=True)

    def apart(self) -> list[Quarantined]:
        return self.office.app.books.run(lambda tx: tx.all(Quarantined, order_by="id"), read_only=True)


@pytest.fixture
def door(office: Office, redis_url: str) -> Iterator[Door]:
    made = Door(office, redis_url)
    yield made
    made.client.close()


def cash(number: int, **more: Any) -> dict[str, Any]:
    return make_payment(100 + number, payment=f"p-{number}", offline="cash", id=f"s-{number}", **more)


def test_a_command_on_the_stream_is_taken_in_rung_for_and_carried_out(door: Door) -> None:
    door.send(cash(1), cash(2), cash(1))
    assert door.read() == 3
    assert door.rung == [RUNG]
    assert door.pending() == 0
    door.office.work()
    assert [(one.id, one.status) for one in door.kept()] == [("s-1", CommandStatus.DONE), ("s-2", CommandStatus.DONE)]
    assert door.read() == 0


def test_an_empty_or_missing_stream_costs_nothing(door: Door) -> None:
    assert door.read() == 0
    assert door.client.exists(STREAM) == 0


def test_F47_what_cannot_be_read_goes_to_quarantine_and_blocks_nothing(door: Door) -> None:
    door.send("no json", "[1]", b"\xff\x00{", {"source": "shop"}, cash(1), {**cash(2), "data": {"colour": "blue"}})
    door.client.xadd(STREAM, {"body": "x", "odd": b"\xff"})
    assert door.read() == 7
    assert [one.id for one in door.kept()] == ["s-1"]
    assert sorted(one.reason for one in door.apart()) == sorted(
        ["not_json", "not_an_object", "not_json", "no_id", "no_event", door.apart()[-1].reason]
    )
    assert door.pending() == 0


def test_F08_a_reader_that_dies_before_its_commit_leaves_its_messages_to_the_next_one(door: Door) -> None:
    door.send(cash(1), cash(2))
    Group(door.client, stream=STREAM, name=GROUP, reader="dead").anything_waits()  # the group is made
    Group(door.client, stream=STREAM, name=GROUP, reader="dead").fresh(10)
    door.send(cash(3))
    assert door.pending() == 2
    assert door.read() == 3
    assert [one.id for one in door.kept()] == ["s-1", "s-2", "s-3"]
    assert door.pending() == 0


def test_F07_a_reader_that_dies_after_its_commit_changes_nothing(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door.send(cash(1), "no json")
    with monkeypatch.context() as patched:
        patched.setattr(StreamDoor, "_after", lambda *_: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception):
            door.read()
    assert door.pending() == 2
    assert door.read() == 2
    assert len(door.kept()) == 1
    assert len(door.apart()) == 1
    assert door.pending() == 0


def test_a_database_that_is_away_leaves_everything_on_the_stream(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door.send(cash(1))

    def away(*_: Any, **__: Any) -> Any:
        raise OperationalError("SELECT 1", {}, Exception("disk is full"))

    with monkeypatch.context() as patched:
        patched.setattr(door_module, "accept_all", away)
        with pytest.raises(OperationalError):
            door.read()
    assert door.read() == 1
    assert len(door.kept()) == 1


def test_a_bug_sets_one_message_apart_and_spares_the_others(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    accept_all = accept.accept_all

    def broken(tx: Any, raws: Any, *rest: Any, **more: Any) -> Any:
        if any(b"s-2" in raw for raw in raws):
            raise ValueError("a bug")
        return accept_all(tx, raws, *rest, **more)

    monkeypatch.setattr(door_module, "accept_all", broken)
    door.send(cash(1), cash(2), cash(3))
    assert door.read() == 3
    assert [one.id for one in door.kept()] == ["s-1", "s-3"]
    assert [one.reason for one in door.apart()] == ["not_accepted"]


def test_F09_many_readers_at_once_keep_the_order_of_the_stream(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "READ_AT_ONCE", 7)
    door.send(*(cash(number) for number in range(100)))
    readers = [StreamDoor(door.office.app, door.client, door.rung.append) for _ in range(4)]

    def read(reader: StreamDoor) -> int:
        return sum(reader.run_once() for _ in range(20))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read, readers))
    door.read()
    assert [one.id for one in door.kept()] == [f"s-{number}" for number in range(100)]
    assert door.pending() == 0


def test_what_was_taken_in_is_cut_off_and_what_was_not_never_is(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "MAX_KEPT", 5)
    door.send(*(cash(number) for number in range(10)))
    assert door.read() == 10
    assert door.client.xlen(STREAM) == 1
    door.send(*(cash(number) for number in range(10, 20)))
    door.reader.group.fresh(3)
    door.reader.group.trim(5)
    assert door.client.xlen(STREAM) == 10
    assert door.read() == 10
    assert [one.id for one in door.kept()] == [f"s-{number}" for number in range(20)]


def test_a_message_that_somebody_deleted_is_forgotten(door: Door) -> None:
    ids = door.send(cash(1), cash(2))
    door.reader.group.anything_waits()
    door.reader.group.fresh(10)
    door.client.xdel(STREAM, ids[0])
    assert door.read() == 1
    assert door.pending() == 0


def test_F40_after_a_flushall_the_door_opens_again(door: Door) -> None:
    door.send(cash(1))
    door.read()
    door.client.flushall()
    assert door.read() == 0
    door.send(cash(1), cash(2))
    assert door.read() == 2
    assert len(door.kept()) == 2


def test_F46_a_redis_that_is_away_is_waited_for(small_office: Office, own_redis: RedisServer) -> None:
    door = Door(small_office, own_redis.url)
    door.send(cash(1))
    own_redis.kill()
    with pytest.raises(redis.ConnectionError):
        door.read()
    own_redis.start()
    assert door.read() == 1
    door.client.close()
