"""An office for tests of the doors: an application on either database, furnished for a first purchase."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.office import Office


@pytest.fixture
def office(migrated_url: str, tmp_path: Path) -> Iterator[Office]:
    """On SQLite and on PostgreSQL: an organisation, a client, a card that works."""
    made = Office(migrated_url, tmp_path)
    made.furnish()
    yield made
    made.close()


@pytest.fixture
def small_office(migrated_sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """The same on SQLite only, for what does not depend on the database."""
    made = Office(migrated_sqlite_url, tmp_path)
    made.furnish()
    yield made
    made.close()
