"""Parts of a worker in the test's own process: an App on either database, the simulator inside it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.bootstrap import App, build
from adapters.settings import Settings

MakeApp = Callable[[str], App]


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[MakeApp]:
    """Builds an App on a database; all of one test share a journal, so only one of them may ask a gateway."""
    made: list[App] = []

    def make(url: str) -> App:
        settings = Settings(database_url=url, simulator_journal=tmp_path / "journal.jsonl", _env_file=None)
        made.append(build(settings, role="worker", pool_size=10))
        return made[-1]

    yield make
    for app in made:
        app.close()
