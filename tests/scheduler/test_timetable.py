"""Nights: one per organisation and business date, in every zone, whoever starts it, however late."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest

from adapters.bootstrap import App, build
from adapters.errands import work_all
from adapters.night import Night
from adapters.runs import close_finished, due_nights, start_missing
from adapters.settings import Settings
from domain.days import last_night, nights_between
from domain.organisation import Organisation
from domain.run import Run
from tests.e2e.story import Story, send

FIRST, LAST = date(2020, 1, 1), date(2032, 1, 1)
TICK = timedelta(hours=1)
LONGEST_DAY = timedelta(hours=26)  # a day of 25 hours, and a tick
Transition = tuple[datetime, timedelta, timedelta]

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # a Friday, 10:00 in Toronto
AppAt = Callable[[datetime], App]


# ------------------------------------------------------------------ every zone


def transitions(zone: ZoneInfo) -> Iterator[Transition]:
    """The days on which the offset of a zone changes, with the offsets before and after."""
    noon = datetime(FIRST.year, FIRST.month, FIRST.day, 12, tzinfo=UTC)
    before = noon.astimezone(zone).utcoffset() or timedelta()
    while noon.date() < LAST:
        noon += timedelta(days=1)
        after = noon.astimezone(zone).utcoffset() or timedelta()
        if after != before:
            yield noon, before, after
        before = after


@cache
def all_transitions() -> dict[Transition, str]:
    """Each kind of transition once: most zones are other names of the same rules."""
    found: dict[Transition, str] = {}
    seen: set[tuple[Transition, ...]] = set()
    for name in sorted(available_timezones() - {"localtime", "Factory"}):
        own = tuple(transitions(ZoneInfo(name)))
        if own not in seen:
            seen.add(own)
            found |= {transition: name for transition in own if transition not in found}
    return found


@pytest.mark.parametrize("night_at", ["00:00", "02:30", "03:00"])
def test_f80_each_date_has_one_night_across_every_transition_of_every_zone(night_at: str) -> None:
    transitions_ = all_transitions()
    assert len(transitions_) > 200
    for (noon, _, _), name in transitions_.items():
        club = Organisation(
            id="club", name="Club", timezone=name, currency="CAD", language="en", settings={"night_at": night_at},
            created_at=noon,
        )  # fmt: skip
        now = noon - timedelta(days=2)
        nights, begun_at = [last_night(club, now)], now
        while now < noon + timedelta(days=1):
            now += TICK
            until = last_night(club, now)
            if until > nights[-1]:
                nights += nights_between(nights[-1], until)
                begun_at = now
            assert now - begun_at <= LONGEST_DAY, (name, noon)
        assert nights == [nights[0] + timedelta(days=n) for n in range(len(nights))], (name, noon)
        assert len(nights) >= 3, (name, noon)


# ------------------------------------------------------------------ in the database


@pytest.fixture
def at(migrated_url: str, tmp_path: Path) -> Iterator[AppAt]:
    """Parts of a process whose clock stands at an instant; one at a time, as they share a journal."""
    made: list[App] = []

    def make(now: datetime) -> App:
        if made:
            made.pop().close()
        settings = Settings(database_url=migrated_url, simulator_journal=tmp_path / "journal.jsonl", _env_file=None)
        made.append(build(settings.simulated(now), role="test", pool_size=10))
        return made[-1]

    yield make
    for app in made:
        app.close()


def club_owing(app: App, *days: int, token: str = "tok_approve") -> None:
    """An organisation and one client who owes instalments so many days from now."""
    story = Story()
    today = app.now().date()
    dates = [today + timedelta(days=day) for day in days]
    send(app, [story.organisation("ymca", "America/Toronto"), *story.owing("ymca", 1, token, dates)])


def runs(app: App) -> list[Run]:
    return app.books.run(lambda tx: tx.all(Run, kind="night", order_by="business_date"), read_only=True)


def dates(app: App) -> list[str]:
    return [run.business_date.isoformat() for run in runs(app)]


def test_f84_three_missed_nights_are_caught_up_once_oldest_first(at: AppAt) -> None:
    app = at(START)
    club_owing(app, 1, 2, 3, 4)
    start_missing(app)
    app = at(START + timedelta(days=3, hours=4))
    assert start_missing(app) == 3
    assert start_missing(app) == 0
    assert dates(app) == ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"]
    work_all(app)
    with app.books.begin(read_only=True) as tx:
        charged = tx.connection.exec_driver_sql(
            "SELECT p.number FROM attempts a JOIN payments p ON p.id = a.payment ORDER BY a.promised_at, p.number"
        ).scalars()
        assert list(charged) == [1, 2, 3]
    assert close_finished(app) == 4
    assert all(run.finished_at is not None for run in runs(app))


def test_f85_schedulers_at_once_start_each_night_once(at: AppAt) -> None:
    app = at(START)
    club_owing(app, 1)
    start_missing(app)
    app = at(START + timedelta(days=5))
    started: list[int] = []
    threads = [threading.Thread(target=lambda: started.append(start_missing(app))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(started) == 5
    assert len(dates(app)) == 6


def test_f85_a_scheduler_that_dies_after_starting_a_night_leaves_it_to_the_sweep(at: AppAt) -> None:
    app = at(START)
    club_owing(app, 1)
    app = at(START + timedelta(days=1))
    start_missing(app)  # and dies: no bell was rung
    app = at(START + timedelta(days=1, minutes=1))
    assert due_nights(app) == []
    assert work_all(app) == 1


def test_an_organisation_whose_zone_is_gone_keeps_no_other_from_its_night(at: AppAt) -> None:
    app = at(START)
    story = Story()
    send(app, [story.organisation("ymca", "America/Toronto"), story.organisation("gone", "Europe/Paris")])
    with app.books.begin() as tx:
        tx.connection.exec_driver_sql("UPDATE organisations SET timezone = 'Atlantis/Capital' WHERE id = 'gone'")
    assert start_missing(app) == 1
    assert [run.organisation for run in runs(app)] == ["ymca"]


def test_a_night_is_over_when_only_people_are_waited_for(at: AppAt) -> None:
    app = at(START)
    club_owing(app, 1, 1, token="tok_garbage")
    app = at(START + timedelta(days=1))
    Night(app=app).run()
    assert [run.finished_at for run in runs(app)] == [None]  # its outcome is being looked up
    for minutes in range(1, 8):
        app = at(START + timedelta(days=1, minutes=minutes))
        Night(app=app).run()
    assert all(run.finished_at is not None for run in runs(app))
