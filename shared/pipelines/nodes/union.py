"""union: rows of several inputs stacked, matched by name or by position, optionally each row once."""

from __future__ import annotations

from marshmallow import fields, validate
from sqlglot import exp

from shared.pipelines.fields import flag, shown
from shared.pipelines.model import Node
from shared.pipelines.nodes.relations import column, find, named, table
from shared.pipelines.nodes.types import Compiled, Input, NodeType, Relation, same_names
from shared.pipelines.shapes import Shape
from shared.sql.errors import SqlProblem


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
    selects = [_select(one, first, node.config["by"]) for one in inputs]
    query = _stacked(selects, first, node.id, distinct=bool(node.config["distinct"]))
    if node.config["distinct"] and len(inputs) == 1:
        query.distinct(copy=False)
    return Compiled({"out": Relation(query, first.columns, "own", rest="merged" if node.config["distinct"] else None)})


def stacked(inputs: tuple[Input, ...], name: str, node: str) -> Relation:
    """The rows of all inputs of a node that has no rule of its own for several. Raises SqlProblem where their columns differ."""
    first = inputs[0]
    for other in inputs[1:]:
        if {(c.name, c.type) for c in other.columns} != {(c.name, c.type) for c in first.columns}:
            raise SqlProblem(
                f"{first.table} and {other.table} have different columns, and pairing their rows is not available yet in this release;"
                " put a union or a joiner before it",
                node=node,
            )
    return Relation(_stacked([_select(one, first, "name") for one in inputs], first, name, distinct=False), first.columns, "own")


def _stacked(selects: list[exp.Select], first: Input, name: str, *, distinct: bool) -> exp.Select:
    stacked: exp.Query = selects[0]
    for following in selects[1:]:
        stacked = exp.Union(this=stacked, expression=following, distinct=distinct)
    inner = exp.Subquery(this=stacked, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
    return exp.Select(expressions=[column(c.name, name) for c in first.columns]).from_(inner, copy=False)


def _select(one: Input, first: Input, by: str) -> exp.Select:
    if by == "name":
        taken = [find(one.columns, c.name, one.node) for c in first.columns]
    else:
        taken = list(one.columns)
    rows = [named(column(mine.name, one.table), c.name) for mine, c in zip(taken, first.columns, strict=True)]
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
