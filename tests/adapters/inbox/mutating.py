"""Envelopes as a careless or hostile sender writes them: published examples of every command, bent by seeded dice."""

import copy
import json
import string
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.adapters.contract.examples import ACTS, example

HUGE = 10**30
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**53, -HUGE, HUGE, 0.1, 1e308, "", " ", "\x00", "\ud800", "\u202e", "é" * 300,
    "4111111111111111", "2026-02-30", "9999-12-31", "1970-01-01T00:00:00Z", "ymca", "c-42", "../../etc", "'; --",
    "x" * 5_000, [], [None], {}, {"": None}, {"en": "x"}, [[[[[[[[]]]]]]]],
    "encaisse.payment.make.v1", "encaisse.payment.make.v2",
)  # fmt: skip
NOISE = string.printable + "éß漢\U0001f600\x00"
MAX_CHANGES = 3


def envelopes(random: Random) -> Iterator[Any]:
    """Without end: one in ten is as published, most are bent, some are torn or no JSON at all."""
    good = [envelope for act in ACTS for envelope in example(act)["valid"]]
    while True:
        command = copy.deepcopy(random.choice(good))
        command["id"] = f"m-{random.randrange(10**9)}"
        dice = random.random()
        if dice < 0.8:
            for _ in range(random.randint(1, MAX_CHANGES)):
                _bend(random, command)
        if dice > 0.93:
            yield _torn(random, json.dumps(command))
        else:
            yield command if random.random() < 0.5 else json.dumps(command)


def _bend(random: Random, command: dict[str, Any]) -> None:
    """Replaces, removes or adds a value somewhere, or moves one to where it does not belong."""
    places = [*_places(command)]
    if not places:
        return
    where, name = random.choice(places)
    match random.randrange(5):
        case 0:
            del where[name]
        case 1 if isinstance(where, dict):
            where["".join(random.choices(NOISE, k=random.randint(0, 9)))] = random.choice(ODD)
        case 2:
            other, its = random.choice(places)
            where[name] = copy.deepcopy(other[its])
        case 3 if isinstance(where[name], str):
            where[name] = "".join(random.sample(where[name], len(where[name]))) + random.choice(NOISE)
        case _:
            where[name] = copy.deepcopy(random.choice(ODD))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield value, name
        yield from _places(inner)


def _torn(random: Random, text: str) -> bytes | str:
    """Cut short, with bytes flipped, twice over, or nothing but noise."""
    raw = bytearray(text.encode())
    match random.randrange(4):
        case 0:
            return bytes(raw[: random.randrange(len(raw))])
        case 1:
            for _ in range(random.randint(1, 8)):
                raw[random.randrange(len(raw))] = random.randrange(256)
            return bytes(raw)
        case 2:
            return text + text
        case _:
            return random.randbytes(random.randint(0, 200))
