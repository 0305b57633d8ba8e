"""Invariants: queries that must return no rows."""

from typing import Any

from adapters.database.books import BookTransaction


def broken(tx: BookTransaction) -> dict[str, list[dict[str, Any]]]:
    return {}
