"""Listing: items, statements and invariants, as documents or as tables."""

from collections.abc import Sequence
from typing import Any

from adapters.bootstrap import App
from adapters.cli import show
from adapters.database.invariants import LATE, SIMULATED_LATE, broken
from adapters.database.items import PAGE_SIZE, WAITING, cursor_of, find_items
from adapters.database.statements import statement
from adapters.inbox.refusals import told
from adapters.locale import say
from domain.people import Client
from domain.refusal import NotKnown


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


def show_statement(
    app: App, organisation: str, client: str, *, as_json: bool, asked: str | None, language: str
) -> bool:
    """In the client's language (B13), unless another was asked for; answers whether the client is known."""
    try:
        with app.books.begin(read_only=True) as tx:
            found = statement(tx, organisation, client)
            person = tx.get(Client, organisation=organisation, id=client)
    except NotKnown as refusal:
        error = told(refusal)
        show.aside(error["message"][language])
        return False
    if as_json:
        show.document(found)
    else:
        _draw_statement(found, person, asked or person.language)
    return True


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


def _draw_statement(found: dict[str, Any], person: Client, language: str) -> None:
    currency = found["currency"]
    show.line(say("cli.statement_of", language, client=f"{person.name} ({person.id})"))
    date, what, state, amount = (say(f"cli.{name}", language) for name in ("date", "description", "state", "amount"))
    for column in ("revenue", "receipts"):
        rows = [
            [
                line["on"], line["description"], say(f"cli.state.{line.get('reconciled') or line['state']}", language),
                show.amount(_signed(line), currency, language),
            ]
            for line in found[column]
        ]  # fmt: skip
        show.table(say(f"cli.{column}", language), [date, what, state, amount], rows, right=(3,))
    if found["upcoming"]:
        coming = [
            [one["on"], say(f"cli.state.{_coming(one)}", language), show.amount(one["amount"], currency, language)]
            for one in found["upcoming"]
        ]
        show.table(say("cli.upcoming", language), [date, state, amount], coming, right=(2,))
    for name in ("balance", "expected_balance"):
        show.line(f"{say(f'cli.{name}', language)}  {show.amount(found[name], currency, language)}")


def _coming(planned: dict[str, Any]) -> str:
    return "held" if planned.get("held") else str(planned["state"])


def _signed(line: dict[str, Any]) -> int:
    """As on paper: what raises the balance is positive."""
    from domain.ledger import SIGN, PostingKind

    return SIGN[PostingKind(line["kind"])] * int(line["amount"])
