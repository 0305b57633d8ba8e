"""Papers: statements and reports, as a document, a sheet for a spreadsheet, or tables for a person."""

import sys
from datetime import date
from typing import Any

from adapters.bootstrap import App
from adapters.cli import show
from adapters.database.reports import REPORTS, Kind, report
from adapters.database.statements import statement
from adapters.database.timeline import timeline
from adapters.locale import say
from adapters.tables_told import report_columns, report_rows, report_sheet, statement_sheet
from domain.ledger import SIGN, PostingKind
from domain.people import Client


def show_statement(app: App, organisation: str, client: str, *, how: str, bom: bool, asked: str | None) -> None:
    """In the client's language (B13), unless another was asked for. Raises NotKnown."""
    with app.books.begin(read_only=True) as tx:
        if how == "csv":
            _write(statement_sheet(timeline(tx, organisation, client), language=asked, bom=bom))
            return
        found = statement(tx, organisation, client)
        person = tx.get(Client, organisation=organisation, id=client)
    if how == "json":
        show.document(found)
    else:
        _draw_statement(found, person, asked or person.language)


def show_report(
    app: App, name: str, organisation: str, *, period: tuple[date | None, date | None], how: str, bom: bool,
    language: str,
) -> None:  # fmt: skip
    """Raises NotKnown."""
    with app.books.begin(read_only=True) as tx:
        found = report(tx, organisation, name, since=period[0], until=period[1])
    if how == "json":
        show.document(found)
    elif how == "csv":
        _write(report_sheet(found, language, bom=bom))
    else:
        _draw_report(found, language)


def _draw_report(found: dict[str, Any], language: str) -> None:
    name, currency = found["report"], found["currency"]
    rows = report_rows(
        found, language, lambda amount: show.amount(amount, currency, language), total=say("report.total", language)
    )
    kinds = list(REPORTS[name].columns.values())
    right = [place for place, kind in enumerate(kinds) if kind in (Kind.MONEY, Kind.COUNT)]
    title = f"{say(f'report.{name}', language)}  {found['from']} – {found['to']}"
    columns = report_columns(name, language)
    show.table(title, columns, [[str(cell) for cell in row] for row in rows], right=right)


def _write(sheet: str) -> None:
    """As bytes: a sheet is UTF-8 whatever the terminal speaks."""
    sys.stdout.buffer.write(sheet.encode())
    sys.stdout.flush()


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
    return SIGN[PostingKind(line["kind"])] * int(line["amount"])
