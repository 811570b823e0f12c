"""What a sink asks of its target, held against what was found there."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from shared.datasets import Columns
from shared.pipelines.model import Node
from shared.pipelines.nodes.relations import find
from shared.pipelines.nodes.types import Input
from shared.sql.errors import SqlProblem


def check_target(node: Node, columns: Columns, found: Mapping[str, Any] | None) -> None:
    """Raises SqlProblem for a table that is not there (and may not be made) or lacks a column.

    `found`: a survey's facts, None where targets have none; its columns are None where they are not known.
    """
    if found is None or found["columns"] is None:
        return
    target = node.config.get("table")
    if not found["exists"]:
        if not node.config["createTable"]:
            raise SqlProblem(f"table {target} is not there; make it, or set createTable: true on this node")
        return
    there = [column[0] for column in found["columns"]]
    for column in columns:
        if column.name not in there:
            near = difflib.get_close_matches(column.name, there, 1, 0.6)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SqlProblem(f"table {target} has no column {column.name}{hint} Add it to the table, or drop it before this sink")


def winning_order(node: Node, source: Input, keys: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Which of two rows with one key wins: the last by orderBy, then the greatest in its remaining columns,
    in column order (execution.md, Sinks, rule 5).
    """
    if node.config["writeMode"] != "UPSERT":
        return ()
    asked = [(find(source.columns, key["column"], source.node).name, key["direction"]) for key in node.config["orderBy"]]
    settled = {name for name, _ in asked} | set(keys)
    return (*asked, *((column.name, "asc") for column in source.columns if column.name not in settled))
