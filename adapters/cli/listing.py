"""Listing: items, statements and invariants, as documents or as tables."""

from collections.abc import Sequence
from typing import Any

from adapters.bootstrap import App
from adapters.cli import show
from adapters.database.invariants import LATE, SIMULATED_LATE, broken
from adapters.database.items import PAGE_SIZE, WAITING, cursor_of, find_items
from adapters.locale import say


def show_items(
    app: App,
    *,
    states: Sequence[str] | None,
    kind: str | None,
    organisation: str | None,
    as_json: bool,
    language: str,
) -> None:
    """Page by page, so that ten thousand need no more memory than a hundred."""
    after, shown = None, 0
    rows: list[list[str]] = []
    while True:
        with app.books.begin(read_only=True) as tx:
            page = find_items(tx, organisation=organisation, states=states or WAITING, kind=kind, after=after)
        for item in page:
            if as_json:
                show.document(item)
            else:
                rows.append(_item_row(item, language))
        shown += len(page)
        if len(page) < PAGE_SIZE:
            break
        after = cursor_of(page[-1])
    if as_json:
        return
    if not shown:
        show.line(say("cli.no_items", language))
        return
    names = ("item", "organisation", "kind", "state", "client", "payment", "amount", "reason", "failed_at")
    show.table("", [say(f"cli.{name}", language) for name in names], rows, right=(6,))


def show_check(app: App, *, as_json: bool, language: str) -> bool:
    with app.books.begin(read_only=True) as tx:
        found = broken(tx, late=LATE if app.settings.now is None else SIMULATED_LATE)
    well = not any(violations for violations in found.values())
    if as_json:
        invariants = [{"name": name, "violations": violations} for name, violations in found.items()]
        show.document({"ok": well, "invariants": invariants})
    elif well:
        show.line(say("cli.all_hold", language, count=len(found)))
    else:
        for name, violations in found.items():
            if violations:
                show.line(say("cli.broken", language, name=name, count=len(violations)))
                for row in violations[:20]:
                    show.line(f"    {row}")
    return well


def _item_row(item: dict[str, Any], language: str) -> list[str]:
    return [
        item["item"], item["organisation"], say(f"cli.kind.{item['kind']}", language),
        say(f"cli.state.{item['state']}", language), f"{item['client_name']} ({item['client']})", item["payment"],
        show.amount(item["amount"], item["currency"], language), item["reason"]["text"][language],
        item["failed_at"][:10],
    ]  # fmt: skip
