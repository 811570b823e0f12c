"""A node's figures from what was counted, by the planner's expressions (`shared.engines.program.Count`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shared.engines.program import Count


def evaluate(count: Count, counted: Mapping[tuple[str, str], int], total: Callable[[str, str], int]) -> int | None:
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
