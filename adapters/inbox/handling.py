"""Handling: the accepted commands of an organisation, in their order, many in a transaction."""

from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError

from adapters.bootstrap import App
from adapters.database.batch import BatchTransaction, Spoilt
from adapters.database.books import BookTransaction, passing
from adapters.inbox import refusals
from adapters.inbox.accept import quarantine
from adapters.inbox.envelope import Unreadable, content_hash
from adapters.inbox.foreseeing import foresee
from adapters.inbox.handlers import HANDLERS, MAKES, Result
from adapters.inbox.lanes import (
    MAKES_DUE,
    PATIENCE,
    SAME_AS,
    Lane,
    accepted,
    answer_repeats,
    charged_at_once,
    charging,
    client_of,
    lock_lane,
)
from adapters.inbox.schemas import SCHEMAS, act_of
from adapters.inbox.sealed import as_sent
from adapters.logs import log_event, log_failure
from domain.command import Command, CommandStatus, Identity, answer
from domain.decision import Change, New
from domain.ports import Stale
from domain.refusal import IdTaken, Refusal
from domain.use_cases.authorise import authorise

BATCH_SIZE = 200  # commands in one transaction; the organisation's lane is held that long
MAX_STALE = 3  # tries of one command when somebody else moves its rows at the same time


def handle_commands(app: App, *, organisation: str, limit: int = BATCH_SIZE, patience: timedelta = PATIENCE) -> int:
    """Carries out accepted commands of an organisation; answers how many were taken in hand.

    One at a time per organisation: its lane is locked. A command about a client whose charge is under way
    waits for the answer, so that it sees what became of those before it; for a charge that is not sent
    within `patience`, because it waits for something itself, nothing is held up.
    """
    handle = partial(carry_out, organisation=organisation, limit=limit, patience=patience)
    try:
        return app.books.run(partial(_together, handle))
    except Exception as error:  # the one place where any error is right: each is carried out alone
        if isinstance(error, DBAPIError) and passing(error):
            raise
        log_failure("commands.spoilt", error, organisation=organisation)
        return app.books.run(handle)


def _together(handle: Callable[[BookTransaction], int], tx: BookTransaction) -> int:
    """The whole batch with few statements."""
    batch = BatchTransaction(tx)
    done = handle(batch)
    batch.flush()
    return done


def carry_out(tx: BookTransaction, *, organisation: str, limit: int, patience: timedelta) -> int:
    """Within a transaction: a plain one does one command after the other, a batch the same with fewer statements."""
    lock_lane(tx, organisation)
    waiting = tx.all(Command, organisation=organisation, status=CommandStatus.ACCEPTED, waits=True)
    commands = accepted(tx, organisation)
    lane = Lane(charging=charging(tx, waiting, organisation, patience), at_once=charged_at_once(tx, commands, patience))
    done = answer_repeats(tx, waiting)
    if isinstance(tx, BatchTransaction):
        tx.foresee(foresee(commands[:limit]), commands)
    for command in commands:
        if done >= limit:
            break
        client = client_of(tx, command, lane.promised)
        if not lane.lets_pass(client, command):
            continue
        match _carry_out(tx, command):
            case Step.ANSWERED:
                if client and act_of(command.type) in MAKES_DUE:
                    lane.at_once.add(client)  # perhaps: the next batch looks
                done += 1
            case Step.CHARGING:
                lane.charges(client, command)
                done += 1
    return done


class Step(Enum):
    """How far a command has come."""

    ANSWERED = "answered"
    CHARGING = "charging"  # its answer is the gateway's


class _NotAnswered(Exception):
    """The command that made this very thing waits for its own answer, which will be this one's too."""

    def __init__(self, seq: int) -> None:
        self.seq = seq


def _carry_out(tx: BookTransaction, command: Command) -> Step:
    """One command, alone in its savepoint."""
    for trial in range(1, MAX_STALE + 1):
        try:
            with tx.part():
                result = use_case(tx, command)
        except Refusal as refusal:
            _close(tx, command, CommandStatus.REFUSED, refusals.told(refusal))
            log_event("command.refused", **_named(command), code=refusal.code, field=refusal.field)
            return Step.ANSWERED
        except _NotAnswered as earlier:
            put = {"waits": True, "result": {SAME_AS: earlier.seq}}
            tx.write([(Change(thing=Command, key={"seq": command.seq}, put=put),)])
            return Step.ANSWERED
        except (Stale, IntegrityError) as error:  # somebody else was first: what they wrote is seen now
            if trial == MAX_STALE:
                return _set_apart(tx, command, error)
        except Exception as error:
            if isinstance(error, Spoilt) or (isinstance(error, DBAPIError) and passing(error)):
                raise  # the whole transaction is tried again
            return _set_apart(tx, command, error)
        else:
            log_event("command.handled", **_named(command))
            return _write_down(tx, command, result)
    raise AssertionError("unreachable")


def _write_down(tx: BookTransaction, command: Command, result: Result) -> Step:
    if result is None:
        tx.write([(Change(thing=Command, key={"seq": command.seq}, put={"waits": True}),)])
        return Step.CHARGING
    tx.write([(answer(command.seq, result, now=tx.now),)])
    return Step.ANSWERED


def use_case(tx: BookTransaction, command: Command) -> Result:
    """What a command does, without its answer being kept; raises the Refusal of a rule."""
    act = act_of(command.type)
    asked = SCHEMAS[command.type].model_validate(as_sent(tx, command))
    if asked.by is not None:
        authorise(tx, organisation=command.organisation, by=asked.by, act=act)
    identity = _identity(command, act)
    if identity is not None:
        earlier = _made_before(tx, identity)
        if earlier is not None and earlier.status is CommandStatus.ACCEPTED:
            raise _NotAnswered(earlier.seq)
        if earlier is not None:
            return dict(earlier.result)
    result = HANDLERS[act](tx, asked, asked.by or command.source, command.seq)
    if identity is not None:
        tx.write([(New(thing=identity),)])
    return result


def _identity(command: Command, act: str) -> Identity | None:
    field_ = MAKES.get(act)
    if field_ is None or command.body.get(field_) is None:
        return None
    content = {name: value for name, value in command.body.items() if name != "by"}
    return Identity(
        organisation=command.organisation, kind=field_, id=command.body[field_], content_hash=content_hash(content),
        command=command.seq,
    )  # fmt: skip


def _made_before(tx: BookTransaction, identity: Identity) -> Command | None:
    """The command that made this very thing; refuses another content under the same id."""
    known = tx.find(Identity, organisation=identity.organisation, kind=identity.kind, id=identity.id)
    if known is None:
        return None
    if known.content_hash != identity.content_hash:
        raise IdTaken(identity.kind, id=identity.id)
    return tx.get(Command, seq=known.command)


def _close(tx: BookTransaction, command: Command, status: CommandStatus, error: dict[str, Any]) -> None:
    put = {"status": status, "error": error, "done_at": tx.now}
    tx.write([(Change(thing=Command, key={"seq": command.seq}, put=put),)])


def _set_apart(tx: BookTransaction, command: Command, error: Exception) -> Step:
    """A bug, or a command of another version: it is shown to a person and blocks nothing."""
    log_failure("command.failed", error, **_named(command))
    reason = refusals.INTERNAL_ERROR
    detail = "; ".join(_first_lines(error))
    raw = f"{command.source} {command.id} {command.type} (seq {command.seq})"
    quarantine(tx, Unreadable(reason=reason, raw=raw, detail=detail), command.door)
    _close(tx, command, CommandStatus.QUARANTINED, refusals.internal_error())
    return Step.ANSWERED


def _first_lines(error: Exception) -> list[str]:
    if isinstance(error, ValidationError):
        return [refusals.of_shape(error).code]
    return [type(error).__name__, *str(error).splitlines()[:1]]


def _named(command: Command) -> dict[str, Any]:
    return {
        "source": command.source, "id": command.id, "type": command.type, "organisation": command.organisation,
        "seq": command.seq,
    }  # fmt: skip
