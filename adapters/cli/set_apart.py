"""The quarantine as a terminal shows it, and one message of it put through the inbox again."""

from typing import Any

from sqlalchemy import select

from adapters.bootstrap import App
from adapters.cli import show
from adapters.cli.options import name_of
from adapters.cli.working import queue_of
from adapters.database import loader
from adapters.database.tables import quarantine
from adapters.inbox.accept import Refused
from adapters.inbox.replay import replay
from adapters.inbox.results import result_of, told_at_once
from adapters.locale import MissingWords, say
from adapters.scrubbing import scrub_text
from domain.access import Quarantined
from domain.command import Command, CommandStatus

MAX_LISTED = 1_000


def show_list(app: App, *, as_json: bool, language: str) -> None:
    newest = select(*loader.columns(Quarantined)).order_by(quarantine.c.at.desc(), quarantine.c.id)
    with app.books.begin(read_only=True) as tx:
        found = [loader.build(Quarantined, row) for row in tx.connection.execute(newest.limit(MAX_LISTED)).all()]
    if as_json:
        for one in found:
            show.document(_told(one))
    elif not found:
        show.line(say("cli.quarantine_empty", language))
    else:
        rows = [
            [
                one.id, f"{one.at:%Y-%m-%d %H:%M:%S}Z", one.door, words(one.reason, language), scrub_text(one.detail),
                say("cli.replayed", language) if one.replayed_at is not None else "",
            ]
            for one in found
        ]  # fmt: skip
        show.table("", ["id", say("cli.date", language), "", say("cli.reason", language), "", ""], rows)


def show_one(app: App, id: str, *, as_json: bool) -> None:
    """Raises NotKnown."""
    with app.books.begin(read_only=True) as tx:
        one = tx.get(Quarantined, id=id)
    told = _told(one) | {"raw": scrub_text(one.raw)}
    if as_json:
        show.document(told)
    else:
        for name, value in told.items():
            show.line(f"{name}: {value}")


def replay_one(app: App, id: str, *, corrected: str | None, as_json: bool, language: str) -> bool:
    """Answers whether the command was done; raises NotKnown, StillUnreadable."""
    taken = app.books.run(lambda tx: replay(tx, id, by=name_of(None), corrected=corrected))
    if isinstance(taken, Refused):
        answer = told_at_once(taken)
    else:
        with queue_of(app) as work:
            work.finish(lambda: _waiting(app, taken.seq))
        with app.books.begin(read_only=True) as tx:
            answer = result_of(tx, taken.source, taken.id) or told_at_once(taken)
    if as_json:
        show.document({"quarantine": id, **answer})
    else:
        said = [f"{answer['source']}/{answer['id']}", say(f"cli.status.{answer['status']}", language)]
        said += [answer["error"]["message"][language]] if "error" in answer else []
        show.line("  ".join(said))
    return bool(answer["status"] == CommandStatus.DONE)


def _waiting(app: App, seq: int) -> set[str]:
    with app.books.begin(read_only=True) as tx:
        command = tx.get(Command, seq=seq)
    return {command.status} if command.status is CommandStatus.ACCEPTED else set()


def words(reason: str, language: str) -> str:
    """A reason of the quarantine, a refusal that nobody waited for, or the code itself."""
    for id in (f"quarantine.{reason}", f"refusal.{reason}"):
        try:
            return say(id, language)
        except MissingWords:
            continue
    return reason


def _told(one: Quarantined) -> dict[str, Any]:
    return {
        "id": one.id, "door": one.door, "reason": one.reason, "detail": scrub_text(one.detail),
        "at": show.instant(one.at), "replayed_at": show.instant(one.replayed_at),
    }  # fmt: skip
