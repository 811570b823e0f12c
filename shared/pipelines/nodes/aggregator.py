"""aggregator: one row for each group. Groups are made as SQL makes them: NULL is a group of its own."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlglot import exp

from shared.datasets import Column
from shared.pipelines.model import Node
from shared.pipelines.nodes.fields import Expression, NotYet, text, texts
from shared.pipelines.nodes.relations import column, errors_of, find, is_null, named, select, typed
from shared.pipelines.nodes.types import Compiled, Input, NodeType, Relation
from shared.sql.row_errors import first_of, guard
from shared.sql.typing import INTEGERS, annotate, type_of

FUNCTIONS = ("count", "sum", "avg", "min", "max", "stddev", "variance")


class Aggregation(Schema):
    name = text("Column", required=True)
    function = fields.String(validate=validate.OneOf(FUNCTIONS), metadata={"title": "Function"})
    expression = Expression(aggregates=True, metadata={"title": "Expression over aggregates, instead of a function"})
    column = text("Of column", "Left out with count: rows are counted")
    distinct = fields.Boolean(load_default=False, metadata={"title": "Distinct values only"})
    where = Expression(metadata={"title": "Only rows for which this is true"})

    @validates_schema
    def _one_of(self, data: dict[str, object], **_: object) -> None:
        if ("function" in data) == ("expression" in data):
            raise ValidationError("give either function or expression", "function")
        if "function" in data and data["function"] != "count" and "column" not in data:
            raise ValidationError(f"{data['function']} needs column", "column")


class AggregatorConfig(Schema):
    groupBy = texts("Group by", load_default=list)
    aggregations = fields.List(fields.Nested(Aggregation), required=True, metadata={"title": "Aggregations"})
    having = Expression(aggregates=True, metadata={"title": "Keep groups for which this is true"})
    window = NotYet()


def compile_aggregator(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    (source,) = inputs
    config = node.config
    keys = [find(source.columns, key, source.node) for key in config["groupBy"]]
    rows: list[exp.Expr] = [column(key.name, source.table) for key in keys]
    columns = list(keys)
    errors: list[exp.Expr | None] = []
    for wanted in config["aggregations"]:
        tree = _aggregate(wanted, source, errors)
        rows.append(named(tree, wanted["name"]))
        columns.append(Column(wanted["name"], type_of(tree), "count" not in wanted.get("function", "")))
    error = first_of(errors)
    query = select(rows, source.table, is_null(error) if error is not None else None)
    for key in keys:
        query.group_by(column(key.name, source.table), copy=False)
    if "having" in config:
        query.having(typed(config["having"], inputs, aggregates=True), copy=False)
    ports = {"out": Relation(query, tuple(columns), "own")}
    if error is not None:
        ports["error"] = errors_of(source, error)
    return Compiled(ports)


def _aggregate(wanted: dict[str, object], source: Input, errors: list[exp.Expr | None]) -> exp.Expr:
    label = str(wanted["name"])
    if "expression" in wanted:
        tree = typed(str(wanted["expression"]), (source,), aggregates=True)
        for aggregate in tree.find_all(exp.AggFunc):
            if isinstance(aggregate.this, exp.Expr) and not isinstance(aggregate.this, exp.Star):
                errors.append(guard(aggregate.this, label)[1])
    else:
        function = str(wanted["function"])
        argument: exp.Expr = exp.Star()
        if "column" in wanted:
            of = find(source.columns, str(wanted["column"]), source.node)
            argument = column(of.name, source.table)
        if wanted["distinct"]:
            argument = exp.Distinct(expressions=[argument])
        tree = exp.func(function, argument, dialect="postgres")
    if "where" in wanted:
        condition, error = guard(typed(str(wanted["where"]), (source,)), label)
        errors.append(error)
        tree = exp.Filter(this=tree, expression=exp.Where(this=condition))
    tree = annotate(tree, {source.table: source.columns})
    return annotate(exp.cast(tree, wide), {source.table: source.columns}) if (wide := _result_type(tree, source)) else tree


def _result_type(tree: exp.Expr, source: Input) -> str | None:
    """PostgreSQL's type of the sum of whole numbers, which engines differ about; None where there is nothing to settle."""
    total = tree.this if isinstance(tree, exp.Filter) else tree
    if isinstance(total, exp.Count):
        return "BIGINT"
    if not isinstance(total, exp.Sum):
        return None
    argument = total.this.expressions[0] if isinstance(total.this, exp.Distinct) else total.this
    of = type_of(annotate(argument.copy(), {source.table: source.columns}))
    return "BIGINT" if of in INTEGERS - {"BIGINT"} else "NUMERIC(38, 0)" if of == "BIGINT" else None


AGGREGATOR = NodeType("aggregator", "transform", "Aggregator", AggregatorConfig, (1, 1), lambda _: ("out", "error"), compile_aggregator)
