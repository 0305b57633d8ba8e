"""Webhooks: where events are told to other services, and what of it did not arrive."""

from datetime import datetime
from typing import Annotated

import typer

from adapters.cli.options import AsJson, Language, Now, instant_of, language_of, name_of

app = typer.Typer(help="Signed webhooks: events told to other services.", no_args_is_help=True)
Endpoint = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id, as `list` shows it.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="https, or http on this very machine.")],
    organisation: Annotated[str, typer.Option(help="Whose events.")],
    types: Annotated[
        list[str] | None, typer.Option(help="payment.approved, refund.*, …; may be repeated; else all.")
    ] = None,
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """An address that is told of events; its secret is shown once."""
    from adapters.cli import show
    from adapters.cli.opening import opened, or_refused
    from adapters.locale import say
    from adapters.outgoing import endpoints

    spoken, wanted = language_of(language), [one for given in types or () for one in given.split(",") if one]
    with opened("webhook", language=spoken, now=now, changes=True) as application, or_refused(spoken, as_json=as_json):
        root = application.settings.secret
        made, secret = application.books.run(
            lambda tx: endpoints.add(tx, url, organisation=organisation, types=wanted, root=root, by=name_of(None))
        )
    if as_json:
        show.document({
            "webhook": made.id, "organisation": organisation, "url": url, "types": wanted, "secret": secret,
        })  # fmt: skip
    else:
        show.aside(f"{made.id}: {say('cli.secret_once', spoken)}")
        show.line(secret)


@app.command("list")
def list_(
    organisation: Annotated[str | None, typer.Option(help="This one only.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="The deliveries that nobody took.")] = False,
    as_json: AsJson = False,
    language: Language = None,
) -> None:
    """Every address, with how many deliveries wait, arrived and failed; or the failed ones."""
    from adapters.cli.opening import opened
    from adapters.cli.told_outside import show_endpoints, show_failed

    spoken = language_of(language)
    with opened("webhook", language=spoken) as application:
        shown = show_failed if failed else show_endpoints
        shown(application, organisation, as_json=as_json, language=spoken)


@app.command()
def rotate(id: Endpoint, as_json: AsJson = False, language: Language = None, now: Now = None) -> None:
    """A new secret, shown once; the old one signs beside it for 24 hours."""
    from adapters.cli import show
    from adapters.cli.opening import opened, or_refused
    from adapters.locale import say
    from adapters.outgoing import endpoints

    spoken = language_of(language)
    with opened("webhook", language=spoken, now=now, changes=True) as application, or_refused(spoken, as_json=as_json):
        root = application.settings.secret
        secret = application.books.run(lambda tx: endpoints.rotate(tx, id, root=root, by=name_of(None)))
    if as_json:
        show.document({"webhook": id, "secret": secret})
    else:
        show.aside(say("cli.secret_once", spoken))
        show.line(secret)


@app.command()
def disable(id: Endpoint, as_json: AsJson = False, language: Language = None, now: Now = None) -> None:
    """Nothing is sent there any more."""
    from adapters.cli import show
    from adapters.cli.opening import opened, or_refused
    from adapters.locale import say
    from adapters.outgoing import endpoints

    spoken = language_of(language)
    with opened("webhook", language=spoken, now=now, changes=True) as application, or_refused(spoken, as_json=as_json):
        application.books.run(lambda tx: endpoints.disable(tx, endpoints.find(tx, id), why="asked", by=name_of(None)))
    if as_json:
        show.document({"webhook": id, "disabled": True})
    else:
        show.line(f"{id}  {say('cli.disabled', spoken)}")


@app.command()
def replay(
    delivery: Annotated[
        str | None, typer.Argument(metavar="DELIVERY", help="One, as `list --failed` shows it.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="INSTANT", help="Every event since then instead.")] = None,
    webhook: Annotated[str | None, typer.Option(help="With --since: to this address.")] = None,
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """Sends again: a scheduler does it, from the first rung of the ladder."""
    from adapters.cli import show
    from adapters.cli.opening import opened, or_refused
    from adapters.locale import say

    spoken, instant = language_of(language), instant_of(since)
    if (delivery is None) == (instant is None) or (instant is None) != (webhook is None):
        raise typer.BadParameter("DELIVERY, or --since INSTANT with --webhook WEBHOOK", param_hint="DELIVERY")
    with opened("webhook", language=spoken, now=now, changes=True) as application, or_refused(spoken, as_json=as_json):
        count = application.books.run(lambda tx: _replay(tx, delivery, webhook, instant))
    if as_json:
        show.document({"replayed": count})
    else:
        show.line(say("cli.replaying", spoken, count=count))


def _replay(tx: object, delivery: str | None, webhook: str | None, since: datetime | None) -> int:
    from typing import cast

    from adapters.database.books import BookTransaction
    from adapters.outgoing import endpoints

    inside = cast(BookTransaction, tx)
    if delivery is not None:
        endpoints.replay_one(inside, delivery, by=name_of(None))
        return 1
    assert webhook is not None and since is not None  # noqa: S101, PT018 - read before
    return endpoints.replay_since(inside, webhook, since, by=name_of(None))
