"""Every document of the contract under its path."""

import json
from functools import cache
from pathlib import Path

from adapters.contract.asyncapi import asyncapi
from adapters.contract.commands import Document, command_schemas, envelope_schema
from adapters.contract.compatible import broken_promises
from adapters.contract.events import event_schemas
from adapters.contract.openapi import openapi

FOLDER = "docs/contract"


@cache
def documents() -> dict[str, str]:
    """Path from the root -> what should stand in it."""
    found = {
        "openapi.json": openapi(),
        "asyncapi.json": asyncapi(),
        "v1/envelope.json": envelope_schema(),
        **{f"v1/commands/{act}.json": schema for act, schema in command_schemas().items()},
        **{f"v1/events/{type_}.json": schema for type_, schema in event_schemas().items()},
    }
    return {f"{FOLDER}/{path}": _written(document) for path, document in found.items()}


def breaks(root: Path, path: str) -> list[str]:
    """Which promises of the published schema the one of the code does not keep; those of another kind are free."""
    published = root / path
    if f"{FOLDER}/v1/" not in path or not published.exists():
        return []
    before, now = json.loads(published.read_text("utf-8")), json.loads(documents()[path])
    return broken_promises(before, now, sent="/v1/events/" not in path)


def _written(document: Document) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
