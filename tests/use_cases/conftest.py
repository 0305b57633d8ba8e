"""A small world on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World, world


@pytest.fixture
def club(migrated_url: str, tmp_path: Path) -> Iterator[World]:
    """An organisation with one merchant account and one client, on SQLite and on PostgreSQL."""
    with world(migrated_url, tmp_path) as made:
        made.organisation()
        made.client()
        yield made
