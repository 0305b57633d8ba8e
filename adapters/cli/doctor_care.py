"""The doctor on processors: those that do not answer, and what waits for them."""

from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError

from adapters.cli.doctor import Finding
from adapters.database.books import DatabaseBooks
from adapters.database.engine import make_engine
from adapters.database.incidents import incidents
from adapters.database.migrate import is_current
from adapters.locale import render
from adapters.settings import Settings


def processors(settings: Settings) -> Iterator[Finding]:
    """One finding for each incident, or one that says that there is none; none where the database is away."""
    path = settings.database_path
    if path is not None and not path.exists():
        return
    engine = make_engine(settings.database_url)
    try:
        if not is_current(settings.database_url):
            return
        found = DatabaseBooks(engine, render=render).run(incidents, read_only=True)
    except DBAPIError:
        return  # told by the finding about the database
    finally:
        engine.dispose()
    if not found:
        yield Finding(check="processors", trouble=False, params={})
    for one in found:
        params = {
            "organisation": one.organisation, "account": one.account, "processor": one.processor,
            "since": f"{one.since:%Y-%m-%d %H:%M} UTC", "waiting": one.waiting,
        }  # fmt: skip
        yield Finding(check="processors", trouble=True, params=params)
