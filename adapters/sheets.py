"""Sheets: CSV for spreadsheets, as they are read in the language of the reader, and never as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from domain.money import decimal_text

Cell = str | int | Decimal | date | None
BYTE_ORDER_MARK = "\ufeff"  # without it, some spreadsheets take accents for something else
MEDIA = "text/csv; charset=utf-8"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet would carry out


def money(amount_minor: int, currency: str) -> Decimal:
    """4500 CAD as the number 45.00."""
    return Decimal(decimal_text(amount_minor, currency))


def sheet(
    columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, language: str, bom: bool = False, mark: str | None = None
) -> str:
    """A header and its rows; semicolons and decimal commas in French, commas and points in English. Another `mark`
    between cells may be asked for."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=mark or (";" if language == "fr" else ","), lineterminator="\r\n")
    writer.writerow([_cell(column, language) for column in columns])
    writer.writerows([_cell(cell, language) for cell in row] for row in rows)
    return (BYTE_ORDER_MARK if bom else "") + written.getvalue()


def _cell(cell: Cell, language: str) -> str:
    match cell:
        case None:
            return ""
        case Decimal():
            return str(cell).replace(".", ",") if language == "fr" else str(cell)
        case date():
            return cell.isoformat()
        case int():
            return str(cell)
        case _:
            # A name or a description begins as its author likes: an apostrophe makes it text.
            return f"'{cell}" if cell.startswith(FORMULA) else cell
