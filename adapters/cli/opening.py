"""Opening: the parts of the application for one command, and plain words when there is no way in."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from adapters.bootstrap import App, build
from adapters.cli import show
from adapters.cli.reading import read_settings
from adapters.database.migrate import is_current, migrate, newest
from adapters.database.origin import is_restored
from adapters.database.tables import merchant_accounts
from adapters.inbox.refusals import told
from adapters.locale import say
from adapters.settings import Settings
from domain.capabilities import CAPABILITIES
from domain.refusal import Refusal


@contextmanager
def opened(role: str, *, language: str, now: str | None = None, changes: bool = False) -> Iterator[App]:
    """The application until the block ends. A command that `changes` data brings a SQLite file to the newest
    schema by itself; any other, or PostgreSQL, says what is missing and exits with 1."""
    settings = read_settings(now)
    try:
        _prepare(settings, language, changes=changes)
        app = build(settings, role=role)
        try:
            _check_clock(app, language)
            if changes and role != "restored" and app.books.run(lambda tx: is_restored(tx.connection), read_only=True):
                show.aside(say("roles.restored", language))
                raise typer.Exit(1)
            yield app
        finally:
            app.close()
    except DBAPIError as error:
        show.aside(say("cli.database_away", language, why=_first_line(error)))
        raise typer.Exit(1) from None


def _prepare(settings: Settings, language: str, *, changes: bool) -> None:
    path = settings.database_path
    if path is not None and not path.exists() and not changes:
        show.aside(say("cli.no_database", language, url=settings.database_url))
        raise typer.Exit(1)
    if path is not None and not path.parent.is_dir():
        show.aside(say("cli.no_database", language, url=settings.database_url))
        raise typer.Exit(1)
    if path is not None and not path.exists():
        migrate(settings.database_url)
    elif not is_current(settings.database_url):
        if path is None or not changes:
            show.aside(say("cli.old_database", language))
            raise typer.Exit(1)
        migrate(settings.database_url)


def _check_clock(app: App, language: str) -> None:
    """A simulated clock and real money never meet."""
    if app.settings.now is None:
        return
    with app.books.begin(read_only=True) as tx:
        processors = tx.connection.execute(select(merchant_accounts.c.processor).distinct()).scalars().all()
    for processor in processors:
        capability = CAPABILITIES.get(processor)
        if capability is None or capability.real:
            show.aside(say("refusal.clock_not_real", language))
            raise typer.Exit(1)


def _first_line(error: DBAPIError) -> str:
    from adapters.scrubbing import scrub_text

    return scrub_text(str(error.orig).strip().splitlines()[0]) if str(error.orig).strip() else type(error).__name__


@contextmanager
def or_refused(language: str, *, as_json: bool) -> Iterator[None]:
    """A refusal in words, and exit 1."""
    try:
        yield
    except Refusal as refusal:
        error = told(refusal)
        if as_json:
            show.document({"status": "refused", "error": error})
        else:
            show.aside(error["message"][language])
        raise typer.Exit(1) from None


def migrated(language: str) -> str | None:
    """Brings the database to the newest schema; answers which that is."""
    settings = read_settings()
    try:
        migrate(settings.database_url)
    except DBAPIError as error:
        show.aside(say("cli.database_away", language, why=_first_line(error)))
        raise typer.Exit(1) from None
    return newest()
