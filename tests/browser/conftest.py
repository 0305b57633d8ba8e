"""A club with its pages served, and a browser: once for each module, because Playwright keeps a loop running."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import chromium
from tests.browser.club import Club, open_club
from tests.browser.desk import Desks


@pytest.fixture(scope="module")
def club(migrated_sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    """Open, with two people who work there, and no past."""
    folder = tmp_path_factory.mktemp("club")
    for file in migrated_sqlite_file.parent.iterdir():
        shutil.copy(file, folder)
    with open_club(f"sqlite:///{folder / migrated_sqlite_file.name}", folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def desks(club: Club, browser: Browser) -> Desks:
    return Desks(club, browser)
