"""Accepting: a command is kept once, for ever, by its sender's name and id; what can't be is told why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import ValidationError
from sqlalchemy import text

from adapters.database import loader, recordset
from adapters.database.books import BookTransaction
from adapters.database.tables import commands
from adapters.inbox import refusals
from adapters.inbox.envelope import SPECVERSION, Envelope, Unreadable, parse
from adapters.inbox.schemas import SCHEMAS
from adapters.inbox.sealed import same_secrets, to_keep
from adapters.inbox.shape import is_card_number
from adapters.scrubbing import scrub_message
from domain.access import Quarantined as Kept
from domain.command import Command, CommandStatus
from domain.decision import New
from domain.refusal import Refusal

Raw = bytes | str | Mapping[str, Any]
Body = dict[str, Any]
MAX_RAW = 256_000  # of a message in quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """In the inbox, now or since earlier (`again`): `seq` is its place, `status` where it has come to."""

    source: str
    id: str
    organisation: str
    seq: int
    status: str
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Not kept: the same id may be sent again, put right. `error` is as answers carry it."""

    source: str
    id: str
    error: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return str(self.error["code"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """Kept apart under `quarantine`, an id of ours, with the reason."""

    quarantine: str
    reason: str
    source: str | None = None
    id: str | None = None


Answer = Accepted | Refused | Quarantined


def accept(tx: BookTransaction, raw: Raw, door: str) -> Answer:
    """Takes one command from a door into the inbox; never raises for what was sent."""
    return accept_all(tx, [raw], door)[0]


def accept_all(tx: BookTransaction, raws: Sequence[Raw], door: str, *, details: Sequence[str] = ()) -> list[Answer]:
    """Takes commands in their order, with few statements; `details` are kept beside what is quarantined."""
    read = [parse(raw) for raw in raws]
    known = _known(tx, {(one.source, one.id) for one in read if isinstance(one, Envelope)})
    answers: list[Answer | None] = [None] * len(read)
    fresh: dict[tuple[str, str], tuple[int, Envelope, Body]] = {}
    later: list[tuple[int, Envelope]] = []
    for position, one in enumerate(read):
        if isinstance(one, Unreadable):
            answers[position] = quarantine(tx, one, door, detail=details[position] if details else "")
        elif (one.source, one.id) in known:
            answers[position] = _again(tx, one, known[one.source, one.id])
        elif (one.source, one.id) in fresh:
            later.append((position, one))
        else:
            try:
                fresh[one.source, one.id] = (position, one, to_keep(tx, one, _organisation(one)))
            except Refusal as refusal:
                answers[position] = Refused(source=one.source, id=one.id, error=refusals.told(refusal))
    _keep(tx, fresh, door)
    kept = _known(tx, fresh.keys())
    for pair, (position, one, _) in fresh.items():
        answers[position] = _again(tx, one, kept[pair], first=True)
    for position, one in later:
        answers[position] = _again(tx, one, kept[one.source, one.id])
    return [answer for answer in answers if answer is not None]


def quarantine(tx: BookTransaction, what: Unreadable, door: str, *, detail: str = "") -> Quarantined:
    """Sets apart what can't be read; it blocks nothing and can be looked at."""
    kept = Kept(
        id=tx.mint("qua_"), door=door, raw=_storable(scrub_message(what.raw))[:MAX_RAW], reason=what.reason,
        detail=_storable(" ".join(filter(None, (detail, what.detail)))), at=tx.now,
    )  # fmt: skip
    tx.write([(New(thing=kept),)])
    return Quarantined(quarantine=kept.id, reason=what.reason, source=what.source, id=what.id)


def _organisation(one: Envelope) -> str:
    """The organisation of a command; refuses what is not of any known shape."""
    schema = SCHEMAS.get(one.type)
    if schema is None:
        raise refusals.UnknownType("type", type=one.type)
    for name, value in (("source", one.source), ("id", one.id)):
        if is_card_number(value):
            raise refusals.CardNumber(name)
    if one.specversion != SPECVERSION:
        raise refusals.InvalidValue("specversion")
    if not isinstance(one.data, dict):
        raise refusals.InvalidValue("data")
    try:
        organisation: str = schema.model_validate(one.data).organisation
    except ValidationError as error:
        raise refusals.of_shape(error) from None
    _must_be_kept(one.data)
    return organisation


def _must_be_kept(data: Mapping[str, Any]) -> None:
    """Refuses what a free field may say and no column can hold, such as a number of a hundred digits."""
    try:
        orjson.dumps(data)
    except TypeError:
        for name, value in data.items():
            try:
                orjson.dumps(value)
            except TypeError:
                raise refusals.InvalidValue(name) from None
        raise refusals.InvalidValue("data") from None


def _again(tx: BookTransaction, one: Envelope, kept: Command, *, first: bool = False) -> Answer:
    """The same body is answered as before, another one is a conflict. `first`: it may be ours just now."""
    if kept.body_hash != one.body_hash or not same_secrets(tx, one, kept):
        return Refused(source=one.source, id=one.id, error=refusals.told(refusals.Conflict("id")))
    return Accepted(
        source=one.source, id=one.id, organisation=kept.organisation, seq=kept.seq, status=kept.status.value,
        again=not first,
    )  # fmt: skip


def _known(tx: BookTransaction, pairs: Any) -> dict[tuple[str, str], Command]:
    if not pairs:
        return {}
    names = {"source": "source", "id": "id"}
    columns = ", ".join(f'c."{name}"' for name in loader.shape(Command)[0])
    statement = text(
        f"SELECT {columns} FROM {recordset.unfold(commands, names, tx.dialect)} "
        "JOIN commands c ON c.source = x.source AND c.id = x.id"
    ).columns(*loader.columns(Command))
    rows = [{"source": source, "id": id_} for source, id_ in sorted(pairs)]
    found = tx.connection.execute(statement, {"rows": recordset.dumps(rows, tx.dialect)}).all()
    built = [loader.build(Command, row) for row in found]
    return {(command.source, command.id): command for command in built}


def _keep(tx: BookTransaction, fresh: Mapping[tuple[str, str], tuple[int, Envelope, Body]], door: str) -> None:
    """Inserts in order; what another door brought at this very moment is left as it is."""
    if not fresh:
        return
    rows = [
        {
            "source": one.source, "id": one.id, "type": one.type, "organisation": body["organisation"], "body": body,
            "body_hash": one.body_hash, "door": door, "status": CommandStatus.ACCEPTED, "waits": False,
            "result": {}, "error": {}, "received_at": tx.now,
        }
        for _, one, body in fresh.values()
    ]  # fmt: skip
    plain = recordset.insert(commands, tuple(rows[0]), tx.dialect)
    recordset.run(tx.connection, text(f"{plain.text} ON CONFLICT (source, id) DO NOTHING"), rows)


def _storable(text_: str) -> str:
    """What every database takes: no zero byte, no half of a character."""
    return text_.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
