"""Whatever is sent, the inbox answers, and the queue behind it goes on (F-47, F-48, F-88)."""

import copy
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.inbox.accept import Accepted, Quarantined, Refused
from adapters.inbox.handling import handle_commands
from tests.adapters.office import (
    Office,
    create_invoice,
    create_plan,
    envelope,
    make_payment,
    register_administrator,
    register_card,
    register_client,
    register_organisation,
)

GOOD = [
    register_organisation(settings={"night_at": "03:00", "taxes": [{"code": "GST", "rate": "5"}]}),
    register_client(),
    register_card(),
    register_administrator("marie", "billing"),
    create_invoice("inv-1", 10_000, -500),
    make_payment(payment="p-1", payment_method="pm-1", invoice="inv-1", comment="merci"),
    create_plan("plan-1", ["2040-01-01"], total=9_500),
    envelope("instalment.change", instalments=["pay_1"], date="2040-01-02", amount=5),
    envelope("instalment.cancel", instalments=["pay_1"]),
    envelope("action_item.retry", item="itm_1", by="marie"),
    envelope("action_item.settle", item="itm_1", by="marie", outcome="paid", reference="r", reason="seen"),
]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**30), max_value=10**30),
    st.floats(),
    st.text(st.characters(exclude_categories=()), max_size=80),
    st.sampled_from(["\x00", "\ud800", "4111111111111111", "2026-02-30", "x" * 5_000]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places of every value within a nested one."""
    found = [path] if path else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        found += paths(child, (*path, name))
    return found


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A good command in which one to three values were replaced, removed or added, or torn bytes of one."""
    command = copy.deepcopy(draw(st.sampled_from(GOOD)))
    command["id"] = f"m-{draw(st.integers(0, 10**9))}"
    for _ in range(draw(st.integers(1, 3))):
        places = paths(command)
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        target: Any = command
        for name in way:
            target = target[name]
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                target[last] = draw(ODD)
            case "remove":
                del target[last]
            case "add" if isinstance(target, dict):
                target[draw(st.text(max_size=10))] = draw(ODD)
    text = json.dumps(command)
    if draw(st.integers(0, 9)) == 0:
        return text.encode()[: draw(st.integers(0, len(text)))] + draw(st.binary(max_size=5))
    return text if draw(st.booleans()) else command


@pytest.fixture
def busy(migrated_sqlite_url: str, tmp_path: Path) -> Any:
    office = Office(migrated_sqlite_url, tmp_path)
    office.furnish()
    yield office
    office.close()


def answer_all(office: Office, raws: list[Any], number: list[int]) -> None:
    number[0] += 1
    canary = make_payment(payment=f"canary-{number[0]}", offline="cash", id=f"canary-{number[0]}")
    answers = office.accept_all(*raws, canary)
    assert len(answers) == len(raws) + 1
    assert all(isinstance(answer, Accepted | Refused | Quarantined) for answer in answers)
    while handle_commands(office.app, organisation="ymca", patience=timedelta(0)):  # nobody charges here
        pass
    assert office.result("shop", f"canary-{number[0]}")["status"] == "done"
    for answer in answers:
        if isinstance(answer, Accepted) and answer.organisation == "ymca":
            assert office.result(answer.source, answer.id)["status"] != "quarantined"


def test_mutated_envelopes_never_raise_and_never_block_the_queue(busy: Office):
    number = [0]

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(mutated(), min_size=1, max_size=5))
    def check(raws: list[Any]) -> None:
        answer_all(busy, raws, number)

    check()


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_many_mutated_envelopes_never_raise_and_never_block_the_queue(busy: Office):
    number = [0]

    @settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(mutated(), min_size=1, max_size=5))
    def check(raws: list[Any]) -> None:
        answer_all(busy, raws, number)

    check()
