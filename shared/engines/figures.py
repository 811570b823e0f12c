"""A node's figures from what was counted, by the planner's expressions (`shared.engines.program.Count`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.engines.program import Count, Program

_COUNTED = frozenset({"read", "rejectedLines", "table", "output", "sink", "rejects", "counter"})


def evaluate(count: Count, counted: Mapping[tuple[str, str], int], total: Callable[[str, str], int | None]) -> int | None:
    """None where any part is not known: a figure that cannot be had is never a guess. Raises ValueError for what no planner writes."""
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
    if kind not in _COUNTED:
        raise ValueError(f"a figure is to be made of {kind!r}, which is nothing that is counted")
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
            rejected, skipped = figure.pop("rejected", None) or 0, figure.pop("skipped", None)
            # Some were set aside before the others were handed over.
            figure["rowsRejected"] = rejected + (values["rowsRejected"] or 0)
            if skipped:
                terms["skipped"] = skipped
            if figure["rowsOut"] is not None:
                # Of the rows that were handed over, these were not taken.
                figure["rowsOut"] -= rejected + (skipped or 0)
            merged = figure.pop("merged", None)
            if merged is not None:
                terms["merged"] = merged
                # Of rows with one key, one is what was written.
                figure["rowsOut"] -= merged
        figures[node] = figure | {"ledger": terms}
    return figures


Tally = tuple[str, str | None]


def carried(program: Program) -> tuple[Tally, ...]:
    """What a statement in a database is to count of the relations it names, as (table, None) or (table, column)."""
    kept = {statement.table for statement in program.statements if statement.materialise}
    return tuple(tally for tally in _tallies(program) if tally[0] not in kept)


def kept_totals(program: Program) -> tuple[Tally, ...]:
    """The sums that are to be taken of temporary tables; their rows are known from when they were made."""
    kept = {statement.table for statement in program.statements if statement.materialise}
    return tuple(tally for tally in _tallies(program) if tally[0] in kept and tally[1] is not None)


def _tallies(program: Program) -> list[Tally]:
    """What the figures ask of tables, each once."""
    found: dict[Tally, None] = {}
    waiting = [count for counts in program.figures.values() for count in counts.values()]
    while waiting:
        for kind, of in (waiting.pop(0) or {}).items():
            if kind == "table":
                found[of, None] = None
            elif kind == "total":
                found[of[0], of[1]] = None
            elif kind in {"sum", "minus"}:
                waiting += of
    return list(found)
