"""Replaying: a message from quarantine goes through the inbox again, as it came or put right by a person."""

import json
import re

from adapters.database.books import BookTransaction
from adapters.inbox.accept import Accepted, Refused, accept
from adapters.inbox.envelope import Unreadable, parse
from adapters.inbox.refusals import INTERNAL_ERROR
from domain.access import Quarantined
from domain.command import Command, CommandStatus
from domain.decision import Change, New
from domain.event import Event
from domain.refusal import Refusal

DOOR = "replay"
SET_APART = re.compile(r"\(seq (\d+)\)$")  # how a command of ours that broke is named in quarantine


class StillUnreadable(Refusal):
    """The message can't be read now either: it needs a corrected body."""

    code = "still_unreadable"


def replay(tx: BookTransaction, id: str, *, by: str, corrected: str | None = None) -> Accepted | Refused:
    """The same message, or `corrected`, through the inbox; marked and audited once it is taken in. Raises
    NotKnown, StillUnreadable. Repeating it changes nothing: the inbox knows the command."""
    kept = tx.lock(Quarantined, id=id)
    broke = SET_APART.search(kept.raw) if kept.reason == INTERNAL_ERROR and corrected is None else None
    if broke is not None:
        answer: Accepted | Refused = _carry_out_again(tx, int(broke[1]))
    else:
        raw = corrected if corrected is not None else event_of(kept.raw)
        read = parse(raw)
        if isinstance(read, Unreadable):
            raise StillUnreadable(reason=read.reason)
        taken = accept(tx, raw, DOOR)
        if not isinstance(taken, Accepted | Refused):
            raise StillUnreadable(reason=taken.reason)
        answer = taken
    if isinstance(answer, Accepted):
        tx.write([_told(tx, kept, answer, by=by, corrected=corrected is not None)])
    return answer


def _carry_out_again(tx: BookTransaction, seq: int) -> Accepted:
    """A command that was set apart waits in the inbox again; one that was answered since keeps its answer."""
    command = tx.lock(Command, seq=seq)
    if command.status is CommandStatus.QUARANTINED:
        put: dict[str, object] = {"status": CommandStatus.ACCEPTED, "error": {}, "done_at": None, "waits": False}
        tx.write([(Change(thing=Command, key={"seq": seq}, put=put),)])
    return Accepted(
        source=command.source, id=command.id, organisation=command.organisation, seq=seq,
        status=CommandStatus.ACCEPTED, again=True,
    )  # fmt: skip


def event_of(raw: str) -> str:
    """The command itself where a whole dramatiq message was set apart."""
    try:
        event = json.loads(raw)["kwargs"]["event"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return raw
    return event if isinstance(event, str) else json.dumps(event)


def _told(
    tx: BookTransaction, kept: Quarantined, answer: Accepted, *, by: str, corrected: bool
) -> tuple[Change | New, ...]:
    told = Event(
        organisation=answer.organisation, type="quarantined.replayed", subject=f"quarantined:{kept.id}", sequence=1,
        at=tx.now, by=by, public=False, before={"reason": kept.reason},
        data={"quarantine": kept.id, "source": answer.source, "id": answer.id, "corrected": corrected},
    )  # fmt: skip
    mark = Change(thing=Quarantined, key={"id": kept.id}, put={"replayed_at": tx.now})
    return mark, New(thing=told)
