"""Tables told: statements and reports as columns and rows of cells, for a page, a terminal or a sheet."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.database.reports import REPORTS, Kind
from adapters.database.timeline import Line, Timeline
from adapters.locale import MissingWords, say
from adapters.sheets import Cell, money, sheet

STATEMENT = ("on", "id", "kind", "description", "state", "revenue", "receipts", "balance")


def statement_sheet(found: Timeline, *, language: str | None = None, bom: bool = False) -> str:
    """What happened, then what is planned; in the client's language unless another is asked for."""
    language, currency = language or found.client.language, found.organisation.currency
    header = [say(f"statement.{name}", language) for name in STATEMENT]
    rows = [_statement_row(line, language, currency) for line in (*found.lines, *found.planned)]
    return sheet(header, rows, language=language, bom=bom)


def _statement_row(line: Line, language: str, currency: str) -> list[Cell]:
    amounts = [money(one, currency) if one is not None else None for one in (line.revenue, line.receipts, line.balance)]
    return [
        line.on, line.id, say(f"statement.kind.{line.kind}", language), line.description,
        state_word(line.state, language), *amounts,
    ]  # fmt: skip


def state_word(state: str, language: str) -> str:
    return say(f"cli.state.{state}", language) if state else ""


def report_columns(name: str, language: str) -> list[str]:
    return [say(f"report.column.{column}", language) for column in REPORTS[name].columns]


def report_rows(
    found: Mapping[str, Any], language: str, shown: Callable[[int], str | Any], *, total: str = ""
) -> list[list[Any]]:
    """The cells of each row, and of the totals when they have a word; `shown` is how an amount is written."""
    columns = REPORTS[found["report"]].columns
    rows = [[_cell(row[name], kind, language, shown) for name, kind in columns.items()] for row in found["rows"]]
    if total:
        totals = found["totals"]
        last = [_cell(totals[name], kind, language, shown) if name in totals else "" for name, kind in columns.items()]
        rows.append([total, *last[1:]])
    return rows


def report_sheet(found: Mapping[str, Any], language: str, *, bom: bool = False) -> str:
    currency = found["currency"]
    rows: Sequence[Sequence[Cell]] = report_rows(found, language, lambda amount: money(amount, currency))
    return sheet(report_columns(found["report"], language), rows, language=language, bom=bom)


def _cell(value: Any, kind: Kind, language: str, shown: Callable[[int], Any]) -> Any:
    match kind:
        case Kind.MONEY:
            return shown(value)
        case Kind.WORD:
            try:
                return say(f"report.word.{value}", language)
            except MissingWords:
                return value
        case Kind.TEXT | Kind.DAY | Kind.COUNT:
            return "" if value is None else value
