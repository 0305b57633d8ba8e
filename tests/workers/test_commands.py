"""The dramatiq door: commands of Python services, accepted once, never lost with the database or the process."""

import json
import logging
from typing import Any

import dramatiq
import pytest
from dramatiq import Message
from dramatiq.broker import MessageProxy
from dramatiq.brokers.redis import RedisBroker
from sqlalchemy.exc import OperationalError

from adapters.bootstrap import App
from adapters.logs import configure
from adapters.settings import Settings
from domain.access import Quarantined
from domain.command import Command, CommandStatus
from tests.e2e.stack import until
from tests.e2e.story import Story
from tests.workers.conftest import MakeApp
from workers.boot import Embedded
from workers.middleware import say_ids_only
from workers.queues import COMMANDS
from workers.redis_broker import HardenedRedisBroker

Sender = Any


@pytest.fixture
def app(make_app: MakeApp, migrated_sqlite_url: str) -> App:
    return make_app(migrated_sqlite_url)


def commands(app: App) -> list[Command]:
    return app.books.run(lambda tx: tx.all(Command, order_by="seq"), read_only=True)


def sender_on(broker: Any) -> Sender:
    """As another service declares it: it knows the queue, the actor and the keyword, nothing else."""

    def accept_command(event: Any) -> None: ...

    return dramatiq.actor(broker=broker, queue_name=COMMANDS, actor_name="accept_command")(accept_command)


def organisation() -> dict[str, Any]:
    return Story("shop").organisation("ymca", "America/Toronto")


def worked(app: App, *events: Any) -> None:
    embedded = Embedded(app, threads=2)
    send = embedded.broker.get_actor("accept_command")
    for event in events:
        send.send(event=event)
    embedded.start()
    until(lambda: embedded.broker.queues[COMMANDS].unfinished_tasks == 0, 10, "all accepted")
    until(lambda: embedded.broker.queues["encaisse-errands"].unfinished_tasks == 0, 10, "all worked")
    app.stopping.set()
    embedded.stop(5)


def test_a_command_is_accepted_as_an_object_or_as_text_and_carried_out_once(app: App) -> None:
    worked(app, organisation(), json.dumps(organisation()), organisation())
    assert [(one.id, one.door, one.status) for one in commands(app)] == [("n-1", "dramatiq", CommandStatus.DONE)]


def test_what_cannot_be_read_or_is_refused_is_set_apart(app: App) -> None:
    odd = {**organisation(), "data": {"organisation": "ymca", "colour": "blue"}}
    worked(app, "no json", 42, {"source": "shop"}, odd)
    kept = app.books.run(lambda tx: tx.all(Quarantined), read_only=True)
    assert len(kept) == 4
    assert commands(app) == []


def test_f46_a_command_waits_for_a_database_that_is_away(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.actors.DATABASE_AWAY_WAIT_S", 0.05)
    real, failures = app.books.run, [1, 2, 3]

    def run(work: Any, **more: Any) -> Any:
        if failures and not more:
            failures.pop()
            raise OperationalError("", {}, Exception("away"))
        return real(work, **more)

    monkeypatch.setattr(app.books, "run", run)
    worked(app, organisation())
    assert len(commands(app)) == 1


def test_f46_a_command_that_could_not_be_accepted_goes_back_to_its_queue(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(work: Any, **more: Any) -> Any:
        raise OperationalError("", {}, Exception("away"))

    with monkeypatch.context() as patched:
        patched.setattr(app.books, "run", away)
        embedded = Embedded(app, threads=1)
        embedded.broker.get_actor("accept_command").send(event=organisation())
        app.stopping.set()  # so that nothing is waited for
        embedded.start()
        until(lambda: embedded.broker.waiting(COMMANDS) <= 1, 5)
        embedded.stop(5)
    assert embedded.broker.waiting(COMMANDS) == 1


def test_a_service_that_knows_nothing_but_dramatiq_can_send(app: App, redis_url: str) -> None:
    plain = RedisBroker(url=redis_url)
    sender_on(plain).send(event=organisation())
    ours = HardenedRedisBroker(redis_url, quarantine=lambda *_: None, middleware=[])
    message = next(ours.consume(COMMANDS, prefetch=1, timeout=10))
    assert message.kwargs == {"event": organisation()}
    plain.client.close()
    ours.client.close()


def test_f124_what_a_command_says_stays_out_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings(log_format="json", _env_file=None))
    try:
        say_ids_only()
        secret = Message[Any](
            queue_name=COMMANDS, actor_name="accept_command", args=(), kwargs={"event": {"token": "tok_secret"}},
            options={}, message_id="m-1",
        )  # fmt: skip
        logging.getLogger("dramatiq.worker").warning("Failed to post_process_message(%s): %s", secret, "away")
        logging.getLogger("dramatiq.worker").debug("Received message %r", MessageProxy(secret))
    finally:
        logging.getLogger().handlers.clear()
    said = capsys.readouterr().err
    assert "m-1" in said
    assert "tok_secret" not in said
