"""What a sender is told about a command: its status, its result or why it was refused."""

from collections.abc import Mapping
from typing import Any

from adapters.database.books import BookTransaction
from adapters.inbox.accept import Accepted, Answer, Quarantined, Refused
from adapters.locale import both
from domain.command import Command, CommandStatus
from domain.declines import known


def result_of(tx: BookTransaction, source: str, id: str) -> dict[str, Any] | None:
    """`{"source", "id", "status", "result", "error"}` of a kept command, or None when there is none."""
    command = tx.find(Command, source=source, id=id)
    return told(command) if command is not None else None


def results_of(tx: BookTransaction, seqs: list[int]) -> dict[int, Command]:
    """The commands at these places of the inbox."""
    found = tx.all(Command, seq=seqs, limit=len(seqs)) if seqs else []
    return {command.seq: command for command in found}


def told(command: Command) -> dict[str, Any]:
    answer: dict[str, Any] = {"source": command.source, "id": command.id, "status": command.status.value}
    if command.status is CommandStatus.DONE:
        answer["result"] = with_words(command.result)
    elif command.error:
        answer["error"] = dict(command.error)
    return answer


def told_at_once(answer: Answer) -> dict[str, Any]:
    """What can be said before the command is carried out."""
    match answer:
        case Accepted():
            return {"source": answer.source, "id": answer.id, "status": answer.status}
        case Refused():
            return {"source": answer.source, "id": answer.id, "status": "refused", "error": dict(answer.error)}
        case Quarantined():
            message = both(f"quarantine.{answer.reason}")
            error = {"code": answer.reason, "message": message, "field": None, "quarantine": answer.quarantine}
            return {"source": answer.source, "id": answer.id, "status": "quarantined", "error": error}


def with_words(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result that carries a reason gets its words in both languages."""
    reason = result.get("reason")
    if not isinstance(reason, Mapping):
        return dict(result)
    return {**result, "reason": {**reason, "text": both(f"reason.{known(str(reason['code']))}.staff")}}
