"""One catalogue of words in English and French, for web, mail and command line alike."""

from functools import cache
from pathlib import Path
from typing import Any

from domain.ledger import Words
from domain.organisation import LANGUAGES

FOLDER = Path(__file__).parent


class MissingWords(KeyError):
    """A bug: the catalogue lacks a message."""


@cache
def catalogue(language: str) -> dict[str, str]:
    """Message id -> text, from every .po file of the language; fuzzy and empty ones do not count."""
    from babel.messages.pofile import read_po  # not for who says nothing, such as help

    words: dict[str, str] = {}
    for file in sorted((FOLDER / language).glob("*.po")):
        with file.open("rb") as opened:
            for message in read_po(opened, locale=language):
                if message.id and message.string and not message.fuzzy:
                    words[str(message.id)] = str(message.string)
    return words


def say(id: str, language: str, /, **params: Any) -> str:
    """A message in a language, filled in with `{name}` parameters."""
    chosen = language if language in LANGUAGES else LANGUAGES[0]
    try:
        text = catalogue(chosen)[id]
    except KeyError:
        raise MissingWords(f"{id} ({chosen})") from None
    return text.format_map(params) if params else text


def both(id: str, /, **params: Any) -> dict[str, str]:
    """A message in both languages, as answers carry it."""
    return {language: say(id, language, **params) for language in LANGUAGES}


def render(words: Words, language: str) -> str:
    """The description of a posting: written once, in the client's language (B4)."""
    return say(words.id, language, **words.params).rstrip(" –")  # an empty payer leaves no dash behind
