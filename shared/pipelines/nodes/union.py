"""union: rows of several inputs stacked, matched by name or by position, optionally each row once."""

from __future__ import annotations

from dataclasses import replace

from marshmallow import fields, validate
from sqlglot import exp

from shared.datasets import Column
from shared.pipelines.fields import flag, shown
from shared.pipelines.model import Node
from shared.pipelines.nodes.relations import column, find, named, table
from shared.pipelines.nodes.types import Compiled, Input, NodeType, Relation, same_names
from shared.pipelines.shapes import Shape
from shared.sql.errors import SqlProblem
from shared.sql.typing import UNKNOWN, named_type, wider_type


class UnionConfig(Shape):
    distinct = flag("Each row once", load_default=False)
    by = fields.String(
        load_default="name",
        validate=validate.OneOf(("name", "position")),
        metadata=shown("Match columns by", "Their names, or their places"),
    )


def compile_union(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    first = inputs[0]
    for other in inputs[1:]:
        if len(other.columns) != len(first.columns):
            raise SqlProblem(
                f"{first.node} has {len(first.columns)} columns and {other.node} has {len(other.columns)}; a union needs the same",
                node=node.id,
            )
    distinct = bool(node.config["distinct"])
    relation = _stacked(inputs, node.config["by"], node.id, distinct=distinct)
    if distinct and len(inputs) == 1:
        relation.select.distinct(copy=False)
    return Compiled({"out": replace(relation, rest="merged" if distinct else None)})


def stacked(inputs: tuple[Input, ...], name: str, node: str) -> Relation:
    """The rows of all inputs of a node that has no rule of its own for several, matched by name. Raises SqlProblem."""
    return _stacked(inputs, "name", name, distinct=False)


def _stacked(inputs: tuple[Input, ...], by: str, name: str, *, distinct: bool) -> Relation:
    matched = [[find(one.columns, c.name, one.node) for c in inputs[0].columns] if by == "name" else list(one.columns) for one in inputs]
    columns = tuple(_common([taken[at] for taken in matched], inputs) for at in range(len(inputs[0].columns)))
    query: exp.Query | None = None
    for one, taken in zip(inputs, matched, strict=True):
        select = _select(one, taken, columns)
        query = select if query is None else exp.Union(this=query, expression=select, distinct=distinct)
    inner = exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
    return Relation(exp.Select(expressions=[column(c.name, name) for c in columns]).from_(inner, copy=False), columns, "own")


def _common(same: list[Column], inputs: tuple[Input, ...]) -> Column:
    """The column that holds the values of all: of the first's name, of the widest type, nullable where one of them is."""
    widest = same[0].type
    for other, one in zip(same[1:], inputs[1:], strict=True):
        wider = wider_type(widest, other.type)
        if wider is None:
            raise SqlProblem(
                f"column {same[0].name} is {widest} in {inputs[0].node} and {other.type} in {one.node}; cast one of them before"
            )
        widest = wider
    return Column(same[0].name, widest, any(c.nullable for c in same))


def _select(one: Input, taken: list[Column], columns: tuple[Column, ...]) -> exp.Select:
    rows = []
    for mine, wanted in zip(taken, columns, strict=True):
        value: exp.Expr = column(mine.name, one.table)
        if mine.type != wanted.type and wanted.type != UNKNOWN:
            value = exp.Cast(this=value, to=named_type(wanted.type))
        rows.append(named(value, wanted.name))
    return exp.Select(expressions=rows).from_(table(one.table), copy=False)


UNION = NodeType(
    "union",
    "transform",
    "Union",
    UnionConfig,
    (1, None),
    lambda _: ("out", "error"),
    compile_union,
    description="Stacks the rows of several inputs",
    outgoing=same_names,
)
