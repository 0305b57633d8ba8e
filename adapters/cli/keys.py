"""Keys of services: made, listed, revoked."""

from typing import Annotated

import typer

from adapters.cli.options import AsJson, Language, Now, language_of

app = typer.Typer(help="Keys of services.", no_args_is_help=True)


@app.command("create")
def key_create(
    name: str,
    organisation: Annotated[list[str], typer.Option(help="That the key may touch; may be repeated.")],
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """A key for a service, shown once."""
    from adapters.cli import show
    from adapters.cli.access import create_key
    from adapters.cli.opening import opened, or_refused
    from adapters.locale import say

    spoken = language_of(language)
    with opened("access", language=spoken, now=now, changes=True) as application, or_refused(spoken, as_json=as_json):
        made = application.books.run(lambda tx: create_key(tx, name, organisation))
    if as_json:
        show.document({"key": made, "name": name, "organisations": organisation})
    else:
        show.aside(say("cli.key_once", spoken))
        show.line(made)
