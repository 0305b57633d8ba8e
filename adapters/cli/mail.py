"""Mail: every mail to be read before it is sent, what was sent or waits, and sending again what was refused."""

from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.cli.options import AsJson, By, Language, Now, language_of, name_of

app = typer.Typer(help="Mail: previews, what was sent, what was refused.", no_args_is_help=True)


@app.command()
def preview(
    kind: Annotated[str | None, typer.Argument(help="digest, receipt, …; else all of them.")] = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="FOLDER", help="As files: .txt, .html, .eml.")] = None,
    as_json: AsJson = False,
    language: Language = None,
) -> None:
    """Every mail as it could be, in both languages or in one."""
    from adapters.cli.reading import read_settings
    from adapters.mail.samples import samples
    from domain.mail import MailKind

    if kind is not None and kind not in set(MailKind):
        raise typer.BadParameter(f"{kind}: one of {', '.join(MailKind)}", param_hint="KIND")
    kinds = (MailKind(kind),) if kind else ()
    languages = (language_of(language),) if language else ()
    for one, spoken, composed in samples(read_settings(), kinds=kinds, languages=languages):
        _show(one.value, spoken, composed, to, as_json=as_json)


def _show(kind: str, language: str, composed: Any, to: Path | None, *, as_json: bool) -> None:
    from adapters.cli import show

    files = {}
    if to is not None:
        to.mkdir(parents=True, exist_ok=True)
        shapes = {"txt": composed.text, "html": composed.html, "eml": composed.message.as_bytes()}
        for ending, content in shapes.items():
            file = to / f"{kind}.{language}.{ending}"
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
            files[ending] = str(file)
    if as_json:
        show.document({
            "kind": kind, "language": language, "subject": composed.letter.subject, "text": composed.text,
            "html": composed.html, "files": files,
        })  # fmt: skip
    elif to is not None:
        show.line(files["html"])
    else:
        show.line(f"{kind} ({language}): {composed.letter.subject}\n\n{composed.text}")


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="waiting, sent, refused, withdrawn, expired.")] = None,
    organisation: Annotated[str | None, typer.Option(help="This one only.")] = None,
    as_json: AsJson = False,
    language: Language = None,
) -> None:
    """What was sent, waits or was refused, the newest first."""
    from adapters.cli import show
    from adapters.cli.opening import opened
    from adapters.locale import say
    from adapters.mail.mailbox import recent
    from domain.mail import MailState

    if state is not None and state not in set(MailState):
        raise typer.BadParameter(f"{state}: one of {', '.join(MailState)}", param_hint="--state")
    spoken = language_of(language)
    with opened("mail", language=spoken) as application:
        found = application.books.run(lambda tx: recent(tx, organisation, state=state), read_only=True)
    for one in found:
        if as_json:
            show.document({
                "mail": one.id, "organisation": one.organisation, "kind": one.kind.value, "recipient": one.recipient,
                "state": one.state.value, "attempts": one.attempts, "answer": one.answer,
                "planned_at": show.instant(one.planned_at), "next_at": show.instant(one.next_at),
                "ended_at": show.instant(one.ended_at),
            })  # fmt: skip
        else:
            words = (
                one.id,
                one.recipient,
                say(f"mail.kind.{one.kind}", spoken),
                say(f"mail.state.{one.state}", spoken),
            )
            show.line("  ".join((*words, one.answer)).rstrip())


@app.command()
def again(
    organisation: str,
    mails: Annotated[list[str], typer.Argument(metavar="MAIL", help="As `list` shows them.")],
    by: By = None,
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """Sends again what the mail server refused, once the address is right."""
    from adapters.cli import show
    from adapters.cli.opening import opened
    from adapters.locale import say
    from adapters.mail.postman import send_again

    spoken = language_of(language)
    with opened("mail", language=spoken, now=now, changes=True) as application:
        count = application.books.run(lambda tx: send_again(tx, organisation, mails, by=name_of(by)))
    if as_json:
        show.document({"again": count})
    else:
        show.line(say("cli.mail_again", spoken, count=count))
    raise typer.Exit(0 if count == len(set(mails)) else 1)
