"""Words: the same in both languages, none hidden in a template, amounts and dates as people write them."""

import re
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from adapters.database.item_filter import Tab
from adapters.locale import FOLDER, catalogue
from adapters.web.cookies import NOTES
from adapters.web.errors import TROUBLES
from adapters.web.filtering import FILTERS, TYPES
from adapters.web.offers import RECOMMENDED
from adapters.web.pages import FOLDER as WEB
from adapters.web.telling import STEPS
from adapters.web.wording import Wording, parse_amount
from domain.bulk_act import Bulk
from domain.declines import ReasonClass
from domain.permissions import Permission

TEMPLATES = sorted((WEB / "templates").glob("*.html"))
MADE_UP = {  # ids that templates put together
    *(f"web.tab.{tab}" for tab in Tab),
    *(f"web.empty.{tab}.{part}" for tab in Tab for part in ("title", "text")),
    *(f"web.told.{note}" for note in NOTES if note != "signed_out"),
    *(
        f"web.error.{code}.{part}"
        for code in (*TROUBLES.values(), "forged", "refused", "broken")
        for part in ("title", "text", "next")
    ),
    *(f"web.permission.{permission}" for permission in Permission),
    *(f"web.reason_class.{one}" for one in ReasonClass),
    *(
        f"web.{part}.{name}"
        for name in FILTERS
        for part in ("filter", "chip")
        if (part, name) != ("filter", "attempts")
    ),
    *(f"web.kind.{kind}" for kind in TYPES),
    *(f"web.bulk.{act}.title" for act in Bulk),
    *(f"web.step.{step}" for step, _ in STEPS.values()),
}


def messages(language: str) -> dict[str, str]:
    with (FOLDER / language / "web.po").open("rb") as opened:
        return {str(one.id): str(one.string) for one in read_po(opened, locale=language) if one.id}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_words_with_the_same_places_to_fill():
    english, french = messages("en"), messages("fr")
    assert list(english) == list(french)
    for id, text in english.items():
        assert text, id
        assert french[id], id
        assert placeholders(text) == placeholders(french[id]), id


def test_every_word_that_is_asked_for_exists():
    asked = set(MADE_UP)
    for file in [*TEMPLATES, *WEB.glob("*.py")]:
        asked |= set(re.findall(r'"(web(?:\.[a-z_]+)+)"', file.read_text()))
    known = set(catalogue("en"))
    assert {id for id in asked if id not in known and f"{id}.one" not in known} == set()


def test_no_word_is_written_that_nobody_asks_for():
    text = " ".join(file.read_text() for file in [*TEMPLATES, *WEB.glob("*.py"), WEB.parent / "wording.py"])
    prefixes = {id.rpartition(".")[0] for id in MADE_UP} | set(re.findall(r'"(web[a-z_.]*)\.(?:"|\{)', text))
    for id in messages("en"):
        whole = id.removesuffix(".one").removesuffix(".many")
        assert whole in text or any(id.startswith(f"{prefix}") for prefix in prefixes if prefix != "web"), id


@pytest.mark.parametrize("template", TEMPLATES, ids=[file.name for file in TEMPLATES])
def test_no_word_is_written_into_a_template(template: Path):
    text = re.sub(r"\{% block width %\}[a-z]*", "", template.read_text())  # a class, not a word
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.S)
    for attribute in ("title", "alt", "aria-label", "placeholder"):
        assert not re.search(rf'{attribute}="[^"]*[a-z]', text), attribute
    text = re.sub(r"<[^>]*>", "", text, flags=re.S)
    text = re.sub(r'[a-z-]+="[^"]*"', "", text)  # attributes that a macro adds to a tag
    assert not re.search(r"[^\W\d_]{2,}", text), text


def test_french_is_spaced_as_in_quebec():
    for id, text in messages("fr").items():
        assert not re.search(r" [:»]|« ", text), f"{id}: a breaking space"
        assert not re.search(r"\s[;?!]", text), f"{id}: no space before these in Québec"


def test_every_reason_class_has_a_recommended_step():
    assert set(RECOMMENDED) == set(ReasonClass)


@pytest.fixture
def now():
    return datetime(2026, 11, 24, 12, 10, tzinfo=UTC)


def test_english_as_in_canada(now):
    w = Wording(language="en", timezone="America/Toronto", currency="CAD", now=now)
    assert w.money(123_450) == "$1,234.50"
    assert w.day(now) == "Nov 24, 2026"
    assert " ".join(w.moment(now).split()) == "Nov 24, 2026, 7:10 a.m."
    assert w.ago(now - timedelta(days=3)) == "3 days ago"
    assert w.ago(now + timedelta(seconds=3)) == "just now"
    assert w.count("web.waiting", 0, amount="x").startswith("0 failed payments wait")


def test_french_as_in_quebec(now):
    w = Wording(language="fr", timezone="America/Toronto", currency="CAD", now=now)
    assert w.money(123_450) == "1\u00a0234,50\u00a0$"
    assert w.day(now) == "24 nov. 2026"
    assert " ".join(w.moment(now).split()) == "24 nov. 2026 à 07 h 10"
    assert w.ago(now - timedelta(days=3)) == "il y a 3 jours"
    assert w.count("web.waiting", 0, amount="x").startswith("0 paiement échoué attend")


# fmt: off
AMOUNTS = {
    "45": 4500, "45.00": 4500, "45,00": 4500, "45,00 $": 4500, "$45": 4500, "45.5": 4550, "CAD 45": 4500,
    "1,234.50": 123_450, "1 234,50 $": 123_450, "1\u00a0234,50\u00a0$": 123_450, "1.234,50": 123_450,
    "1,234": 123_400, "1,234,567": 123_456_700, "0": 0,
    "": None, "abc": None, "-45": None, "45-": None, "4e5": None, "1/2": None, ".": None, "٤٥": None,
    "99999999999999": None,
}
# fmt: on


@pytest.mark.parametrize(("typed", "minor"), AMOUNTS.items(), ids=[repr(typed) for typed in AMOUNTS])
def test_amounts_are_read_as_people_type_them(typed, minor):
    assert parse_amount(typed, "CAD") == minor


def test_the_center_says_everything_in_both_languages_with_the_same_places_to_fill():
    english, french = (read(language) for language in ("en", "fr"))
    assert list(english) == list(french)
    for id, text in english.items():
        assert placeholders(text) == placeholders(french[id]), id
        assert not re.search(r" [:»]|« |\s[;?!]", french[id]), id


def read(language: str) -> dict[str, str]:
    with (FOLDER / language / "center.po").open("rb") as opened:
        return {str(one.id): str(one.string) for one in read_po(opened, locale=language) if one.id}
