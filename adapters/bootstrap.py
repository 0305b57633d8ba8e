"""Puts the parts together: the only module that knows every concrete class."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event

from sqlalchemy import Engine

from adapters.database.books import DatabaseBooks
from adapters.database.engine import make_engine
from adapters.database.file_desk import FileDesk
from adapters.database.leases import Leases
from adapters.database.vault import Vault
from adapters.gateways.choose import GatewayChoice
from adapters.locale import render
from adapters.logs import log_event
from adapters.settings import Settings
from domain.ports import Log


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A process's parts. `stopping` is set when it should take no more work."""

    settings: Settings
    engine: Engine
    books: DatabaseBooks
    leases: Leases
    gateways: GatewayChoice
    log: Log
    stopping: Event = field(default_factory=Event)

    def now(self) -> datetime:
        """The simulated clock, or this machine's: for what the database does not decide."""
        simulated: datetime | None = self.settings.now
        return simulated or datetime.now(UTC)

    def close(self) -> None:
        self.gateways.close()
        self.engine.dispose()


def build(settings: Settings, *, role: str, pool_size: int = 5) -> App:
    """The parts of one process; call it after a fork, never before."""
    engine = make_engine(settings.database_url, pool_size=pool_size)
    now = settings.now
    books = DatabaseBooks(
        engine, render=render, clock=None if now is None else lambda: now, log=log_event,
        vault=Vault(settings.vault_roots, file=settings.vault_file),
    )  # fmt: skip
    books.standing = now is not None
    return App(
        settings=settings,
        engine=engine,
        books=books,
        leases=Leases(books, engine, role=role),
        gateways=GatewayChoice(settings, FileDesk(books)),
        log=log_event,
    )
