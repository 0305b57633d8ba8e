"""One catalogue in two languages: complete, equal in its ids and placeholders, without doubtful entries."""

import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

import adapters.inbox
import domain
from adapters.locale import FOLDER, catalogue, render
from domain.declines import REASONS
from domain.ledger import Words
from domain.refusal import Refusal

CORE = {language: FOLDER / language / "core.po" for language in ("en", "fr")}
PLACEHOLDER = re.compile(r"{(\w+)}")


def messages(file: Path) -> dict[str, Any]:
    with file.open("rb") as opened:
        return {str(message.id): message for message in read_po(opened) if message.id}


def refusals() -> list[type[Refusal]]:
    """Every refusal of the domain and of the inbox."""
    for package in (domain, adapters.inbox):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found, rest = [], [Refusal]
    while rest:
        one = rest.pop()
        found.append(one)
        rest += one.__subclasses__()
    return [one for one in found if one.__module__.startswith(("domain.", "adapters."))]


def test_both_languages_have_the_same_ids():
    assert messages(CORE["en"]).keys() == messages(CORE["fr"]).keys()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_message_is_empty_or_fuzzy(language: str):
    doubtful = [id for id, message in messages(CORE[language]).items() if message.fuzzy or not message.string]
    assert doubtful == []


def test_both_languages_have_the_same_placeholders():
    english, french = messages(CORE["en"]), messages(CORE["fr"])
    for id, message in english.items():
        assert sorted(PLACEHOLDER.findall(message.string)) == sorted(PLACEHOLDER.findall(french[id].string)), id


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_refusal_has_words(language: str):
    missing = [one for one in refusals() if f"refusal.{one.code}" not in catalogue(language)]
    assert missing == [], "add refusal.<code> to adapters/locale/*/core.po"


def test_every_refusal_has_a_code_of_its_own():
    codes = [one.code for one in refusals()]
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_has_words_for_staff_for_the_client_and_for_what_to_do(code: str):
    for language in ("en", "fr"):
        for whom in ("staff", "client", "next"):
            assert f"reason.{code}.{whom}" in catalogue(language)


def test_french_has_no_ordinary_space_where_a_line_must_not_break():
    wrong = re.compile(r" [:»%]|« | \$")
    assert [text for text in (m.string for m in messages(CORE["fr"]).values()) if wrong.search(text)] == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_b4_every_posting_can_be_described(language: str):
    instalment = {"number": 2, "count": 4, "last4": "4242"}
    assert "4242" in render(Words(id="posting.instalment", params=instalment), language)
    assert "Piano" in render(Words(id="posting.invoice", params={"what": "Piano"}), language)
    for offline in ("cash", "cheque", "external"):
        assert render(Words(id=f"posting.offline.{offline}", params={"payer": ""}), language)[-1].isalpha()
