"""aggregator: one row for each group. Groups are made as SQL makes them: NULL is a group of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields, validate
from sqlglot import exp

from shared.datasets import Column
from shared.pipelines.fields import choice, duration, flag, part, parts, shown, text
from shared.pipelines.model import Node
from shared.pipelines.nodes.fields import Expression, columns
from shared.pipelines.nodes.fields import column as column_name
from shared.pipelines.nodes.relations import column, errors_of, find, is_null, named, select, typed
from shared.pipelines.nodes.types import Compiled, Input, Names, NodeType, Relation
from shared.pipelines.nodes.windows import END, START, windowed, without_time
from shared.pipelines.shapes import ExactlyOne, Needs, Shape
from shared.sql.errors import SqlProblem
from shared.sql.row_errors import first_of, guard
from shared.sql.typing import INTEGERS, annotate, type_of

FUNCTIONS = ("count", "sum", "avg", "min", "max", "stddev", "variance")


class Aggregation(Shape):
    name = text("Column", "That is made", required=True, example="total")
    function = fields.String(validate=validate.OneOf(FUNCTIONS), metadata=shown("Function", "Over the rows of a group", "sum"))
    expression = Expression(
        aggregates=True, metadata=shown("Expression", "Over aggregates, instead of a function", "SUM(amount) / COUNT(*)")
    )
    column = column_name("Of column", "Left out with count: rows are counted", example="amount")
    distinct = flag("Distinct values only", load_default=False)
    where = Expression(metadata=shown("Only rows for which this is true", example="amount > 0"))

    together = (
        ExactlyOne(("function", "expression")),
        *(Needs("function", (name,), "column", f"{name} needs column") for name in FUNCTIONS if name != "count"),
    )


class Window(Shape):
    type = choice("Type", ("tumbling", "sliding", "session"), "Slices of time, overlapping slices, or bursts", required=True)
    timeColumn = column_name("Time column", "When it happened", required=True, example="called_at")
    size = duration("Size", "Of a tumbling or sliding window", example="5m")
    slide = duration("Slide", "From one sliding window to the next", example="1m")
    gap = duration("Gap", "So much silence ends a session", example="30m")
    watermark = duration("Watermark", "How late a row may come", load_default=0)

    together = (
        Needs("type", ("tumbling", "sliding"), "size", "a tumbling or sliding window needs size"),
        Needs("type", ("sliding",), "slide", "a sliding window needs slide"),
        Needs("type", ("session",), "gap", "a session window needs gap"),
    )


class AggregatorConfig(Shape):
    groupBy = columns("Group by", "One row for each combination; one row in all where empty", load_default=list, example=["region"])
    aggregations = parts(Aggregation, "Aggregations", "What is computed of each group", required=True)
    having = Expression(aggregates=True, metadata=shown("Keep groups for which this is true", example="COUNT(*) > 1"))
    window = part(Window, "Window", "Groups by time as well; each has the columns window_start and window_end")


def outgoing(config: Mapping[str, Any], inputs: Sequence[Names]) -> tuple[str, ...]:
    window = (START, END) if "window" in config else ()
    return (*config["groupBy"], *window, *(wanted["name"] for wanted in config["aggregations"]))


def compile_aggregator(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    (source,) = inputs
    config = node.config
    keys = [find(source.columns, key, source.node) for key in config["groupBy"]]
    errors: list[exp.Expr | None] = [without_time(config["window"], source)] if "window" in config else []
    rows: list[exp.Expr] = []
    columns: list[Column] = []
    for wanted in config["aggregations"]:
        tree = _aggregate(wanted, source, errors)
        rows.append(named(tree, wanted["name"]))
        columns.append(Column(wanted["name"], type_of(tree), "count" not in wanted.get("function", "")))
    error = first_of(errors)
    good = is_null(error) if error is not None else None
    window = windowed(config["window"], source, keys, good) if "window" in config else None
    made = window.made if window is not None else ()
    rows = [*(column(key.name, source.table) for key in keys), *(named(tree, c.name) for tree, c in made), *rows]
    columns = [*keys, *(c for _, c in made), *columns]
    twice = next((c.name for c in columns if [other.name for other in columns].count(c.name) > 1), None)
    if twice is not None:
        raise SqlProblem(f"column {twice} would be there twice; give the aggregation another name", node=node.id)
    query = select(rows, source.table, good if window is None else None)
    for key in keys:
        query.group_by(column(key.name, source.table), copy=False)
    if window is not None:
        query.from_(window.rows, copy=False).group_by(window.group, copy=False)
    if "having" in config:
        query.having(typed(config["having"], inputs, aggregates=True), copy=False)
    ports = {"out": Relation(query, tuple(columns), "own", rest="fanOut" if window is not None and window.overlap else "merged")}
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


AGGREGATOR = NodeType(
    "aggregator",
    "transform",
    "Aggregator",
    AggregatorConfig,
    (1, 1),
    lambda _: ("out", "error"),
    compile_aggregator,
    description="Summarises rows into groups",
    outgoing=outgoing,
)
