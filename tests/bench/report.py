"""Medians and ratios, printed as a table for the README and as one JSON document."""

import json
from collections.abc import Mapping
from statistics import median
from typing import Any

from tests.bench.night import Figures


def middle(figures: list[Figures]) -> dict[str, float]:
    """The median of each figure over the rounds."""
    return {
        "per_second": median(one.per_second for one in figures),
        "cpu_s_per_1000": median(one.cpu_s for one in figures),
        "peak_mb": max(one.peak_mb for one in figures),
        "simulator_cpu_s_per_1000": median(one.simulator_cpu_s for one in figures),
    }


def show(results: Mapping[str, Any]) -> str:
    """The table of the README."""
    tpcb = results["tpcb_per_second"]
    lines = [
        f"pgbench TPC-B-like, 16 clients: {tpcb:,.0f} transactions/s (median of {results['rounds']})",
        "",
        f"{'':34}{'charges/s':>12}{'CPU s/1000':>12}{'peak MB':>9}{'x TPC-B':>9}{'x plain':>9}",
    ]
    for name, row in results["nights"].items():
        plain = results["plain"].get(row["latency_ms"], {}).get("per_second")
        against = f"{row['per_second'] / plain:9.1f}" if plain else f"{'':>9}"
        lines.append(_line(name, row, tpcb) + against)
    lines += [_line(f"plain actor, {latency} ms", row, tpcb) for latency, row in results["plain"].items()]
    return "\n".join(lines)


def as_json(results: Mapping[str, Any]) -> str:
    return json.dumps(results)


def _line(name: str, row: Mapping[str, float], tpcb: float) -> str:
    return (
        f"{name:34}{row['per_second']:12,.0f}{row['cpu_s_per_1000']:12.3f}{row['peak_mb']:9.0f}"
        f"{row['per_second'] / tpcb:9.2f}"
    )
