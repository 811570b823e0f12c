"""The coverage table: how often a kind of expression has stood in a type of node, over a kind of column, without NULLs and with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.differential.cases import Cell, all_cells
from tests.differential.tables import KINDS

LEAST = 20


def thin(met: Counter[Cell], least: int = LEAST) -> list[Cell]:
    """Cells that were met less often."""
    return [cell for cell in all_cells() if met[cell] < least]


def as_markdown(met: Counter[Cell]) -> str:
    """A row for each node and expression, a column for each kind of column; cells: "without NULLs / with NULLs", or nothing."""
    cells = set(all_cells())
    head = ["node", "expression", *(f"{kind.name} ({kind.type})" for kind in KINDS.values())]
    rows = dict.fromkeys((cell.node, cell.expression) for cell in all_cells())
    lines = [_line(head), _line(["---"] * len(head))]
    for node, expression in sorted(rows):
        shown = [
            f"{met[Cell(node, expression, kind, False)]} / {met[Cell(node, expression, kind, True)]}"
            if Cell(node, expression, kind, False) in cells
            else ""
            for kind in KINDS
        ]
        lines.append(_line([node, expression, *shown]))
    return "\n".join(lines) + "\n"


def _line(parts: Sequence[str]) -> str:
    return f"| {' | '.join(parts)} |"
