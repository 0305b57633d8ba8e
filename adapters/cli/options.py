"""Options that several commands share, and how their values are read."""

import getpass
import os
from datetime import UTC, datetime
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, or one a line.")]
Language = Annotated[str | None, typer.Option("--language", metavar="en|fr", help="Else by LANG.")]
Now = Annotated[str | None, typer.Option("--now", metavar="INSTANT", help="A simulated clock, RFC 3339.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="In whose name; else this login.")]

Day = Annotated[str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="Through this business date.")]


def language_of(given: str | None) -> str:
    """As asked, else as the terminal speaks."""
    if given is None:
        spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
        return "fr" if spoken.lower().startswith("fr") else "en"
    if given not in ("en", "fr"):
        raise typer.BadParameter("en or fr", param_hint="--language")
    return given


def name_of(given: str | None) -> str:
    """Who acts: as named, else whoever is logged in here, `cli:marie`."""
    if given is not None:
        return given
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a user without a name, as in a container
        return f"cli:{os.getuid()}"


def instant_of(given: str | None) -> datetime | None:
    """The instant of `--now`; it must say its offset."""
    if given is None:
        return None
    try:
        instant = datetime.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter(f"not an instant: {given}", param_hint="--now") from None
    if instant.tzinfo is None:
        raise typer.BadParameter("an instant says its offset, as in 2026-11-24T08:00:00Z", param_hint="--now")
    return instant.astimezone(UTC)
