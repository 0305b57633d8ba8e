"""Shows the demo: a fresh database, a past, tonight's instalments before the visitor's eyes, then the pages."""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from adapters.bootstrap import App, build
from adapters.cli import show
from adapters.cli.night import Bar
from adapters.cli.options import language_of
from adapters.cli.reading import database_is_ours
from adapters.database.migrate import migrate
from adapters.demo.people import MONTREAL, TORONTO
from adapters.demo.seed import seed
from adapters.embedded import sign_in_link, until_told_to_stop, web, working
from adapters.locale import both, say
from adapters.logs import configure
from adapters.mail.smtp import MAILBOX
from adapters.night import Night
from adapters.night_report import Mark, mark, report
from adapters.settings import DEFAULT_DATABASE, Settings

NAMED = "ENCAISSE_DATABASE_URL"
Tell = Callable[[str], None]


def show_demo(*, host: str, port: int | None, as_json: bool = False) -> None:
    """Until SIGTERM or Ctrl-C. A named database keeps its data, an unnamed one goes with its folder. With `as_json`,
    one document says where to look, and what is for a person to read goes aside."""
    signal.signal(signal.SIGTERM, _leave)
    with tempfile.TemporaryDirectory(prefix="encaisse-demo-") as folder:
        settings = _settings(Path(folder))
        database_is_ours(settings)
        configure(settings)
        migrate(settings.database_url)
        tell = show.aside if as_json else show.line
        before = _tell_the_past(settings, tell)
        with working(settings) as app:
            until_told_to_stop(app.stopping)
            with web(app, host=host, port=port) as url:
                _tonight(app, before, tell)
                if as_json:
                    _document(app, before, url)
                else:
                    _where_to_look(app, before, url)
                app.stopping.wait()


def _leave(number: int, frame: FrameType | None) -> None:
    """Until there is anything to drain, SIGTERM only has to take the folder away."""
    raise SystemExit(128 + number)


def _settings(folder: Path) -> Settings:
    """Quiet logs, so that what is shown can be read; everything else as the environment says."""
    settings = Settings()
    settings = settings.model_copy(update={"guided": True})
    if "ENCAISSE_LOG_LEVEL" not in os.environ:
        settings = settings.model_copy(update={"log_level": "error"})
    if settings.smtp_url is None:
        settings = settings.model_copy(update={"smtp_url": MAILBOX})  # to be read on the page
    if NAMED not in os.environ and settings.database_url == DEFAULT_DATABASE:
        settings = settings.model_copy(update={"database_url": f"sqlite:///{folder / 'encaisse.db'}"})
    return settings


def _tell_the_past(settings: Settings, tell: Tell) -> Mark:
    """Two months of history, unless the database has some already."""
    app = build(settings, role="demo")
    try:
        if not mark(app, None).organisations:
            _both("demo.past", tell)
            seed(settings, datetime.now(UTC))
        return mark(app, None)
    finally:
        app.close()


def _tonight(app: App, before: Mark, tell: Tell) -> None:
    """What is due tonight, charged by the threads of this process while the visitor watches."""
    _both("demo.tonight", tell)
    with Bar(app, language_of(None)) as bar:
        Night(app=app, watch=lambda _: bar.show(before)).run()


def _where_to_look(app: App, before: Mark, url: str) -> None:
    for line in report(app, before, through=None):
        show.line("  " + say("night.line", language_of(None), **line.document()))
    show.line(f"Encaisse: {url}")
    for language, link in _ways_in(app, before, url):
        show.line(say("demo.sign_in", language))
        show.line(link)
    _both("roles.stop", show.line)


def _document(app: App, before: Mark, url: str) -> None:
    tonight = [line.document() for line in report(app, before, through=None)]
    links = [link for _, link in _ways_in(app, before, url)]
    show.document({"url": url, "sign_in_links": links, "night": tonight})


def _ways_in(app: App, before: Mark, url: str) -> Iterator[tuple[str, str]]:
    """A language, and the one-time link of somebody who speaks it."""
    known = {owner.id for owner in before.organisations}
    for club, language in ((TORONTO, "en"), (MONTREAL, "fr")):
        person = next(id for id, _, speaks in club.administrators if speaks == language)
        if club.id in known:
            yield language, sign_in_link(app, url, club.id, person)


def _both(id: str, tell: Tell) -> None:
    tell(" / ".join(both(id).values()))
