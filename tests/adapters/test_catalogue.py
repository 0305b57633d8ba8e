"""The catalogue as a whole: every string that is asked for exists in both languages, and none is left that nobody asks
for; a French string that is missing or stale fails here."""

import re
import string
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import adapters
import domain
from adapters.locale import FOLDER

ROOTS = [Path(package.__path__[0]) for package in (adapters, domain)] + [
    Path(adapters.__path__[0]).parent / name for name in ("workers", "scheduler")
]
FILES = sorted(file.name for file in (FOLDER / "en").glob("*.po"))
WORD = r"[A-Za-z0-9_-]+"
# `t("…")`, `say("…"`, `w.count("…"`, `Words(id="…"` and their like: what is asked for by name.
ASKED = re.compile(
    r'(?:\b(?:t|w|c\.t|c\.w|say|both|_both)\(|w\.count\(|Words\(id=)"([a-z][a-z_]*(?:\.[A-Za-z0-9_-]+)+)"'
)
MADE = re.compile(r'"([a-z][A-Za-z_.-]*\.)" ?~ ?[^,)}"]+(?:~ ?"(\.[A-Za-z_.-]+)")?')  # in templates
FORMATTED = re.compile(r"""f(["'])([a-z][a-z_.-]*\.(?:(?!\1)[^{}])*\{(?:(?!\1).)+\}(?:(?!\1).)*)\1""")  # in code


@cache
def sources() -> str:
    files = [file for root in ROOTS for kind in ("*.py", "*.html", "*.txt") for file in sorted(root.rglob(kind))]
    return "\n".join(file.read_text() for file in files)


@cache
def messages(language: str, file: str) -> dict[str, str]:
    with (FOLDER / language / file).open("rb") as opened:
        return {str(one.id): "" if one.fuzzy else str(one.string) for one in read_po(opened, locale=language) if one.id}


def whole(id: str) -> str:
    return id.removesuffix(".one").removesuffix(".many")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_file_of_words_is_there_in_both_languages():
    assert sorted(file.name for file in (FOLDER / "fr").glob("*.po")) == FILES


@pytest.mark.parametrize("file", FILES)
def test_no_french_string_is_missing_empty_or_stale(file: str):
    english, french = messages("en", file), messages("fr", file)
    assert list(english) == list(french), "the same strings, in the same order"
    for id, text in english.items():
        assert text, f"{id} has no English"
        assert french[id], f"{id} has no French, or a doubtful one"
        assert places(text) == places(french[id]), f"{id} is filled in differently"


def test_no_string_stands_in_two_files():
    seen: dict[str, str] = {}
    for file in FILES:
        for id in messages("en", file):
            assert id not in seen, f"{id} is in {seen[id]} and in {file}"
            seen[id] = file


def test_every_string_that_is_asked_for_exists():
    known = {whole(id) for file in FILES for id in messages("en", file)}
    assert sorted(set(ASKED.findall(sources())) - known) == []


def test_no_string_is_left_that_nobody_asks_for():
    text = sources()
    named = set(re.findall(r'"([a-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+)"', text))
    patterns = {rf"{re.escape(head)}{WORD}(?:\.{WORD})*{re.escape(tail)}" for head, tail in MADE.findall(text)}
    for _, made in FORMATTED.findall(text):
        parts = re.split(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", made)
        patterns.add(rf"{WORD}(?:\.{WORD})*".join(re.escape(part) for part in parts))
    built = re.compile("|".join(sorted(patterns)))
    words = set(re.findall(r"[A-Za-z0-9_-]+", text))
    stems = tuple(set(re.findall(r'["{/.]([a-z][a-z_]*_)(?:"|\{)', text)))  # f"no_{what}", "reconciled_" ~ how
    tails = tuple(set(re.findall(r"\}(_[a-z]+)[\"']", text)))  # f"{step}_replaced"
    left = []
    for file in FILES:
        for id in messages("en", file):
            if whole(id) in named or id in named:
                continue
            # Put together: each of its parts is at least written somewhere.
            written = all(
                part in words or part.startswith(stems) or part.endswith(tails) for part in whole(id).split(".")
            )
            if not built.fullmatch(whole(id)) or not written:
                left.append(id)
    assert left == []
