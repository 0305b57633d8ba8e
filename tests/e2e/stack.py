"""A production in small: simulator, workers and schedulers as processes, to be killed and paused."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import forked
from tests.servers import LAUNCHER

ENCAISSE = (sys.executable, "-c", "from adapters.entry import main; main()")
STOP_WITHIN_S = 30.0
PATIENCE_S = 60.0  # for what a busy machine may take long to do, and no promise says how long


def until(condition: Callable[[], object], within_s: float, what: str = "") -> float:
    """Waits; answers how many seconds it took."""
    started = time.monotonic()
    while not condition():
        waited = time.monotonic() - started
        assert waited < within_s, f"not within {within_s} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - started


class Stack:
    """Processes with one environment; each ends with the test, whatever happens."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ENCAISSE_")},
            "PYTHONPATH": str(Path(__file__).parents[2]), "ENCAISSE_LOG_LEVEL": "info", **env,
        }  # fmt: skip
        self.journal = folder / "journal.jsonl"
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A role in the background; its log lies in the test's folder."""
        name = f"{len(self.processes)}-{words[0]}"
        identity = (os.geteuid(), os.getegid(), int(signal.SIGTERM))
        launched = [sys.executable, "-I", "-S", "-c", LAUNCHER, *map(str, identity), *ENCAISSE, *words]
        with (self.folder / f"{name}.log").open("w") as log:
            process = subprocess.Popen(
                launched, stdout=subprocess.PIPE, stderr=log, text=True, env=self.env, cwd=self.folder
            )
        self.processes.append(process)
        return process

    def run(self, *words: str, within_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        """A command to its end."""
        return forked.run(words, said="", env=self.env, cwd=self.folder, within_s=within_s)

    def simulator(self) -> None:
        """The simulator over HTTP, found by everything that is started from here on."""
        process = self.start("simulator", "--port", "0", "--journal", str(self.journal))
        assert process.stdout is not None
        self.env["ENCAISSE_SIMULATOR_URL"] = json.loads(process.stdout.readline())["url"]

    def workers(self, *, processes: int = 2, threads: int = 2) -> subprocess.Popen[str]:
        return self.start("worker", "--processes", str(processes), "--threads", str(threads))

    def stop(self, process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> int:
        """Ends one process, and tells its exit status; what does not listen is killed with its children."""
        children = descendants_of(process.pid)
        if process.poll() is None:
            process.send_signal(how)
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            for pid in (process.pid, *children):
                kill(pid)
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
        return process.returncode

    def close(self) -> None:
        for process in reversed(self.processes):
            children = descendants_of(process.pid)
            self.stop(process)
            for pid in children:
                kill(pid)


@contextmanager
def stack(folder: Path, **env: str) -> Iterator[Stack]:
    made = Stack(folder, **env)
    try:
        yield made
    finally:
        made.close()


def workers_of(service: subprocess.Popen[str]) -> list[int]:
    """The worker processes of a service, in the order of their start: below dramatiq, which is below us."""
    return [worker for master in children_of(service.pid) for worker in children_of(master)]


def descendants_of(pid: int) -> list[int]:
    return [one for child in children_of(pid) for one in (child, *descendants_of(child))]


def children_of(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def kill(pid: int) -> None:
    """As when the machine takes it away."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def kill_one_worker(service: subprocess.Popen[str], dice: random.Random) -> bool:
    """kill -9 of a worker process at random; the service then starts all of them again."""
    alive = workers_of(service)
    if alive:
        kill(dice.choice(alive))
    return bool(alive)
