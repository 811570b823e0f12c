"""What a node type is. One module per type holds its config schema, its ports, and how it compiles; the table is in
`shared/pipelines/nodes/__init__.py`.

Sources and sinks do not compile to relations: `role` says so, and the planner reads their config. All others compile to one
sqlglot SELECT per port over their upstream ports, which appear as tables quoted by `Input.table`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

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
class Function:
    """A person's own, from a table to a table: its source, or its address as package.module:function."""

    source: str
    requirements: tuple[str, ...]
    timeout_s: float | None


@dataclass(frozen=True, slots=True)
class Relation:
    """The rows of one port. `columns` are its names and types.

    `rows` says how the number of rows relates to the input, for the ledger: `same` (the input's count less the node's rejects),
    `fewer` (a filter or a limit), `own` (groups, joins, unions).

    `rest`: the ledger's term for rows that came into the node and are in none of its ports (or, negative, the other way round); None where
    the ports share out what comes in. `aside`: the term that counts this port's rows, which have left the main way, read or not.
    `function`: what makes the rows of those that `select` yields, where SQL does not; it takes a stage of its own.
    """

    select: exp.Select
    columns: Columns
    rows: Literal["same", "fewer", "own"]
    rest: str | None = None
    aside: str | None = None
    function: Function | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """`ports`: port -> relation; the error port's relation has the input's columns and `error_message`.

    An absent error port: nothing can fail row by row.
    """

    ports: Mapping[str, Relation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Names:
    """An incoming edge while a recipe is checked: column names only, since types are not known yet. `names` None: not known either."""

    node: str
    table: str
    names: tuple[str, ...] | None


# Column names of a node's ports, from its loaded config and what comes in; None where they cannot be told.
Outgoing = Callable[[Mapping[str, Any], Sequence[Names]], tuple[str, ...] | None]


def same_names(config: Mapping[str, Any], inputs: Sequence[Names]) -> tuple[str, ...] | None:
    """Rows go on as they came."""
    return inputs[0].names if inputs else None


@dataclass(frozen=True, slots=True)
class NodeType:
    """`inputs`: least and most number of incoming edges (None: any).

    `ports` of a config, which may be a draft's: whatever stands in it, it answers. `compile` raises
    `shared.sql.errors.SqlProblem` for what cannot be, naming the field. `rejects`: ports whose rows are dead letters where no edge
    leads from them. `reads`: the inputs that a config names, as (setting, name, offset into the setting's text); it takes a draft too.
    `whole_query`: what it computes is a query that a person wrote. `ports_by_config`: a wrong config does not tell them. `runs`
    False: the type is read and described, and plan and run refuse it; `refuses` says so of single configs.
    """

    name: str
    role: Literal["source", "transform", "sink"]
    title: str
    config_schema: type[Schema]
    inputs: tuple[int, int | None]
    ports: Callable[[Mapping[str, Any]], tuple[str, ...]]
    compile: Callable[[Node, tuple[Input, ...]], Compiled] | None = None
    description: str = ""
    outgoing: Outgoing | None = None
    rejects: tuple[str, ...] = ("error",)
    reads: Callable[[Mapping[str, Any]], Iterable[tuple[str, str, int | None]]] | None = None
    ports_by_config: bool = False
    runs: bool = True
    whole_query: bool = False
    refuses: Callable[[Mapping[str, Any]], str | None] | None = None

    def refusal(self, node: str, config: Mapping[str, Any]) -> str | None:
        """Why this release cannot run a node of the type, as a sentence; None where it can. `config` is loaded."""
        if not self.runs:
            return f"node '{node}' is of type {self.name}, which is not available yet in this release; take it out to run the pipeline"
        why = self.refuses(config) if self.refuses is not None else None
        return f"node '{node}' ({self.name}): {why}" if why else None
