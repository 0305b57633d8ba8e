"""The roles of `encaisse`: everything in one process, or one role each."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli import show
from adapters.cli.options import AsJson, Day, Language, Now, language_of
from adapters.cli.reading import read_settings
from adapters.locale import say
from domain.people import Administrator

if TYPE_CHECKING:
    from adapters.bootstrap import App

HOST = "127.0.0.1"


def add_roles(cli: typer.Typer) -> None:
    """Puts the roles, and what stands on them, beside the other commands."""
    for name, command in ROLES.items():
        cli.command(name)(command)


def up(
    host: Annotated[str, typer.Option(help="address to listen on")] = HOST,
    port: Annotated[int | None, typer.Option(help="else the next free one from 8000")] = None,
    as_json: AsJson = False,
) -> None:
    """Everything in one process: web, workers, scheduler."""
    from adapters.embedded import until_told_to_stop, web, working

    settings = read_settings()
    with _explained(), working(settings) as app:
        until_told_to_stop(app.stopping)
        with web(app, host=host, port=port) as url:
            links = _first_link(app, url)
            if as_json:
                show.document({"url": url, "sign_in_links": links})
            else:
                for line in (f"Encaisse: {url}", *links, say("roles.stop", language_of(None))):
                    show.line(line)
            app.stopping.wait()


def demo(
    host: Annotated[str, typer.Option(help="address to listen on")] = HOST,
    port: Annotated[int | None, typer.Option(help="else the next free one from 8000")] = None,
    as_json: AsJson = False,
) -> None:
    """The whole product in one process, with seeded organisations and simulated gateways."""
    from adapters.demo.show import show_demo

    with _explained():
        show_demo(host=host, port=port, as_json=as_json)


def serve_web(
    host: Annotated[str, typer.Option(help="address to listen on")] = HOST,
    port: Annotated[int, typer.Option(help="port to listen on")] = 8000,
    as_json: AsJson = False,
) -> None:
    """The pages and the API, alone; on SQLite, beside whoever works the queue."""
    from adapters.bootstrap import build
    from adapters.embedded import somebody_works, until_told_to_stop, web

    settings = read_settings()
    with _explained():
        somebody_works(settings)
    stopping = threading.Event()
    until_told_to_stop(stopping)
    app = build(settings, role="web", pool_size=20)
    try:
        with _explained(), web(app, host=host, port=port) as url:
            show.aside(f"listening on {url}")
            if as_json:
                show.document({"url": url})
            stopping.wait()
    finally:
        app.close()


def worker(
    processes: Annotated[int, typer.Option(help="processes on this host")] = 2,
    threads: Annotated[int, typer.Option(help="batches at once in each")] = 4,
    as_json: AsJson = False,
) -> None:
    """Works the queue on Redis."""
    from adapters.database.origin import must_be_at_home
    from workers.serve import serve_workers

    settings = read_settings()
    if as_json:
        show.document({"role": "worker", "processes": processes, "threads": threads})
    with _explained():
        must_be_at_home(settings.database_url)
        raise typer.Exit(serve_workers(settings, processes=processes, threads=threads, language=language_of(None)))


def scheduler(as_json: AsJson = False) -> None:
    """Starts nights, tells events, rings for whatever is due; any number may run at once."""
    from adapters.beating import Beating
    from adapters.database.origin import must_be_at_home
    from adapters.doors import doors
    from adapters.embedded import until_told_to_stop
    from scheduler import loop
    from workers.serve import build_scheduler, relay_and_bells, warn_about_redis

    settings = read_settings()
    with _explained():
        must_be_at_home(settings.database_url)
        app = build_scheduler(settings)
        until_told_to_stop(app.stopping)
        relay, bells = relay_and_bells(app)
        warn_about_redis(settings, language_of(None))
        if as_json:
            show.document({"role": "scheduler"})
        with Beating(app), doors(app, bells) as lines:
            loop.run(app, loop.steps(bells=bells, relay=relay.run_once, doors=lines))
        app.close()


def simulator(
    host: Annotated[str, typer.Option(help="address to listen on")] = HOST,
    port: Annotated[int, typer.Option(help="0 takes a free one")] = 8089,
    lean: Annotated[bool, typer.Option("--lean", help="for benchmarks")] = False,
    journal: Annotated[Path | None, typer.Option(help="else ENCAISSE_SIMULATOR_JOURNAL")] = None,
    timeout: Annotated[float, typer.Option(min=0, help="seconds that CardPointe waits for a silent bank")] = 32.0,
    as_json: AsJson = False,  # its answer is a document in any case: where it listens
) -> None:
    """The simulated processors over HTTP."""
    from adapters.gateways.served import serve

    serve(host, port, journal or read_settings().journal_path, lean, timeout)


def bench(
    rounds: Annotated[int, typer.Option(help="medians of so many")] = 3,
    only: Annotated[str, typer.Option(help="only nights whose name contains this")] = "",
    screens: Annotated[bool, typer.Option("--screens", help="the pages, instead of the nights")] = False,
    files: Annotated[bool, typer.Option("--bank-files", help="how long a bank file takes to write, instead")] = False,
    as_json: AsJson = False,
) -> None:
    """The benchmarks of the README; they bring their own servers and need a checkout."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the checkout
    try:
        from tests.bench import screens as pages
        from tests.bench.__main__ import run
        from tests.bench.bank_files import show as show_files
    except ModuleNotFoundError:
        show.aside(say("roles.no_checkout", language_of(None)))
        raise typer.Exit(1) from None
    if screens:
        raise typer.Exit(pages.report(as_json=as_json))
    if files:
        show_files(as_json=as_json)
    else:
        run(rounds=rounds, only=only, as_json=as_json)


def night(
    day: Day = None,
    organisation: Annotated[str | None, typer.Option(help="This one only.")] = None,
    now: Now = None,
    as_json: AsJson = False,
    language: Language = None,
) -> None:
    """Carries out what is due by a business date and now: charges, retries, look-ups; waits for the end."""
    from adapters.cli.night import run_night

    run_night(day, organisation, now=now, as_json=as_json, language=language_of(language))


def _first_link(app: "App", url: str) -> list[str]:
    """A one-time link for the first administrator that is registered, if there is one."""
    from adapters.embedded import sign_in_link

    people = app.books.run(lambda tx: tx.all(Administrator, order_by="created_at", limit=1), read_only=True)
    return [sign_in_link(app, url, person.organisation, person.id) for person in people]


@contextmanager
def _explained() -> Iterator[None]:
    """What is wrong with the set-up, in words."""
    from adapters.database.origin import Restored
    from adapters.embedded import NobodyWorks, NotListening, NotMigrated, QueueTaken
    from adapters.gateways.journal import JournalInUse
    from workers.boot import RedisNeeded

    words = {
        QueueTaken: "roles.queue_taken",
        NobodyWorks: "roles.nobody_works",
        NotMigrated: "roles.not_migrated",
        Restored: "roles.restored",
        RedisNeeded: "roles.redis_needed",
        JournalInUse: "roles.journal_in_use",
    }
    try:
        yield
    except tuple(words) as error:
        show.aside(say(words[type(error)], language_of(None)))
        raise typer.Exit(1) from None
    except NotListening as error:
        show.aside(say("roles.port_taken", language_of(None), why=error))
        raise typer.Exit(1) from None


# fmt: off
ROLES: dict[str, Any] = {
    "up":        up,
    "demo":      demo,
    "web":       serve_web,
    "worker":    worker,
    "scheduler": scheduler,
    "simulator": simulator,
    "night":     night,
    "bench":     bench,
}
# fmt: on
