"""Gateways over a simulator, in this process and over HTTP, and a server that answers what it is told."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.gateways.http_gateway import HttpSimulatorGateway
from adapters.gateways.in_process import SimulatedGateway
from adapters.gateways.simulator import Simulator
from domain.organisation import MerchantAccount
from domain.outcome import Charge, LookUp
from domain.ports import Gateway

PROJECT = Path(__file__).parents[3]
SERVE = """
import pathlib, sys
from adapters.gateways.served import serve
serve("127.0.0.1", 0, pathlib.Path(sys.argv[1]))
"""


def noon() -> datetime:
    return datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def charge_of(token: str, *, key: str = "", amount: int = 4500, currency: str = "USD") -> Charge:
    return Charge(key=key or f"att_{uuid.uuid4()}", amount_minor=amount, currency=currency, token=token)


def about(charge: Charge) -> LookUp:
    return LookUp(key=charge.key, amount_minor=charge.amount_minor, currency=charge.currency)


def account_of(organisation: str = "ymca", **settings: Any) -> MerchantAccount:
    return MerchantAccount(
        organisation=organisation, id="main", processor="simulator", kinds=("card",), settings=settings
    )


@dataclass
class Desk:
    """A gateway, an account of an organisation of its own, and the simulator's journal."""

    gateway: Gateway
    organisation: str
    journal: Path

    def account(self, **settings: Any) -> MerchantAccount:
        return account_of(self.organisation, **settings)

    def lines(self) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.journal.read_text().splitlines()]
        return [line for line in lines if line["organisation"] == self.organisation]

    def effects(self) -> list[str]:
        return [line["effect"] for line in self.lines()]


class ServedSimulator:
    """The simulator in a process of its own."""

    def __init__(self, journal: Path) -> None:
        self.journal = journal
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(journal)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.url: str = json.loads(line)["url"] if line else ""

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=10)
        return self.process.returncode, errors


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSimulator]:
    server = ServedSimulator(tmp_path_factory.mktemp("served") / "journal.jsonl")
    yield server
    server.stop()


@pytest.fixture(params=["in_process", "over_http"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    organisation = f"org-{uuid.uuid4()}"
    if request.param == "in_process":
        simulator = Simulator(tmp_path / "journal.jsonl", clock=noon)
        yield Desk(SimulatedGateway(simulator), organisation, tmp_path / "journal.jsonl")
        simulator.close()
    else:
        server: ServedSimulator = request.getfixturevalue("served")
        gateway = HttpSimulatorGateway(server.url)
        yield Desk(gateway, organisation, server.journal)
        gateway.close()


DEADLINE_S = 0.5  # in tests of silence

Script = Callable[[socket.socket, bytes], bool]


class ScriptedServer:
    """Reads whole requests and lets a script answer; the script says whether the connection stays."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopping = threading.Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def close(self) -> None:
        self.stopping.set()
        for connection in [self._listener, *self._sockets]:
            with suppress(OSError):  # the other side was quicker
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in [self._thread, *self._threads]:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.append(connection)
            thread = threading.Thread(target=self._answer, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _answer(self, connection: socket.socket) -> None:
        try:
            while request := self._read(connection):
                self.requests.append(request)
                if not self._script(connection, request):
                    break
        except OSError:
            pass  # cut by the other side, or by close()
        finally:
            connection.close()

    def _read(self, connection: socket.socket) -> bytes:
        data = b""
        while not data.endswith(b"}"):
            chunk = connection.recv(65536)
            if not chunk:
                return b""
            data += chunk
        return data


@pytest.fixture
def scripted() -> Iterator[Callable[[Script], ScriptedServer]]:
    servers: list[ScriptedServer] = []

    def start(script: Script) -> ScriptedServer:
        servers.append(ScriptedServer(script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def gateway_at() -> Iterator[Callable[..., HttpSimulatorGateway]]:
    gateways: list[HttpSimulatorGateway] = []

    def reach(url: str, **options: Any) -> HttpSimulatorGateway:
        gateways.append(HttpSimulatorGateway(url, **options))
        return gateways[-1]

    yield reach
    for gateway in gateways:
        gateway.close()


@pytest.fixture
def charge() -> Charge:
    return charge_of("tok_approve")


@pytest.fixture
def ask(scripted, gateway_at, charge):
    """The outcome of one charge when the server answers with these bytes and hangs up."""

    def outcome(answer: bytes):
        def script(connection: socket.socket, request: bytes) -> bool:
            connection.sendall(answer)
            return False

        gateway = gateway_at(scripted(script).url)
        return gateway.charge(account_of(deadline_s=DEADLINE_S), [charge])[0]

    return outcome


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture
def simulator(path: Path) -> Iterator[Simulator]:
    simulator = Simulator(path, clock=noon)
    yield simulator
    simulator.close()
