"""An office on both databases; a lighter one on SQLite for what does not touch them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.office import Office
from tests.world import World, world

BOTH_PERMISSIONS = ("failed_payment", "payment_processing")


def furnish(made: World, **settings: Any) -> Office:
    made.organisation()
    made.client()
    office = Office(made, **settings)
    office.person("marie", *BOTH_PERMISSIONS, language="fr", name="Marie Tremblay")
    office.person("luc", *BOTH_PERMISSIONS, name="Luc Roy")
    return office


@pytest.fixture
def office(migrated_url: str, tmp_path: Path) -> Iterator[Office]:
    """Marie, who speaks French, and Luc, who speaks English, may see and act."""
    with world(migrated_url, tmp_path) as made:
        yield furnish(made)


@pytest.fixture
def small_office(migrated_sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """The same on SQLite only."""
    with world(migrated_sqlite_url, tmp_path) as made:
        yield furnish(made)
