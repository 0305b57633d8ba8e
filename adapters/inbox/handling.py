"""Handling: the accepted commands of an organisation, in their order, many in a transaction."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import Any

from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from adapters.bootstrap import App
from adapters.database import loader
from adapters.database.books import BookTransaction, passing
from adapters.inbox import refusals
from adapters.inbox.accept import quarantine
from adapters.inbox.envelope import Unreadable, content_hash
from adapters.inbox.handlers import HANDLERS, MAKES, Result
from adapters.inbox.schemas import SCHEMAS, act_of
from adapters.logs import log_event, log_failure
from domain.action_item import ActionItem
from domain.command import Command, CommandStatus, Identity, answer
from domain.decision import Change, New
from domain.payment import Payment, PaymentState
from domain.ports import Stale
from domain.refusal import IdTaken, Refusal
from domain.use_cases.authorise import authorise

BATCH_SIZE = 50  # commands in one transaction; the organisation's lane is held that long
LOOKED_THROUGH = 200  # accepted commands looked at to find those that need not wait
SAME_AS = "same_as"  # in the result of a command that waits for the answer to an earlier one
MAX_STALE = 3  # tries of one command when somebody else moves its rows at the same time
PATIENCE = timedelta(minutes=1)  # a charge is sent within seconds
# What asks for money, or only adds: it need not wait for the answer to an earlier charge of the same client.
ALONGSIDE = ("payment.make", "invoice.create", "client.register")


def handle_commands(app: App, *, organisation: str, limit: int = BATCH_SIZE, patience: timedelta = PATIENCE) -> int:
    """Carries out accepted commands of an organisation; answers how many were taken in hand.

    One at a time per organisation: its lane is locked. A command about a client whose charge is under way
    waits for the answer, so that it sees what became of those before it; for a charge that is not sent
    within `patience`, because it waits for something itself, nothing is held up.
    """
    return app.books.run(partial(_handle, organisation=organisation, limit=limit, patience=patience))


def _handle(tx: BookTransaction, *, organisation: str, limit: int, patience: timedelta) -> int:
    _lock_lane(tx, organisation)
    waiting = tx.all(Command, organisation=organisation, status=CommandStatus.ACCEPTED, waits=True)
    lane = _Lane(charging=_charging(tx, waiting, organisation, patience))
    done = _answer_repeats(tx, waiting)
    for command in _accepted(tx, organisation):
        if done == limit:
            break
        client = _client_of(tx, command)
        if client and not lane.lets_pass(client, act_of(command.type)):
            continue
        match _carry_out(tx, command):
            case Step.ANSWERED:
                done += 1
            case Step.CHARGING:
                lane.charging.add(client)
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


@dataclass(slots=True, kw_only=True)
class _Lane:
    """The clients whose charge is under way, and those of whom an earlier command waits for it."""

    charging: set[str]
    waiting: set[str] = field(default_factory=set)

    def lets_pass(self, client: str, act: str) -> bool:
        if client in self.waiting or (client in self.charging and act not in ALONGSIDE):
            self.waiting.add(client)
            return False
        return True


def _carry_out(tx: BookTransaction, command: Command) -> Step:
    """One command, alone in its savepoint."""
    for trial in range(1, MAX_STALE + 1):
        try:
            with tx.part():
                result = _use_case(tx, command)
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
            if isinstance(error, DBAPIError) and passing(error):
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


def _use_case(tx: BookTransaction, command: Command) -> Result:
    act = act_of(command.type)
    asked = SCHEMAS[command.type].model_validate(command.body)
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


# ------------------------------------------------------------------ the lane


def _lock_lane(tx: BookTransaction, organisation: str) -> None:
    """SQLite has one writer anyway. The lane exists before the organisation does."""
    if tx.dialect == "postgresql":
        tx.connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtext('inbox'), hashtext(:organisation))"),
            {"organisation": organisation},
        )


def _accepted(tx: BookTransaction, organisation: str) -> list[Command]:
    statement = loader.selection(
        Command, {"organisation": organisation, "status": CommandStatus.ACCEPTED, "waits": False},
        order_by="seq", limit=LOOKED_THROUGH, lock=False,
    )  # fmt: skip
    return [loader.build(Command, row) for row in tx.connection.execute(statement).all()]


def _answer_repeats(tx: BookTransaction, waiting: list[Command]) -> int:
    """Commands that repeat one which has its answer by now get the same."""
    repeats = [command for command in waiting if SAME_AS in command.result]
    earlier = {seq: tx.get(Command, seq=seq) for seq in {command.result[SAME_AS] for command in repeats}}
    done = 0
    for command in repeats:
        first = earlier[command.result[SAME_AS]]
        if first.status is CommandStatus.DONE:
            tx.write([(answer(command.seq, first.result, now=tx.now),)])
            done += 1
    return done


def _charging(tx: BookTransaction, waiting: list[Command], organisation: str, patience: timedelta) -> set[str]:
    """The clients of commands that were carried out and wait for a charge that is being sent."""
    if not waiting:
        return set()
    found = tx.all(
        Payment, organisation=organisation, client=list({_client_of(tx, command) for command in waiting}),
        command=[command.seq for command in waiting], state=[PaymentState.DUE, PaymentState.SUBMITTING],
    )  # fmt: skip
    since = tx.now - patience
    return {
        payment.client
        for payment in found
        if payment.state is PaymentState.SUBMITTING or (payment.due_at is not None and payment.due_at > since)
    }


def _client_of(tx: BookTransaction, command: Command) -> str:
    """The client that a command is about; none for what is about the organisation itself."""
    named = command.body.get("client")
    if named is not None:
        return str(named)
    if "item" in command.body:
        item = tx.find(ActionItem, organisation=command.organisation, id=command.body["item"])
        return item.client if item is not None else ""
    if "instalments" in command.body:
        first = tx.find(Payment, organisation=command.organisation, id=command.body["instalments"][0])
        return first.client if first is not None else ""
    return ""
