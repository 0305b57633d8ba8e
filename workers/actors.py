"""The actors: a bell is looked at, a command is put into the inbox. Nothing else travels by message."""

import json
from typing import Any, Protocol

import dramatiq
from dramatiq import Message
from sqlalchemy.exc import DBAPIError

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.errands import Errand, ErrandKind, due_errands, run_errand
from adapters.inbox.accept import Accepted, Answer, Quarantined, Refused, accept, quarantine
from adapters.inbox.envelope import Unreadable
from adapters.logs import log_event, log_failure
from workers.bells import Bells
from workers.quarantine import put_away
from workers.queues import ACCEPT_COMMAND, COMMANDS, ERRANDS, RING

DOOR = "dramatiq"
DATABASE_AWAY_WAIT_S = 2.0


class Process(Protocol):
    """Where an actor finds the parts of its process, made after the fork."""

    @property
    def alive(self) -> App: ...


def declare_actors(broker: Any, process: Process) -> None:
    """Puts both actors on a broker."""
    bells = Bells(broker)

    def ring(kind: str, organisation: str, account: str = "") -> None:
        if kind not in set(ErrandKind):  # of a newer version: its sweep rings again, for a newer worker
            log_event("bell.not_understood", kind=kind)
            return
        work(process.alive, Errand(kind=ErrandKind(kind), organisation=organisation, account=account), bells)

    def accept_command(event: Any) -> None:
        take_in(process.alive, event, bells)

    dramatiq.actor(broker=broker, actor_name=RING, queue_name=ERRANDS)(ring)
    dramatiq.actor(broker=broker, actor_name=ACCEPT_COMMAND, queue_name=COMMANDS)(accept_command)


def work(app: App, errand: Errand, bells: Bells) -> None:
    """Works an errand for a while; when more is left, its bell goes to the end of the queue."""
    done = run_errand(app, errand)
    if done and not app.stopping.is_set() and errand in app.books.run(due_errands, read_only=True):
        bells(errand)


def take_in(app: App, event: Any, bells: Bells) -> None:
    """A command into the inbox, and a ring for its organisation; a process that stops before the database is
    there puts it back on its queue."""
    match _accepted(app, event):
        case None:
            again = Message[Any](
                queue_name=COMMANDS, actor_name=ACCEPT_COMMAND, args=(), kwargs={"event": event}, options={}
            )
            bells.broker.enqueue(again)
        case Accepted() as kept:
            log_event("command.accepted", source=kept.source, id=kept.id, again=kept.again)
            bells(Errand(kind=ErrandKind.COMMANDS, organisation=kept.organisation))
        case Refused() as refused:
            log_event("command.refused", source=refused.source, id=refused.id, code=refused.code)
        case Quarantined() as apart:
            log_event("command.quarantined", quarantine=apart.quarantine, reason=apart.reason)


def _accepted(app: App, event: Any) -> Answer | None:
    """Waits for a database that is away; None when the process stops before it is back."""
    while True:
        try:
            return app.books.run(lambda tx: _accept(tx, event))
        except DBAPIError as error:
            log_failure("command.waits", error)
            if app.stopping.wait(DATABASE_AWAY_WAIT_S):
                return None
        except Exception as error:  # a bug of ours: a person sees the command, and it stops nobody
            log_failure("command.not_accepted", error)
            put_away(app, queue=COMMANDS, body=json.dumps(event).encode(), reason="not_accepted")
            return Quarantined(quarantine="", reason="not_accepted")


def _accept(tx: BookTransaction, event: Any) -> Answer:
    """Nobody waits at this door for a refusal: what is refused is kept apart too, for a person to see."""
    raw = event if isinstance(event, str | dict) else json.dumps(event)
    answer = accept(tx, raw, DOOR)
    if isinstance(answer, Refused):
        text = raw if isinstance(raw, str) else json.dumps(raw)
        refused = Unreadable(raw=text, reason=answer.code, source=answer.source, id=answer.id)
        quarantine(tx, refused, DOOR, detail="refused")
    return answer
