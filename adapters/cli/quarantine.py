"""What could not be read: listed, shown without its secrets, put through the inbox again."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.options import AsJson, Language, Now, language_of

app = typer.Typer(help="Messages that could not be read.", no_args_is_help=True)


@app.command("list")
def list_(as_json: AsJson = False, language: Language = None) -> None:
    """What is in quarantine, the newest first."""
    from adapters.cli.opening import opened
    from adapters.cli.set_apart import show_list

    spoken = language_of(language)
    with opened("quarantine", language=spoken) as application:
        show_list(application, as_json=as_json, language=spoken)


@app.command()
def show(id: str, as_json: AsJson = False, language: Language = None) -> None:
    """One message as it came, without its secrets."""
    from adapters.cli.opening import opened, or_refused
    from adapters.cli.set_apart import show_one

    spoken = language_of(language)
    with opened("quarantine", language=spoken) as application, or_refused(spoken, as_json=as_json):
        show_one(application, id, as_json=as_json)


@app.command()
def replay(
    id: str,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A corrected envelope in its place.")
    ] = None,
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """Puts a message through the inbox again and waits for its result."""
    from adapters.cli.opening import opened, or_refused
    from adapters.cli.set_apart import replay_one

    spoken = language_of(language)
    corrected = file.read_bytes().decode("utf-8", "backslashreplace") if file is not None else None
    with opened("quarantine", language=spoken, now=now, changes=True) as opening, or_refused(spoken, as_json=as_json):
        done = replay_one(opening, id, corrected=corrected, as_json=as_json, language=spoken)
    raise typer.Exit(0 if done else 1)
