"""A mail room with a mail server, on either database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.mail.room import MailRoom
from tests.adapters.mail.server import MailServer, mail_server
from tests.world import World, world


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as made:
        yield made


@pytest.fixture
def room(migrated_url: str, tmp_path: Path, server: MailServer) -> Iterator[MailRoom]:
    """An organisation and nobody in it."""
    with world(migrated_url, tmp_path) as made:
        yield from _room(made, server)


@pytest.fixture
def small_room(migrated_sqlite_url: str, tmp_path: Path, server: MailServer) -> Iterator[MailRoom]:
    """The same on SQLite only, for what does not depend on the database."""
    with world(migrated_sqlite_url, tmp_path) as made:
        yield from _room(made, server)


def _room(made: World, server: MailServer) -> Iterator[MailRoom]:
    made.organisation()
    room = MailRoom(made, server)
    yield room
    room.close()
