"""The command line as a process: what scripts see of it."""

import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import forked

PROGRAM = "from adapters.entry import main; main()"
ROOT = Path(__file__).parents[3]
WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def one(self) -> dict[str, Any]:
        [line] = self.lines
        return line


Encaisse = Callable[..., Ran]


def environment(url: str, folder: Path, **more: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("ENCAISSE_", "LC_", "LANG"))}
    return ours | {
        "ENCAISSE_DATABASE_URL": url,
        "ENCAISSE_SIMULATOR_JOURNAL": str(folder / "journal.jsonl"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        **more,
    }


def program(url: str, folder: Path) -> Encaisse:
    """`encaisse ARGUMENTS`, in a process of its own, with commands on its standard input."""

    def run(*arguments: str, commands: Iterable[Any] = (), **more: str) -> Ran:
        said = "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in commands)
        done = forked.run(arguments, said=said, env=environment(url, folder, **more), cwd=folder, within_s=WITHIN_S)
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def encaisse(migrated_sqlite_file: Path, sqlite_url: str, tmp_path: Path) -> Encaisse:
    """On an SQLite file of the newest schema."""
    shutil.copytree(migrated_sqlite_file.parent, tmp_path, dirs_exist_ok=True)
    return program(sqlite_url, tmp_path)


@pytest.fixture
def encaisse_on_nothing(sqlite_url: str, tmp_path: Path) -> Encaisse:
    """On an SQLite file that does not exist yet."""
    return program(sqlite_url, tmp_path)


@pytest.fixture
def encaisse_on_both(migrated_url: str, tmp_path: Path) -> Encaisse:
    """On a migrated database of either kind."""
    return program(migrated_url, tmp_path)
