"""The peer of each test, and the wire between it and the simulator."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.peers import PEERS, Peer
from tests.conformance.serving import Bending, Serving


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    serving = Serving(tmp_path / "journal.jsonl")
    yield serving
    serving.close()


@pytest.fixture
def wire(serving: Serving) -> Iterator[Bending]:
    wire = Bending(serving.port)
    yield wire
    wire.close()


@pytest.fixture(params=PEERS)
def peer(request: pytest.FixtureRequest, serving: Serving) -> Iterator[Peer]:
    yield from _made(request.param, serving, serving.url)


@pytest.fixture(params=[name for name in PEERS if name != "simulator in process"])
def far_peer(request: pytest.FixtureRequest, serving: Serving, wire: Bending) -> Iterator[Peer]:
    """A peer whose answers come through a wire that can be bent."""
    yield from _made(request.param, serving, wire.url)


def _made(name: str, serving: Serving, url: str) -> Iterator[Peer]:
    peer = PEERS[name](serving, url)
    yield peer
    close = getattr(peer.gateway, "close", None)
    if close is not None:
        close()
