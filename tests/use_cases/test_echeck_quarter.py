"""A season of e-checks with returns of all kinds, holidays, late returns and outages: nothing is lost, to the cent."""

import os
from pathlib import Path

import pytest

from tests.bank_world import FileWorld
from tests.echeck_quarter import FiledSeason, SimulatedSeason, figures
from tests.echeck_world import EcheckWorld

WEEKLY = int(os.environ.get("ENCAISSE_SOAK_ECHECKS", "2000"))  # a week, in the long one


def test_E4_three_weeks_by_bank_file_end_with_a_verdict_for_each(migrated_sqlite_url: str, tmp_path: Path) -> None:
    club = FileWorld(migrated_sqlite_url, tmp_path, "cpa005")
    season = FiledSeason(club, weekly=20, weeks=3, seed=5)
    season.run()
    assert len(season.asked) >= 50
    season.ended()
    club.close()


@pytest.mark.soak
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("rail", ["nacha", "cpa005"])
def test_E4_a_quarter_by_bank_file_ends_with_a_verdict_for_each(
    migrated_postgres_url: str, tmp_path: Path, rail: str
) -> None:  # fmt: skip
    club = FileWorld(migrated_postgres_url, tmp_path, rail)
    season = FiledSeason(club, weekly=WEEKLY, weeks=13)
    season.run()
    print(figures(season))
    season.ended()
    club.close()


@pytest.mark.soak
@pytest.mark.timeout(7_200)
def test_E4_a_quarter_through_a_processor_ends_with_a_verdict_for_each(
    migrated_postgres_url: str, tmp_path: Path
) -> None:  # fmt: skip
    club = EcheckWorld(migrated_postgres_url, tmp_path)
    club.club("USD")
    season = SimulatedSeason(club, weekly=WEEKLY, weeks=13)
    season.run()
    print(figures(season))
    season.ended()
    club.close()
