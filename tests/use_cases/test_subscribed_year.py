"""Weeks and a year of subscriptions with changes, pauses, failures, downtime and several schedulers (S1-S5)."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.use_cases.subscribed_year import Year
from tests.world import World, world

DOWN = (100, 101, 102, 200, 201, 202)  # twice, for three days
MAX_S = 300


@pytest.fixture
def empty(migrated_url: str, tmp_path: Path) -> Iterator[World]:
    with world(migrated_url, tmp_path) as made:
        yield made


def test_S5_weeks_of_subscriptions_bill_each_period_once(empty: World) -> None:
    """Six weeks on SQLite; on PostgreSQL, where two schedulers really meet, three of as many acts a day."""
    weeks, count = (6, 30) if empty.engine.dialect.name == "sqlite" else (3, 20)
    year = Year(empty, count, seed=7, schedulers=2)
    year.days(weeks * 7, down=(weeks * 3, weeks * 3 + 1, weeks * 3 + 2), acts_a_day=2)
    assert year.check() > count
    assert year.acted > weeks * 4


@pytest.mark.soak
@pytest.mark.timeout(1_200)
def test_S5_a_year_of_a_thousand_subscriptions_bills_each_period_once(empty: World) -> None:
    began = time.monotonic()
    year = Year(empty, 1_000, seed=11, schedulers=2)
    year.days(365, down=DOWN, acts_a_day=12)
    took_s = time.monotonic() - began
    periods = year.check()
    print(f"{periods} periods, {year.acted} acts, {took_s:.0f} s")
    assert periods > 10_000
    assert took_s < MAX_S
