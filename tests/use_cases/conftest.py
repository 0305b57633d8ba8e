"""A small world on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bank_world import FileWorld
from tests.echeck_world import EcheckWorld
from tests.world import World, world


@pytest.fixture
def club(migrated_url: str, tmp_path: Path) -> Iterator[World]:
    """An organisation with one merchant account and one client, on SQLite and on PostgreSQL."""
    with world(migrated_url, tmp_path) as made:
        made.organisation()
        made.client()
        yield made


@pytest.fixture
def small_club(migrated_sqlite_url: str, tmp_path: Path) -> Iterator[World]:
    """The same on SQLite, for what does not differ."""
    with world(migrated_sqlite_url, tmp_path) as made:
        made.organisation()
        made.client()
        yield made


@pytest.fixture
def bank(migrated_url: str, tmp_path: Path) -> Iterator[EcheckWorld]:
    """A Canadian club that takes e-checks, on a Tuesday morning."""
    yield from _bank(migrated_url, tmp_path, "CAD")


@pytest.fixture
def american(migrated_url: str, tmp_path: Path) -> Iterator[EcheckWorld]:
    """The same in the United States."""
    yield from _bank(migrated_url, tmp_path, "USD")


@pytest.fixture
def small_bank(migrated_sqlite_url: str, tmp_path: Path) -> Iterator[EcheckWorld]:
    """The Canadian one on SQLite, for what does not differ."""
    yield from _bank(migrated_sqlite_url, tmp_path, "CAD")


def _bank(url: str, folder: Path, currency: str) -> Iterator[EcheckWorld]:
    made = EcheckWorld(url, folder)
    try:
        made.club(currency)
        yield made
    finally:
        made.close()


@pytest.fixture(params=[("nacha", "migrated_sqlite_url"), ("cpa005", "migrated_postgres_url")], ids=lambda of: of[0])
def filed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FileWorld]:
    """A club whose e-checks go by bank file: each format on one of the databases."""
    rail, database = request.param
    made = FileWorld(request.getfixturevalue(database), tmp_path, rail)
    try:
        yield made
    finally:
        made.close()
