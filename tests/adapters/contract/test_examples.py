"""Every published example is true: the valid ones are done, the invalid ones are refused as they say."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import jsonschema_rs
import pytest

from adapters.inbox.accept import Refused
from tests.adapters.contract.examples import ACTS, FOLDER, ROOT, TIME_PASSES, before, example, with_our_ids
from tests.adapters.office import Office


@pytest.fixture
def office(migrated_sqlite_url: str, tmp_path: Path) -> Office:
    """Empty: the examples furnish it."""
    return Office(migrated_sqlite_url, tmp_path)


def test_every_command_has_examples():
    assert sorted(file.stem for file in FOLDER.glob("*.json")) == sorted(ACTS)
    for act in ACTS:
        assert len(example(act)["valid"]) >= 1
        assert len(example(act)["invalid"]) >= 2
        assert {one["type"] for one in example(act)["valid"]} == {f"encaisse.{act}.v1"}


@pytest.mark.parametrize("act", ACTS)
def test_a_valid_example_is_accepted_and_done(office: Office, act: str, pass_time: Callable[[Office], None]):
    for given in before(act):
        if isinstance(given, str):
            assert given == TIME_PASSES
            pass_time(office)
        else:
            assert office.send(with_our_ids(office, given))[0]["status"] == "done", given
    for envelope in example(act)["valid"]:
        told = office.send(with_our_ids(office, envelope))[0]
        assert told["status"] == "done", told
        assert told["result"]


@pytest.mark.parametrize("act", ACTS)
def test_an_invalid_example_is_refused_with_its_code_and_field(small_office: Office, act: str):
    for one in example(act)["invalid"]:
        answer = small_office.accept(one["envelope"])
        assert isinstance(answer, Refused), one
        assert (answer.code, answer.error["field"]) == (one["code"], one["field"])


@pytest.mark.parametrize("act", ACTS)
def test_the_published_schema_agrees_with_the_examples(act: str):
    """It may let more pass than the inbox, which knows rules that no schema can say; never less."""
    schema = json.loads((ROOT / "docs" / "contract" / "v1" / "commands" / f"{act}.json").read_text())
    envelope = json.loads((ROOT / "docs" / "contract" / "v1" / "envelope.json").read_text())
    for one in [*example(act)["valid"], *(given for given in before(act) if isinstance(given, dict))]:
        jsonschema_rs.validate(envelope, one)
        if one["type"] == f"encaisse.{act}.v1":
            jsonschema_rs.validate(schema, one["data"])
    unsayable = {"control_character", "card_number"}
    beyond = [
        one
        for one in example(act)["invalid"]
        if jsonschema_rs.is_valid(schema, one["envelope"]["data"], validate_formats=True)
    ]
    one_of = {"credit", "penalty", "initial", "schedule", "from", "bank"}
    assert {one["code"] for one in beyond if one["field"] not in one_of} <= unsayable


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[Office], None]:
    """The clock goes on until every look-up was made."""

    def go_on(office: Office) -> None:
        books = office.app.books
        instant = office.app.now()
        for _ in range(20):
            instant += timedelta(hours=1)
            monkeypatch.setattr(books, "clock", lambda now=instant: now)
            office.work()
        assert office.scalar("SELECT count(*) FROM attempts WHERE next_at IS NOT NULL") == 0

    return go_on
