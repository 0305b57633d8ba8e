"""Finds and masks what must never be shown or kept: card numbers, tokens, secrets (INV-19)."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

MASK = "***"
SECRET_KEYS = ("token", "secret", "password", "authorization", "cookie", "account", "bank", "seal_keys")
MAX_DEPTH = 12  # nested deeper is not a log line but an attack

# Digits of any script, at most one space or dash between two; the ends are not in the middle of a number.
_SPACE_OR_DASH = r"[\s\-\u00ad\u2010-\u2015\u2212\u200b\u2060.]?"
_RUN = re.compile(rf"\d(?:{_SPACE_OR_DASH}\d){{12,}}")
_SHORTEST, _LONGEST = 13, 19
SMALLEST_NUMBER = 10 ** (_SHORTEST - 1)
_FIRST = "23456"  # what card networks' numbers begin with; clocks and many tokens begin with others

_NAMED = re.compile(
    r"""(?ix) (?<![A-Za-z]) ([\w-]*(?:token|secret|password|authorization|cookie)|account) (["']?\s*[=:]\s*)
    (?: "[^"]*" | '[^']*' | (?:bearer\s+|basic\s+)?[^\s"',;)}\]]+ )"""
)
_KEY = re.compile(r"\b(enc|whsec)_[A-Za-z0-9_+/=-]{16,}")
# Numbers of bank accounts by their names, also in JSON within JSON.
_BANK = re.compile(
    r"""(?ix) (?<![\w-]) (account|routing|transit|institution) (\\*["']? \s* [=:] \s* \\*["']?) [0-9][0-9 -]*"""
)
_CREDENTIALS = re.compile(r"(://[^/\s:@]*:)[^@/\s]+@")


def looks_like_card_number(text: str) -> bool:
    """Whether a card number stands somewhere in a text: 13-19 digits, Luhn-valid, spaces and dashes allowed."""
    return bool(_card_numbers(text))


def scrub_text(text: str) -> str:
    """The text without card numbers, values of secret names, keys of ours and passwords in addresses."""
    text = _NAMED.sub(rf"\1\2{MASK}", scrub_numbers(text))
    return _CREDENTIALS.sub(rf"\1{MASK}@", text)


def scrub_numbers(text: str) -> str:
    """The text without card numbers and keys of ours; what JSON says around them stays JSON."""
    for start, end in reversed(_card_numbers(text)):
        text = text[:start] + MASK + text[end:]
    return _KEY.sub(rf"\1_{MASK}", text) if "enc_" in text or "whsec_" in text else text


def scrub_message(text: str) -> str:
    """A message as it is set apart: without card numbers, keys of ours, and numbers of bank accounts."""
    return _BANK.sub(rf"\1\2{MASK}", scrub_numbers(text))


def is_plain(value: Any) -> bool:
    """Whether a value by itself names no secret, so that looking for numbers in the whole line is enough:
    most of what is logged are ids, words and amounts."""
    if isinstance(value, str):
        return "=" not in value and ":" not in value
    return isinstance(value, int) and abs(value) < SMALLEST_NUMBER


def scrub(value: Any, depth: int = 0) -> Any:
    """A copy of nested values in which everything secret is masked."""
    if depth > MAX_DEPTH:
        return MASK
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, bool) or value is None or isinstance(value, float):
        return value
    if isinstance(value, int):
        return MASK if abs(value) >= SMALLEST_NUMBER and looks_like_card_number(str(value)) else value
    if isinstance(value, bytes | bytearray):
        return scrub_text(value.decode("utf-8", "backslashreplace"))
    if isinstance(value, Mapping):
        return {
            scrub_text(str(key)): MASK if is_secret(str(key)) and held is not None else scrub(held, depth + 1)
            for key, held in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [scrub(one, depth + 1) for one in value]
    return scrub_text(str(value))


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether the value under this name is never shown: `token`, `api_secret`, `Authorization`, …"""
    lowered = name.lower()
    return lowered in SECRET_KEYS or lowered.replace("-", "_").endswith(
        tuple(f"_{key}" for key in SECRET_KEYS if key != "account")
    )


def _card_numbers(text: str) -> list[tuple[int, int]]:
    """Where card numbers stand, left to right; inside a longer run only between its groups of digits."""
    if len(text) < _SHORTEST:
        return []
    return [span for run in _RUN.finditer(text) for span in _in_run(text, run.start(), run.end())]


def _in_run(text: str, start: int, end: int) -> list[tuple[int, int]]:
    places = [place for place in range(start, end) if text[place].isdecimal()]
    digits = "".join(str(unicodedata.decimal(text[place])) for place in places)
    begins = [n for n, place in enumerate(places) if n == 0 or places[n - 1] != place - 1]
    ends = [n for n, place in enumerate(places, 1) if n == len(places) or places[n] != place + 1]
    found: list[tuple[int, int]] = []
    reached = 0
    for begin in begins:
        if begin < reached or digits[begin] not in _FIRST:
            continue
        for stop in reversed(ends):
            if _SHORTEST <= stop - begin <= _LONGEST and _luhn(digits[begin:stop]):
                found.append((places[begin], places[stop - 1] + 1))
                reached = stop
                break
    return found


def _luhn(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit)
        if position % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0
