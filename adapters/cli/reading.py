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
    configure(settings)
    return settings
