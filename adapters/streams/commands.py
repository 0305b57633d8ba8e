"""The Redis stream door: `XADD encaisse:commands * event '{…}'`, read into the one inbox in its order.

Its readers are steps of the schedulers: any number may run, and those wait out an absent Redis already. Whoever
holds the row of `relays` reads, so that the commands of an organisation keep their order; what a reader took and
did not commit is still pending in the group, and the next one takes it first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import redis
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from adapters.bootstrap import App
from adapters.database import outbox
from adapters.database.books import BookTransaction, passing
from adapters.errands import Errand, ErrandKind
from adapters.inbox.accept import Accepted, Refused, accept_all, quarantine
from adapters.inbox.envelope import Unreadable
from adapters.logs import log_event, log_failure
from adapters.streams.group import Group, Message

STREAM = "encaisse:commands"
FIELD = b"event"
GROUP = "inbox"
DOOR = "stream"
READER = "commands"  # the row of `relays` that the reader holds
READ_AT_ONCE = 200  # messages in one transaction
MAX_READS = 20  # of one turn; then the other steps have theirs
MAX_KEPT = 10_000  # messages on the stream before those that were taken in are cut off

Ring = Callable[[Errand], None]


@dataclass(slots=True, kw_only=True)
class Taken:
    """What one transaction did: the messages to acknowledge, and the organisations to ring for."""

    ids: list[str] = field(default_factory=list)
    organisations: set[str] = field(default_factory=set)
    apart: int = 0


class StreamDoor:
    """`run_once` reads what waits; a message is acknowledged once its transaction is committed, never before."""

    def __init__(self, app: App, client: redis.Redis, ring: Ring) -> None:
        self.app = app
        self.ring = ring
        self.group = Group(client, stream=STREAM, name=GROUP, reader=app.leases.process)

    def run_once(self) -> int:
        """Answers how many messages were taken in; raises redis.RedisError while Redis is away."""
        total = 0
        for _ in range(MAX_READS):
            if self.app.stopping.is_set() or not self.group.anything_waits():
                break
            taken = self.app.books.run(self._take)
            if not taken.ids:
                break
            self._after(taken)
            total += len(taken.ids)
        return total

    def _take(self, tx: BookTransaction) -> Taken:
        if outbox.hold(tx.connection, READER) is None:  # somebody else reads
            return Taken()
        messages = self.group.pending(READ_AT_ONCE)
        apart = _set_apart_before(tx, messages)
        messages = messages or self.group.fresh(READ_AT_ONCE)
        taken = Taken(ids=[message.id for message in messages])
        _accept(tx, [message for message in messages if message.id not in apart], taken)
        return taken

    def _after(self, taken: Taken) -> None:
        for organisation in sorted(taken.organisations):
            self.ring(Errand(kind=ErrandKind.COMMANDS, organisation=organisation))
        self.group.acknowledge(taken.ids)
        self.group.trim(MAX_KEPT)
        log_event("commands.taken_in", door=DOOR, count=len(taken.ids), set_apart=taken.apart)


def _set_apart_before(tx: BookTransaction, messages: Sequence[Message]) -> set[str]:
    """Those that an earlier reader put into quarantine and could not acknowledge any more."""
    found = set()
    for message in messages:
        values = {"door": DOOR, "id": message.id, "length": len(message.id) + 1}
        if tx.connection.execute(text(_APART), values).first() is not None:
            found.add(message.id)
    return found


_APART = "SELECT 1 FROM quarantine WHERE door = :door AND substr(detail || ' ', 1, :length) = :id || ' ' LIMIT 1"


def _accept(tx: BookTransaction, messages: Sequence[Message], taken: Taken) -> None:
    """All together; when a bug of ours stands in the way of one, each by itself, and that one set apart."""
    try:
        with tx.part():
            _accept_all(tx, messages, taken)
    except Exception as error:
        _raise_if_away(error)
        for message in messages:
            _accept_alone(tx, message, taken)


def _accept_alone(tx: BookTransaction, message: Message, taken: Taken) -> None:
    try:
        with tx.part():
            _accept_all(tx, [message], taken)
    except Exception as error:
        _raise_if_away(error)
        log_failure("command.not_accepted", error, message=message.id)
        _set_apart(tx, message, Unreadable(reason="not_accepted", raw=_text(message)), taken)


def _accept_all(tx: BookTransaction, messages: Sequence[Message], taken: Taken) -> None:
    readable = [message for message in messages if FIELD in message.fields]
    for message in messages:
        if FIELD not in message.fields:
            _set_apart(tx, message, Unreadable(reason="no_event", raw=_text(message)), taken)
    raws = [message.fields[FIELD] for message in readable]
    answers = accept_all(tx, raws, DOOR, details=[message.id for message in readable])
    for message, answer in zip(readable, answers, strict=True):
        match answer:
            case Accepted():
                taken.organisations.add(answer.organisation)
            case Refused():  # nobody waits at this door for a refusal: a person sees it
                why = Unreadable(reason=answer.code, raw=_text(message), source=answer.source, id=answer.id)
                _set_apart(tx, message, why, taken)
            case _:
                taken.apart += 1


def _set_apart(tx: BookTransaction, message: Message, why: Unreadable, taken: Taken) -> None:
    quarantine(tx, why, DOOR, detail=message.id)
    taken.apart += 1


def _raise_if_away(error: Exception) -> None:
    """A database that is away is waited for; what it can't store is the message's fault."""
    if isinstance(error, DBAPIError) and (passing(error) or isinstance(error, OperationalError)):
        raise error


def _text(message: Message) -> str:
    """The event as it was sent, or all fields where there is none."""
    fields: Mapping[bytes, Any] = message.fields
    if FIELD in fields:
        return str(fields[FIELD].decode("utf-8", "backslashreplace"))
    return " ".join(
        f"{name.decode('utf-8', 'backslashreplace')}={value.decode('utf-8', 'backslashreplace')}"
        for name, value in fields.items()
    )
