"""The published documents are valid, complete, and keep every promise that was made."""

import copy
import json
from dataclasses import asdict
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import jsonschema_rs
import pytest

from adapters.contract.compatible import broken_promises
from adapters.contract.documents import breaks, documents
from adapters.contract.events import EVENTS, event_schema
from adapters.contract.openapi import openapi
from adapters.database.outbox import as_told
from adapters.inbox.schemas import SCHEMAS, act_of
from domain.event import Event
from tests.adapters.contract.examples import ROOT
from tests.adapters.inbox.plausible import plausible
from tests.adapters.office import Office, create_invoice, create_plan, make_payment, register_card

SCHEMA_FILES = [path for path in documents() if "/v1/" in path]


@pytest.mark.parametrize("path", SCHEMA_FILES)
def test_a_published_schema_is_one_and_says_what_it_is_for(path: str):
    schema = json.loads(documents()[path])
    jsonschema_rs.meta.validate(schema)
    assert schema["$id"] == Path(path).name
    assert schema["description"].endswith(".")


@pytest.mark.parametrize("path", SCHEMA_FILES)
def test_the_code_keeps_what_the_published_schema_promised(path: str):
    assert breaks(ROOT, path) == []


COMMAND = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer", "minimum": 1, "maximum": 100},
        "mode": {"enum": ["a", "b"]},
        "line": {"anyOf": [{"$ref": "#/$defs/Line"}, {"type": "null"}]},
    },
    "required": ["amount"],
    "$defs": {"Line": {"type": "object", "properties": {"name": {"type": "string", "pattern": "^a$"}}}},
}


def changed(**at: Any) -> dict[str, Any]:
    """The command with values replaced at paths such as `properties__mode__enum`."""
    found = copy.deepcopy(COMMAND)
    for path, value in at.items():
        *way, last = path.split("__")
        inner: Any = found
        for name in way:
            inner = inner[name.replace("defs", "$defs") if name == "defs" else name]
        inner[last] = value
    return found


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (changed(properties={}), "is gone"),
        (changed(required=["amount", "mode"]), "became required"),
        (changed(properties__mode__enum=["a"]), "no longer allowed"),
        (changed(properties__amount__maximum=99), "maximum was lowered"),
        (changed(properties__amount__minimum=2), "minimum was raised"),
        (changed(properties__amount__type="string"), "became string"),
        (changed(defs__Line__properties__name__pattern="^b$"), "pattern changed"),
        (changed(properties__line__anyOf=[{"$ref": "#/$defs/Line"}]), "null became object"),
    ],
)
def test_a_narrower_schema_is_found_out(now: dict[str, Any], what: str):
    assert any(what in broken for broken in broken_promises(COMMAND, now, sent=True))


def test_a_wider_schema_is_welcome():
    wider = changed(properties__mode__enum=["a", "b", "c"], properties__amount__maximum=1_000, required=[])
    wider["properties"]["note"] = {"type": "string"}
    assert broken_promises(COMMAND, wider, sent=True) == []


def test_what_we_tell_is_told_for_ever():
    told = {"type": "object", "properties": {"amount": {}}, "required": ["amount"]}
    assert broken_promises(told, told | {"required": []}, sent=False) == [".amount may be missing"]


def test_every_route_for_services_is_described_with_its_troubles():
    for path, operations in openapi()["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/v1/") and "webhooks" not in path:
                assert "401" in operation["responses"], (method, path)
            for status, answer in operation["responses"].items():
                assert "$ref" in answer or answer["content"], (method, path, status)


@pytest.mark.parametrize("document", ["openapi.json", "asyncapi.json"])
def test_every_reference_leads_somewhere(document: str):
    whole = json.loads(documents()[f"docs/contract/{document}"])
    references = list(_references(whole))
    assert len(references) > 50
    for reference in references:
        found = whole
        for part in reference.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/")]
        assert found


def test_asyncapi_has_every_command_at_both_doors_and_every_event():
    channels = json.loads(documents()["docs/contract/asyncapi.json"])["channels"]
    for door in ("commands", "queue"):
        assert set(channels[door]["messages"]) == {f"command.{act_of(type_)}" for type_ in SCHEMAS}
    assert set(channels["events"]["messages"]) == {f"event.{type_}" for type_ in EVENTS}


TOLD = """payment.approved|declined|in_doubt|reversed instalment.charged|failed subscription.renewed|renewal_failed
    echeck.batched|submitted|settled|returned refund.submitted|settled|failed|cancelled
    action_item.opened|retrying|resolved|rejected invoice.created|paid notification.sent"""


def test_every_event_of_section_3_is_described():
    named = (one.partition(".") for one in TOLD.split())
    promised = {f"{noun}.{verb}" for noun, _, verbs in named for verb in verbs.split("|")}
    assert promised - set(EVENTS) == set()


def test_every_public_event_of_a_busy_day_is_as_described(small_office: Office):
    random = Random(11)
    small_office.send(
        create_invoice("inv-1", 9_000), register_card("pm-9", "tok_insufficient_funds"),
        create_plan("plan-1", ["2026-01-01"], total=9_000, payment_method="pm-9"),
        make_payment(500, payment_method="pm-1"), make_payment(500, payment_method="pm-9"),
    )  # fmt: skip
    small_office.send(*(plausible(random) for _ in range(150)))
    with small_office.app.books.begin(read_only=True) as tx:
        happened = tx.all(Event, public=True)
    told = [as_told(SimpleNamespace(id=number, **asdict(event))) for number, event in enumerate(happened)]
    assert len({event["type"] for event in told}) >= 6
    for event in told:
        assert event["type"] in EVENTS, f"say in adapters/contract/events.py what {event['type']} means"
        jsonschema_rs.validate(event_schema(event["type"]), event)


def _references(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
