"""A node's figures from what was counted, by the planner's expressions (`shared.engines.program.Count`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.engines.program import Count


def evaluate(count: Count, counted: Mapping[tuple[str, str], int], total: Callable[[str, str], int | None]) -> int | None:
    """None where any part is not known: a figure that cannot be had is never a guess."""
    if count is None:
        return None
    ((kind, value),) = count.items()
    if kind == "total":
        return total(value[0], value[1])
    if kind in {"sum", "minus"}:
        parts = [evaluate(part, counted, total) for part in value]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        return sum(known) if kind == "sum" else known[0] - known[1]
    # Lines are rejected only where there are lines: a table has none.
    return counted.get((kind, value), 0 if kind == "rejectedLines" else None)


_PLAIN = ("rowsIn", "rowsOut", "rowsRejected")


def of_nodes(
    wanted: Mapping[str, Mapping[str, Count]],
    counted: Mapping[tuple[str, str], int],
    total: Callable[[str, str], int | None],
    written: Mapping[str, Mapping[str, int | None]],
) -> dict[str, dict[str, Any]]:
    """Figures as `Outcome` has them. `written`: by sink node, what its session said it did."""
    figures: dict[str, dict[str, Any]] = {}
    for node, counts in wanted.items():
        values = {term: evaluate(count, counted, total) for term, count in counts.items()}
        terms = {term: value for term, value in values.items() if term not in _PLAIN}
        figure: dict[str, Any] = {key: values[key] for key in _PLAIN} | dict(written.get(node, {}))
        if node in written:
            figure["rowsRejected"] = 0
            merged = figure.pop("merged", None)
            if merged is not None:
                terms["merged"] = merged
                # Of rows with one key, one is what was written.
                figure["rowsOut"] -= merged
        figures[node] = figure | {"ledger": terms}
    return figures
