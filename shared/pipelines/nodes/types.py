"""What a node type is. One module per type holds its config schema, its ports, and how it compiles; the table is in
`shared/pipelines/nodes/__init__.py`.

Sources and sinks do not compile to relations: `role` says so, and the planner reads their config. All others compile to one
sqlglot SELECT per port over their upstream ports, which appear as tables quoted by `Input.table`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from marshmallow import Schema
from sqlglot import exp

from shared.datasets import Columns
from shared.pipelines.model import Node


@dataclass(frozen=True, slots=True)
class Input:
    """One incoming edge: which node it comes from, the table name its rows have, and its columns after the edge's own selection."""

    node: str
    table: str
    columns: Columns


@dataclass(frozen=True, slots=True)
class Relation:
    """The rows of one port. `columns` are its names and types.

    `rows` says how the number of rows relates to the input, for the ledger: `same` (the input's count less the node's rejects),
    `fewer` (a filter or a limit), `own` (groups, joins, unions).
    """

    select: exp.Select
    columns: Columns
    rows: Literal["same", "fewer", "own"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """`ports`: port -> relation; the error port's relation has the input's columns and `error_message`.

    An absent error port: nothing can fail row by row.
    """

    ports: Mapping[str, Relation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodeType:
    """`inputs`: least and most number of incoming edges (None: any).

    `compile` raises `shared.sql.errors.SqlProblem` for what cannot be, naming the field.
    """

    name: str
    role: Literal["source", "transform", "sink"]
    title: str
    config_schema: type[Schema]
    inputs: tuple[int, int | None]
    ports: Callable[[Mapping[str, object]], tuple[str, ...]]
    compile: Callable[[Node, tuple[Input, ...]], Compiled] | None = None
