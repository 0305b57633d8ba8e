"""`python -m tests.bench.bank_files`: how long a bank file of so many entries takes to write, and how much memory."""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from adapters.bank_files.cpa005_layout import institution
from adapters.bank_files.cpa005_writer import CanadianEntry, write_cpa005
from adapters.bank_files.nacha_writer import NachaBatch, write_nacha
from tests.adapters.bank_files.samples import BANK, CAISSE, CREATED, entries

ROOT = Path(__file__).parents[2]  # the checkout
ENTRIES = 100_000
EFFECTIVE_ON = date(2026, 11, 25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`peak_mb` is of a whole process, with the making of the random entries."""

    rail: str
    entries: int
    seconds: float
    peak_mb: float
    megabytes: float


def measure(rail: str, count: int = ENTRIES) -> Figure:
    """In a process of its own: what memory says begins with that of nobody else."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        asked = [sys.executable, "-m", "tests.bench.bank_files", "--one", rail, str(count), str(path)]
        done = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=ROOT)
        seconds, kilobytes = done.stdout.split()
        size = path.stat().st_size / 1e6
    return Figure(
        rail=rail, entries=count, seconds=round(float(seconds), 2), peak_mb=round(int(kilobytes) / 1024, 1),
        megabytes=round(size, 1),
    )  # fmt: skip


def _write(rail: str, count: int, path: Path) -> None:
    started = time.perf_counter()
    with path.open("wb") as out:
        if rail == "nacha":
            rows = entries(count, random.Random(9))
            many = NachaBatch(sec="WEB", description="RECFEE", effective_on=EFFECTIVE_ON, entries=rows)
            written = write_nacha(out, BANK, [many], created_at=CREATED, modifier="A").entries
        else:
            written = write_cpa005(out, CAISSE, _canadian(count), created_on=CREATED.date(), number=7).debits
    if written != count:
        raise AssertionError(f"{written} of {count}")
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    print(time.perf_counter() - started, peak[1] if peak else 0)


def _canadian(count: int) -> Iterator[CanadianEntry]:
    dice = random.Random(9)
    for number in range(count):
        yield CanadianEntry(
            institution=institution("815", f"{dice.randrange(99_999):05d}"), account=str(dice.randrange(10**4, 10**12)),
            amount=dice.randrange(1, 10**7), due_on=EFFECTIVE_ON, name="Zoé Côté-Lévesque",
            cross_reference=f"e{number:012x}x1",
        )  # fmt: skip


def show(*, as_json: bool) -> None:
    """A line for each format."""
    for rail in ("nacha", "cpa005"):
        found = measure(rail)
        if as_json:
            print(json.dumps(asdict(found)))
        else:
            print(
                f"{rail:8} {found.entries:,} entries in {found.seconds:.2f} s, {found.megabytes:,.1f} MB written, "
                f"at most {found.peak_mb:.0f} MB of memory"
            )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bank_files", description=__doc__)
    parser.add_argument("--json", action="store_true", help="a JSON document for each format")
    parser.add_argument("--one", nargs=3, metavar=("RAIL", "ENTRIES", "PATH"), help="writes one, and tells its figures")
    chosen = parser.parse_args()
    if chosen.one:
        rail, count, path = chosen.one
        _write(rail, int(count), Path(path))
        return 0
    show(as_json=chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
