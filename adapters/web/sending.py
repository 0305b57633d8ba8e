"""Sending: what a person does at the desk goes as a command in their name through the inbox of everybody else."""

from typing import Any

from adapters.bootstrap import App
from adapters.inbox import refusals
from adapters.inbox.accept import accept
from adapters.inbox.envelope import ID
from adapters.inbox.handling import handle_commands
from adapters.inbox.rehearsing import taken
from domain.command import Command

SOURCE = "web"


def envelope(act: str, *, key: str, organisation: str, by: str, data: dict[str, Any]) -> dict[str, Any]:
    """The command of a form. Its key was made with the form: sent twice, it is one command."""
    if ID.fullmatch(key) is None:
        raise refusals.InvalidValue("key")
    return {
        "specversion": "1.0", "source": SOURCE, "id": key, "type": f"encaisse.{act}.v1",
        "data": {"organisation": organisation, "by": by, **data},
    }  # fmt: skip


def carry_out(app: App, sent: dict[str, Any]) -> Command:
    """Accepted, and carried out here and now, before those who were woken for it; a charge goes on elsewhere.
    Raises NotTaken when it is refused for its shape."""
    seq = app.books.run(lambda tx: taken(accept(tx, sent, SOURCE)).seq)
    handle_commands(app, organisation=sent["data"]["organisation"])
    return app.books.run(lambda tx: tx.get(Command, seq=seq), read_only=True)
