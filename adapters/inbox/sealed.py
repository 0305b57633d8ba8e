"""What of a command is kept sealed, so that neither the inbox nor a comparison ever shows it."""

import json
from typing import Any

from adapters.database.bank_accounts import about_command
from adapters.database.books import BookTransaction
from adapters.database.vault import is_sealed
from adapters.inbox.envelope import SEALED, Envelope
from adapters.logs import log_failure
from domain.command import Command
from domain.ports import SealBroken


def to_keep(tx: BookTransaction, one: Envelope, organisation: str) -> dict[str, Any]:
    """The data of a command as it is kept; raises NoSealKey."""
    about = about_command(organisation, one.source, one.id)
    return {
        name: tx.seal(_written(value), about=about) if name in SEALED and value is not None else value
        for name, value in one.data.items()
    }


def as_sent(tx: BookTransaction, command: Command) -> dict[str, Any]:
    """The data of a kept command as it came; raises SealBroken."""
    return {
        name: json.loads(tx.unseal(value, about=_about(command))) if name in SEALED and is_sealed(value) else value
        for name, value in command.body.items()
    }


def same_secrets(tx: BookTransaction, one: Envelope, kept: Command) -> bool:
    """Whether what the hash of a body leaves out is the same. Where no key opens it, nobody can tell: then what
    the hash says stands, as nothing is done twice either way."""
    for name in SEALED:
        if is_sealed(kept.body.get(name)):
            try:
                written = tx.unseal(kept.body[name], about=_about(kept))
            except SealBroken as error:
                log_failure("command.not_opened", error, source=kept.source, id=kept.id)
                return True
            return written == _written(one.data.get(name))
    return True


def _about(command: Command) -> tuple[str, ...]:
    return about_command(command.organisation, command.source, command.id)


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
