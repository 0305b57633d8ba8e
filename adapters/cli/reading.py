"""Reading the settings for one command; light to import, since help reads none."""

from typing import TYPE_CHECKING

import typer

from adapters.cli import show
from adapters.cli.options import instant_of

if TYPE_CHECKING:
    from adapters.settings import Settings


def read_settings(now: str | None = None) -> "Settings":
    """The settings, with another clock if asked, and logs as they say; what is wrong with them is bad usage."""
    from pydantic import ValidationError

    from adapters.logs import configure
    from adapters.settings import Settings

    instant = instant_of(now)
    try:
        settings = Settings().simulated(instant)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False):
            show.aside(f"ENCAISSE_{'.'.join(map(str, one['loc'])).upper()}: {one['msg']}")
        raise typer.Exit(2) from None
    database_is_ours(settings)
    configure(settings)
    return settings


def database_is_ours(settings: "Settings") -> None:
    """An address of no database that we speak to is bad usage, said in words, without its password."""
    from adapters.database.engine import is_ours
    from adapters.locale import both
    from adapters.scrubbing import scrub_text

    if not is_ours(settings.database_url):
        for words in both("cli.database_url", url=scrub_text(settings.database_url)).values():
            show.aside(words)
        raise typer.Exit(2)
