"""The published examples: what must be there first, what is accepted and done, what is refused and why."""

import json
from pathlib import Path
from typing import Any

from adapters.inbox.schemas import SCHEMAS, act_of
from tests.adapters.office import Office

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "contract" / "examples"
ACTS = [act_of(type_) for type_ in SCHEMAS]
TIME_PASSES = "time passes"  # until nothing is left to be looked up


def example(act: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{act}.json").read_text("utf-8"))
    return found


def before(act: str) -> list[dict[str, Any] | str]:
    """Everything that an example builds on, in order, each once."""
    found: list[dict[str, Any] | str] = []
    for one in example(act)["given"]:
        if isinstance(one, dict) or one == TIME_PASSES:
            found.append(one)
        else:
            found += [*before(one), *example(one)["valid"]]
    return [one for position, one in enumerate(found) if one not in found[:position]]


def with_our_ids(office: Office, envelope: dict[str, Any]) -> dict[str, Any]:
    """`itm_1` and `pay_1` stand for ids that we make: those of the first item, of the first instalment."""
    text = json.dumps(envelope)
    for name, sql in (
        ("itm_", "SELECT id FROM action_items ORDER BY opened_at"),
        ("pay_", "SELECT id FROM payments WHERE plan IS NOT NULL ORDER BY number"),
    ):
        if name in text:
            with office.app.books.begin(read_only=True) as tx:
                ids = tx.connection.exec_driver_sql(sql).scalars().all()
            for number, id_ in enumerate(ids, 1):
                text = text.replace(f'"{name}{number}"', f'"{id_}"')
    found: dict[str, Any] = json.loads(text)
    return found
