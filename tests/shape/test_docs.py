"""The documents say what the code says: generated ones are fresh, and the glossary has every word."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

import domain
from adapters.database.guards import MACHINES
from adapters.database.tables import THINGS
from adapters.docs import documents, machines

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
NOUNS = (
    "charge",
    "payment",
    "attempt",
    "entry",
    "item",
    "claim",
    "lease",
    "epoch",
    "rung",
    "bell",
    "errand",
    "night",
    "run",
)


def glossary_rows() -> list[list[str]]:
    """The cells of each row that defines something."""
    lines = [line for line in GLOSSARY.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def enums() -> list[type[StrEnum]]:
    """Every closed set of words of the domain."""
    return list(dict.fromkeys(_enums()))


def _enums() -> Iterator[type[StrEnum]]:
    for module in pkgutil.iter_modules(domain.__path__):
        for name, value in vars(importlib.import_module(f"domain.{module.name}")).items():
            if (
                isinstance(value, type)
                and issubclass(value, StrEnum)
                and value.__name__ == name
                and value is not StrEnum
            ):
                yield value


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize("path", documents())
def test_a_generated_document_is_fresh(path: str) -> None:
    assert (ROOT / path).read_text() == documents()[path], f"{path} is stale: run `make docs`"


def test_every_machine_of_the_domain_is_drawn_and_guarded() -> None:
    assert {machine.name for machine, _ in machines()} == {machine.name for machine in MACHINES.values()}


def test_a_diagram_has_every_step_of_its_table() -> None:
    drawn = documents()["docs/state-machines.md"]
    for machine, file in machines():
        assert (ROOT / file).is_file()
        for (before, event), after in machine.table.items():
            assert f"| `{before.value}` | {event} | `{after.value}` |" in drawn
            assert re.search(rf"^    {before.value} --> {after.value}: .*\b{event}\b", drawn, re.MULTILINE)


@pytest.mark.parametrize("words", enums(), ids=lambda words: words.__name__)
def test_each_state_and_kind_of_the_domain_is_in_the_glossary(words: type[StrEnum]) -> None:
    defined = {word for row in glossary_rows() for word in re.findall(r"`(\w+)`", row[0])}
    missing = [word.value for word in words if word.value not in defined]
    assert missing == [], f"say in docs/glossary.md, in both languages, what these words of {words.__name__} mean"


def test_each_thing_that_is_kept_is_in_the_glossary() -> None:
    defined = {word for row in glossary_rows() for word in re.findall(r"`(\w+)`", row[0])}
    assert {snake(thing.__name__) for thing in THINGS} - defined == set()


@pytest.mark.parametrize("noun", NOUNS)
def test_each_noun_that_the_code_is_told_in_is_in_the_glossary(noun: str) -> None:
    assert any(re.search(rf"\b{noun}\b", row[0]) for row in glossary_rows())


def test_the_glossary_says_everything_in_both_languages() -> None:
    for row in glossary_rows():
        assert all(row), row


def test_the_glossary_has_every_pair_of_words_once() -> None:
    words = [
        tuple(row[:1] if len(row) < 5 else row[:3:2]) for row in glossary_rows() if row[0] not in ("Word", "State")
    ]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    "path", [ROOT / "docs" / "architecture.md", *sorted((ROOT / "docs" / "decisions").glob("*.md"))]
)
def test_every_file_that_a_document_names_is_there(path: Path) -> None:
    named = re.findall(r"`((?:domain|adapters|workers|scheduler|tests|docs)/[\w/.]+)`", path.read_text())
    assert [file for file in named if not (ROOT / file).exists()] == []


def test_decisions_are_numbered_and_half_a_page() -> None:
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))
    for file in files:
        text = file.read_text()
        assert len(text.splitlines()) <= 45, file.name
        for part in ("**Context.**", "\n> *", "**Decision.**", "**Consequences.**", "**Alternatives.**"):
            assert part in text, (file.name, part)
