"""Keys of services: made, listed, revoked."""

from typing import Annotated

import typer

from adapters.cli.options import AsJson, Language, Now, language_of

app = typer.Typer(help="Keys of services.", no_args_is_help=True)


@app.command("create")
def key_create(
    name: str,
    organisation: Annotated[list[str], typer.Option(help="That the key may touch; may be repeated.")],
    others: Annotated[list[str] | None, typer.Argument(metavar="[ORGANISATION]...", help="Further ones.")] = None,
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """A key for a service, shown once."""
    from adapters.cli import show
    from adapters.cli.access import create_key
    from adapters.cli.opening import opened, or_refused
    from adapters.locale import say

    spoken, touched = language_of(language), list(dict.fromkeys([*organisation, *(others or ())]))
    with opened("access", language=spoken, now=now, changes=True) as application, or_refused(spoken, as_json=as_json):
        made = application.books.run(lambda tx: create_key(tx, name, touched))
    if as_json:
        show.document({"key": made, "name": name, "organisations": touched})
    else:
        show.aside(say("cli.key_once", spoken))
        show.line(made)


@app.command("list")
def key_list(as_json: AsJson = False, language: Language = None) -> None:
    """Every key, without what lets one in."""
    from adapters.cli import show
    from adapters.cli.access import key_id, list_keys
    from adapters.cli.opening import opened
    from adapters.locale import say

    spoken = language_of(language)
    with opened("access", language=spoken) as application:
        found = application.books.run(list_keys, read_only=True)
    if as_json:
        for key in found:
            show.document({
                "key": key_id(key), "name": key.name, "organisations": list(key.organisations),
                "created_at": show.instant(key.created_at), "revoked_at": show.instant(key.revoked_at),
            })  # fmt: skip
        return
    revoked = say("cli.revoked", spoken)
    rows = [
        [key_id(key), key.name, ", ".join(key.organisations), f"{key.created_at:%Y-%m-%d}",
         f"{revoked} {key.revoked_at:%Y-%m-%d}" if key.revoked_at is not None else ""]
        for key in found
    ]  # fmt: skip
    show.table("", ["key", say("cli.name", spoken), say("cli.organisation", spoken), say("cli.date", spoken), ""], rows)


@app.command("revoke")
def key_revoke(
    key: Annotated[str, typer.Argument(help="Its id, or its name if no other has it.")],
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """Lets nobody in with this key any more, from the next request on."""
    from adapters.cli import show
    from adapters.cli.access import key_id, revoke_key
    from adapters.cli.opening import opened, or_refused
    from adapters.locale import say

    spoken = language_of(language)
    with opened("access", language=spoken, now=now, changes=True) as application, or_refused(spoken, as_json=as_json):
        found = application.books.run(lambda tx: revoke_key(tx, key))
    if as_json:
        show.document({"key": key_id(found), "name": found.name, "revoked_at": show.instant(found.revoked_at)})
    else:
        show.line(f"{key_id(found)}  {say('cli.revoked', spoken)}")
