"""One catalogue of reasons: each code of each processor has its class and its words, for staff and for the client."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from adapters import gateways
from adapters.gateways.tokens import TOKENS
from adapters.locale import both
from domain.bank_return import RETURNS
from domain.declines import KILLS_METHOD, REASONS, ReasonClass, class_of, class_of_return
from domain.organisation import LANGUAGES
from domain.outcome import ALREADY_SETTLED, NOT_SETTLED

ABOUT_ORDER = {NOT_SETTLED, ALREADY_SETTLED}  # not about money: they are handled where they are answered
WORDS = ("staff", "client", "next")


def mappings() -> Iterator[tuple[str, str, str]]:
    """(module, code, reason) of every table of every adapter: a module named `reasons` holds nothing else."""
    for module in pkgutil.walk_packages(gateways.__path__, f"{gateways.__name__}."):
        if module.name.rpartition(".")[2] != "reasons":
            continue
        for name, table in vars(importlib.import_module(module.name)).items():  # brands are no reasons
            if name.isupper() and "BRANDS" not in name and isinstance(table, Mapping) and table is not REASONS:
                yield from ((module.name, code, reason) for code, reason in flat(table))


def flat(table: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    for code, reason in table.items():
        if isinstance(reason, Mapping):
            yield from flat(reason)
        elif isinstance(reason, str):
            yield str(code), reason


EVERY = sorted(set(mappings()))


def test_each_adapter_with_a_table_of_reasons_is_looked_at() -> None:
    assert {module.split(".")[2] for module, *_ in EVERY} >= {"cardpointe", "paysafe", "stripe"}
    assert len(EVERY) > 150


def test_every_code_of_every_adapter_is_a_reason_of_the_catalogue() -> None:
    assert [one for one in EVERY if one[2] not in REASONS and one[2] not in ABOUT_ORDER] == []
    assert {script.code for script in TOKENS.values() if script.code} <= set(REASONS)


def test_every_return_of_a_bank_is_a_reason_of_the_catalogue() -> None:
    assert {reason for reason, _ in RETURNS.values()} <= set(REASONS)
    assert len([code for code in RETURNS if code.startswith("R")]) > 45  # NACHA
    assert len([code for code in RETURNS if code.isdigit()]) > 20  # CPA-005


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_every_reason_has_a_sentence_for_staff_for_the_client_and_a_next_step(reason: str) -> None:
    for kind in WORDS:
        said = both(f"reason.{reason}.{kind}")
        assert set(said) == set(LANGUAGES)
        assert said["en"] != said["fr"]
        assert all(text.endswith(".") for text in said.values())


def test_every_class_is_used_and_every_reason_has_one() -> None:
    returned = {class_of_return(reason) for reason, _ in RETURNS.values()}
    assert {*REASONS.values(), *returned} == set(ReasonClass)


def test_a_client_is_never_told_that_a_card_was_lost_or_stolen() -> None:
    for reason in ("lost_card", "stolen_card"):
        for text in both(f"reason.{reason}.client").values():
            assert not any(word in text.lower() for word in ("lost", "stolen", "perdu", "vol"))


def test_what_kills_a_method_asks_for_another_one() -> None:
    for reason in REASONS:
        if class_of(reason) in KILLS_METHOD and class_of(reason) is not ReasonClass.STOP_PLAN:
            assert "retry" not in both(f"reason.{reason}.next")["en"].lower().replace("retried", "")
