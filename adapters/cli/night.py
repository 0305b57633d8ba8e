"""`encaisse night`: what is due by a business date and by now, done and waited for."""

import sys
import time
from collections.abc import Sequence
from datetime import date

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from adapters.bootstrap import App
from adapters.cli import show
from adapters.cli.opening import opened
from adapters.database.incidents import incidents
from adapters.locale import say
from adapters.night import Night, NightNotStarted, NightStuck
from adapters.night_report import COUNTED, Mark, Report, counts, waiting
from domain.refusal import NotKnown

LOOK_EVERY_S = 0.3  # at the counts, while the bar is shown


def run_night(day: str | None, organisation: str | None, *, now: str | None, as_json: bool, language: str) -> None:
    """The command, once its options are read."""
    through = _date(day)
    with opened("night", language=language, now=now, changes=True) as app:
        try:
            broken = _carry_out(app, through, organisation, language, as_json=as_json)
        except NotKnown:
            show.aside(say("night.not_known", language, organisation=organisation or ""))
            raise typer.Exit(1) from None
        except (NightStuck, NightNotStarted) as trouble:
            show.aside(say(WORDS[type(trouble)], language))
            raise typer.Exit(1) from None
    if broken:
        show.aside(say("night.broken", language, count=broken))
        raise typer.Exit(1)


WORDS = {NightStuck: "night.stuck", NightNotStarted: "night.not_started"}


def _carry_out(app: App, through: date | None, organisation: str | None, language: str, *, as_json: bool) -> int:
    """Answers how many errands broke."""
    with Bar(app, language) as bar:
        asked = Night(app=app, through=through, organisation=organisation, watch=bar.show)
        reports = asked.run()
    print_reports(reports, language, as_json=as_json)
    _tell_incidents(app, organisation, language)
    return len(asked.failed)


def _tell_incidents(app: App, organisation: str | None, language: str) -> None:
    """What waits for a processor that does not answer is not lost: the person who ran the night knows it."""
    for one in app.books.run(lambda tx: incidents(tx, organisation), read_only=True):
        show.aside(
            say(
                "night.incident", language, organisation=one.organisation, account=one.account, waiting=one.waiting,
                since=show.instant(one.since) or "",
            )
        )  # fmt: skip


def print_reports(reports: Sequence[Report], language: str, *, as_json: bool) -> None:
    """Standard output holds only the answer."""
    for report in reports:
        if as_json:
            show.document(report.document())
        else:
            show.line(say("night.line", language, **report.document()))


class Bar:
    """Progress on a terminal (standard error), nothing elsewhere."""

    def __init__(self, app: App, language: str) -> None:
        self.app = app
        self.language = language
        self._progress = Progress(
            BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
            console=Console(stderr=True), disable=not sys.stderr.isatty(),
        )  # fmt: skip
        self._task = self._progress.add_task("", total=None)
        self._next_look = 0.0
        self._started = time.monotonic()

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, since: Mark) -> None:
        """How many of how many were charged, declined or lost so far."""
        if self._progress.disable or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_EVERY_S
        found = self.app.books.run(lambda tx: counts(tx, since), read_only=True)
        told = {name: sum(n for (_, kind), n in found.items() if kind == name) for name in COUNTED}
        done = sum(told.values())
        speed = round(done / max(time.monotonic() - self._started, 0.1))
        self._progress.update(
            self._task, completed=done, total=done + waiting(self.app, since),
            description=say("night.progress", self.language, speed=speed, **told),
        )  # fmt: skip


def _date(given: str | None) -> date | None:
    try:
        return date.fromisoformat(given) if given is not None else None
    except ValueError:
        raise typer.BadParameter(f"not a date: {given}", param_hint="--date") from None
