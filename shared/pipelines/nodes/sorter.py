"""sorter: rows in order, NULLs where PostgreSQL has them (last ascending, first descending) unless said."""

from __future__ import annotations

from marshmallow import Schema, fields, validate
from sqlglot import exp

from shared.pipelines.model import Node
from shared.pipelines.nodes.fields import text
from shared.pipelines.nodes.relations import column, find, pass_on, select
from shared.pipelines.nodes.types import Compiled, Input, NodeType, Relation


class SortKey(Schema):
    column = text("Column", required=True)
    direction = fields.String(load_default="asc", validate=validate.OneOf(("asc", "desc")), metadata={"title": "Direction"})
    nulls = fields.String(validate=validate.OneOf(("first", "last")), metadata={"title": "Where NULLs go"})


class SorterConfig(Schema):
    by = fields.List(fields.Nested(SortKey), required=True, validate=validate.Length(min=1), metadata={"title": "Sort by"})
    limit = fields.Integer(validate=validate.Range(min=0), metadata={"title": "Only the first so many rows"})


def compile_sorter(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    (source,) = inputs
    query = select(pass_on(source), source.table)
    for key in node.config["by"]:
        of = find(source.columns, key["column"], source.node)
        descending = key["direction"] == "desc"
        first = key.get("nulls", "first" if descending else "last") == "first"
        query.order_by(exp.Ordered(this=column(of.name, source.table), desc=descending, nulls_first=first), copy=False)
    if "limit" in node.config:
        query.limit(node.config["limit"], copy=False)
    return Compiled({"out": Relation(query, source.columns, "fewer" if "limit" in node.config else "same")})


SORTER = NodeType("sorter", "transform", "Sorter", SorterConfig, (1, 1), lambda _: ("out", "error"), compile_sorter)
