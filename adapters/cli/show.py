"""Showing: the answer on standard output, a document or a line each; everything else on standard error."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

LOCALES = {"en": "en_CA", "fr": "fr_CA"}


def document(answer: Mapping[str, Any]) -> None:
    """One JSON document on one line, there at once for whoever reads the other end."""
    sys.stdout.write(json.dumps(answer, ensure_ascii=not _speaks_unicode()) + "\n")
    sys.stdout.flush()


def line(words: str) -> None:
    """A line for a person, or for a script that takes it as it is."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(words.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()


def aside(words: str) -> None:
    """What is not the answer: progress, warnings, failures."""
    encoding = sys.stderr.encoding or "ascii"
    sys.stderr.write(words.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stderr.flush()


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """A table for a person; `right` are the columns of amounts."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for position, column in enumerate(columns):
        shown.add_column(column, justify="right" if position in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else 240)
    console.print(shown)


def amount(minor: int, currency: str, language: str) -> str:
    """4500 CAD -> "$45.00" or "45,00 $"."""
    from babel.numbers import format_currency

    return format_currency(minor / 100, currency, locale=LOCALES[language])


def instant(at: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return at.isoformat().replace("+00:00", "Z") if at is not None else None


def _speaks_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
