"""A sender whose clock the test moves, and a receiver on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.outgoing.receiver import Receiver, receiver
from tests.adapters.outgoing.sender import ROOT, Sender
from tests.world import world


@pytest.fixture
def inbox() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def sender(migrated_url: str, tmp_path: Path, inbox: Receiver) -> Iterator[Sender]:
    with world(migrated_url, tmp_path) as made:
        made.organisation()
        sender = Sender(made, inbox, ROOT)
        yield sender
        sender.close()


@pytest.fixture
def second(sender: Sender) -> Iterator[Sender]:
    """Another scheduler on the same database."""
    other = Sender(sender.world, sender.inbox, ROOT)
    yield other
    other.close()
