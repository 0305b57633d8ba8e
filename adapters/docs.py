"""Writes the documents that are made from the code: `python -m adapters.docs`, or `make docs`."""

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import domain
from adapters import reasons_told
from adapters.contract import documents as contract
from domain.machine import Machine

ROOT = Path(__file__).parents[1]

STATE_MACHINES = """# State machines

Written by `make docs` from the tables in `domain/`; edit those. Each table is enforced three times: by
`Machine.step` (anything else is a bug, `IllegalTransition`), by `UPDATE … WHERE state = :before` in
`adapters/database/recordset.py`, and by a trigger of the database (`adapters/database/guards.py`).
"""


def documents() -> dict[str, str]:
    """Every generated document: its path from the root, and what should stand in it."""
    return {
        "docs/state-machines.md": state_machines(), "docs/reasons.md": reasons_told.document(), **contract.documents()
    }  # fmt: skip


def machines() -> list[tuple[Machine[Any], str]]:
    """The machines of the domain with the files that they stand in, by name."""
    found = {}
    for module in pkgutil.iter_modules(domain.__path__):
        for value in vars(importlib.import_module(f"domain.{module.name}")).values():
            if isinstance(value, Machine):
                found[value.name] = (value, f"{type(value.starts[0]).__module__.replace('.', '/')}.py")
    return [found[name] for name in sorted(found)]


def state_machines() -> str:
    return "\n".join([STATE_MACHINES, *(_section(machine, file) for machine, file in machines())])


def _section(machine: Machine[Any], file: str) -> str:
    title = machine.name.replace("_", " ").capitalize()
    ends = ", ".join(f"`{state}`" for state in machine.ends()) or "none"
    return "\n".join(
        [
            f"## {title}",
            "",
            f"`{file}`. Ends: {ends}.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            *_diagram(machine),
            "```",
            "",
            "| from | event | to |",
            "|---|---|---|",
            *(f"| `{before.value}` | {event} | `{after.value}` |" for (before, event), after in machine.table.items()),
            "",
        ]
    )


def _diagram(machine: Machine[Any]) -> Iterator[str]:
    """Steps between the same two states share an arrow."""
    for state in machine.starts:
        yield f"    [*] --> {state.value}"
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (before, event), after in machine.table.items():
        arrows[before.value, after.value].append(event)
    for (source, target), events in arrows.items():
        yield f"    {source} --> {target}: {', '.join(events)}"
    for end in machine.ends():
        yield f"    {end} --> [*]"


def main() -> None:
    broken = [f"{path}: {what}" for path in sorted(contract.documents()) for what in contract.breaks(ROOT, path)]
    if broken:  # a promise is changed by a new version beside it, never in its place
        raise SystemExit("\n".join(["These promises of the contract would be broken:", *broken]))
    for path, content in documents().items():
        target = ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
