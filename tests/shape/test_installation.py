"""What `make setup` and the image install: exactly what is locked, and the whole of the project."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = ["domain", "workers", "adapters", "scheduler"]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~! ]", line)[0].lower() for line in requirements}


def locked(file: str) -> dict[str, str]:
    """Each locked requirement with its hashes."""
    entries = re.split(r"\n(?=[a-z])", (ROOT / file).read_text())
    return {entry.partition("==")[0]: entry for entry in entries if "==" in entry.partition("\n")[0]}


@pytest.mark.parametrize("file", ["requirements.lock", "requirements.run.lock"])
def test_the_lock_pins_everything_by_hash_and_names_no_index(file: str):
    assert locked(file)
    assert [name for name, entry in locked(file).items() if "--hash=sha256:" not in entry] == []
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", (ROOT / file).read_text())


def test_the_locks_hold_what_the_project_asks_for():
    runtime = names(PROJECT["project"]["dependencies"])
    extras = names([line for extra in PROJECT["project"]["optional-dependencies"].values() for line in extra])

    assert runtime <= locked("requirements.run.lock").keys()
    assert runtime | extras - {"encaisse"} <= locked("requirements.lock").keys()


def test_the_image_gets_the_versions_that_were_tested():
    def pinned(file: str) -> set[str]:
        return {entry.partition(" \\")[0] for entry in locked(file).values()}

    assert pinned("requirements.run.lock") <= pinned("requirements.lock")


def test_the_domain_is_kept_from_every_library_of_the_project():
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    [forbidden] = [c["forbidden_modules"] for c in contracts if c.get("source_modules") == ["domain"]]

    libraries = {name.replace("-", "_") for name in names(PROJECT["project"]["dependencies"])}
    assert libraries <= set(forbidden)


def test_the_wheel_carries_every_file_of_the_packages(tmp_path: Path):
    source, wheels = tmp_path / "source", tmp_path / "wheels"
    source.mkdir()
    shutil.copy(ROOT / "pyproject.toml", source)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*"))
    expected = {str(path.relative_to(source)) for path in source.rglob("*/**/*") if path.is_file()}

    build = "from setuptools.build_meta import build_wheel; import sys; build_wheel(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", build, wheels], cwd=source, capture_output=True, text=True, timeout=100
    )

    assert done.returncode == 0, done.stderr
    [wheel] = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        carried = {name for name in archive.namelist() if ".dist-info/" not in name}
        [entry_points] = [name for name in archive.namelist() if name.endswith("/entry_points.txt")]
        assert "encaisse = adapters.entry:main" in archive.read(entry_points).decode()
    assert carried == expected
