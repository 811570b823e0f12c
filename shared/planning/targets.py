"""What a sink asks of its target, held against what was found there."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from shared.connectors.protocols import Spec
from shared.datasets import Column, Columns
from shared.pipelines.model import Node
from shared.pipelines.nodes.relations import find
from shared.pipelines.nodes.types import Input
from shared.sql.errors import SqlProblem
from shared.sql.table_names import split


def same_table(one: str, other: str, schema: str | None) -> bool:
    """Whether two names are of one table. `schema`: where a table is that is named without one; None: not known."""
    (in_one, table), (in_other, of_other) = split(one), split(other)
    return table == of_other and (in_one or schema) == (in_other or schema)


def same_path(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")


def plain(target: Mapping[str, Any]) -> str:
    """The table or path of a dataset or sink without what may be left out of it, in small letters: other targets may come to the same."""
    return (split(str(target["table"]))[1] if target.get("table") else str(target.get("path")).strip("/")).casefold()


def check_target(node: Node, columns: Columns, found: Mapping[str, Any] | None) -> None:
    """Raises SqlProblem for a table that is not there (and may not be made) or lacks a column (and may not get it).

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
        if column.name not in there and node.config["schemaEvolution"] != "addColumns":
            near = difflib.get_close_matches(column.name, there, 1, 0.6)
            hint = f"; did you mean {near[0]}?" if near else "."
            remedy = "Add it to the table, drop it before this sink, or set schemaEvolution"
            raise SqlProblem(f"table {target} has no column {column.name}{hint} {remedy}")


def check_evolution(node: Node, columns: Columns, spec: Spec) -> None:
    """Raises SqlProblem for a change of columns that the destination does not know."""
    asked = node.config["schemaEvolution"]
    if asked != "fail" and spec.dialect is None:
        raise SqlProblem(f"schemaEvolution: {asked} is for tables, and {spec.type} takes whatever columns come; leave it out")
    if asked == "addColumns" and not spec.adds_columns:
        raise SqlProblem(
            f"columns cannot be added to tables of {spec.title} in this release; add them there, or set schemaEvolution: ignore"
        )
    for name in node.config["columnDefaults"]:
        if asked != "addColumns":
            raise SqlProblem(f"columnDefaults says what {name} is to be where it is added; set schemaEvolution: addColumns")
        find(columns, name, node.id)


# Held by tests; the others' own statements take a row of a known key for changed, or keep the newest by themselves.
_STAMPED = {"postgres", "duckdb", "sqlite", "mysql"}


def stamp_of(node: Node, columns: Columns, spec: Spec) -> Columns:
    """The column that is filled with the time of the write, if any. Raises SqlProblem where it cannot be had."""
    name = node.config.get("updatedAtColumn")
    if not name:
        return ()
    if any(column.name.lower() == name.lower() for column in columns):
        raise SqlProblem(f"updatedAtColumn: the rows have a column {name} already; drop it before this sink, or name another")
    if spec.dialect is not None and spec.type not in _STAMPED:
        raise SqlProblem(f"updatedAtColumn cannot be filled in {spec.title} in this release; compute the time in a node before the sink")
    return (Column(name, "TIMESTAMPTZ"),)


def kept_columns(node: Node, columns: Columns, found: Mapping[str, Any] | None) -> Columns:
    """Those that are written: all, or with `schemaEvolution: ignore` those that the target has. Raises SqlProblem where it lacks a key."""
    if node.config["schemaEvolution"] != "ignore" or found is None or found["columns"] is None or not found["exists"]:
        return columns
    there = {column[0] for column in found["columns"]}
    kept = tuple(column for column in columns if column.name in there)
    if not kept:
        raise SqlProblem(f"table {node.config.get('table')} has none of the columns that come; name at least one of them as it is there")
    return kept


def winning_order(node: Node, source: Input, keys: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Which of two rows with one key wins: the last by orderBy, then the greatest in its remaining columns,
    in column order (execution.md, Sinks, rule 5).
    """
    if node.config["writeMode"] != "UPSERT":
        return ()
    asked = [(find(source.columns, key["column"], source.node).name, key["direction"]) for key in node.config["orderBy"]]
    settled = {name for name, _ in asked} | set(keys)
    return (*asked, *((column.name, "asc") for column in source.columns if column.name not in settled))
