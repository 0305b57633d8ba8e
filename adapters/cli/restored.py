"""`encaisse restored`: said by a person after a backup was brought back."""

from typing import Annotated

import typer

from adapters.cli.options import AsJson, Language, Now, day_of, language_of


def restored(
    since: Annotated[
        str | None, typer.Option("--since", metavar="YYYY-MM-DD", help="Else where the books end.")
    ] = None,
    go_on: Annotated[bool, typer.Option("--go-on", help="With what is missing looked into by a person.")] = False,
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """After a backup was restored: compares the processors' lists since then; nothing is asked of them before."""
    from adapters.cli import show
    from adapters.cli.opening import opened
    from adapters.locale import say
    from adapters.restoring import TooOld, restore

    spoken, first = language_of(language), day_of(since, "--since")
    with opened("restored", language=spoken, now=now, changes=True) as app:
        try:
            done = restore(app, since=first, go_on=go_on)
        except TooOld:
            raise typer.BadParameter(say("cli.restored.too_old", spoken), param_hint="--since") from None
    if as_json:
        show.document(done.document())
    else:
        said = {
            "since": done.since,
            "until": done.until,
            "unlisted": len(done.unlisted),
            "unknown": len(done.strangers),
        }
        show.line(say("cli.restored.done" if done.adopted else "cli.restored.held", spoken, **said))
    raise typer.Exit(0 if done.adopted else 1)
