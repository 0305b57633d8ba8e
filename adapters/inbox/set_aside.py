"""What was set aside of one organisation: messages in quarantine that say whose they are, shown and put through again.

A message that can't be read names nobody, so that no organisation may see it; whoever keeps the installation running
does, by the command `encaisse quarantine` (P1).
"""

import json
from typing import Any

from sqlalchemy import select

from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.database.tables import quarantine
from adapters.inbox.accept import Accepted, Refused
from adapters.inbox.refusals import INTERNAL_ERROR
from adapters.inbox.replay import SET_APART, StillUnreadable, event_of, replay
from domain.access import Quarantined
from domain.command import Command
from domain.organisation import Organisation
from domain.refusal import NotKnown

LOOKED_THROUGH = 1_000  # the newest: a quarantine that is larger has a cause of its own
SHOWN = 100


def set_aside(tx: BookTransaction, organisation: str) -> list[Quarantined]:
    """Those of an organisation, the newest first."""
    newest = select(*loader.columns(Quarantined)).order_by(quarantine.c.at.desc(), quarantine.c.id)
    rows = tx.connection.execute(newest.limit(LOOKED_THROUGH)).all()
    alone = _alone(tx)
    found = (loader.build(Quarantined, row) for row in rows)
    return [one for one in found if alone or owner_of(tx, one) == organisation][:SHOWN]


def one_set_aside(tx: BookTransaction, organisation: str, id: str) -> Quarantined:
    """Raises NotKnown for one that is not this organisation's."""
    found = tx.find(Quarantined, id=id)
    if found is None or not (_alone(tx) or owner_of(tx, found) == organisation):
        raise NotKnown("message", id=id)
    return found


def put_through(
    tx: BookTransaction, organisation: str, id: str, *, by: str, corrected: str | None = None
) -> Accepted | Refused:  # fmt: skip
    """Again as it came, or corrected by a person: then it is about their own organisation and in their own name,
    whatever was typed. Raises NotKnown, StillUnreadable."""
    kept = one_set_aside(tx, organisation, id)
    if corrected is None:
        if kept.reason != INTERNAL_ERROR and _named(kept.raw) != organisation:
            raise StillUnreadable(reason=kept.reason)
        return replay(tx, id, by=by)
    told = _object(corrected)
    data = told.get("data")
    if not isinstance(data, dict):
        raise StillUnreadable(reason="not_json")
    own = {**told, "data": {**data, "organisation": organisation, "by": by}}
    return replay(tx, id, by=by, corrected=json.dumps(own))


def owner_of(tx: BookTransaction, one: Quarantined) -> str | None:
    """Whose it is: of a command of ours that broke the one that it was for, else what the message itself says."""
    broke = SET_APART.search(one.raw) if one.reason == INTERNAL_ERROR else None
    if broke is not None:
        command = tx.find(Command, seq=int(broke[1]))
        return command.organisation if command is not None else None
    return _named(one.raw)


def _named(raw: str) -> str | None:
    data = _object(event_of(raw)).get("data")
    named = data.get("organisation") if isinstance(data, dict) else None
    return named if isinstance(named, str) else None


def _object(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _alone(tx: BookTransaction) -> bool:
    """Where only one organisation lives, whatever is set aside is its own."""
    return len(tx.all(Organisation, limit=2)) == 1
