"""sequence_generator: a column of whole numbers, one for each row, as a surrogate key.

Rows are numbered in the order of orderBy, then of all columns, so that two runs give the same row the same number. A persistent
sequence goes on from the last run of its pipeline: whoever plans a run says in `start` where (`shared.planning.sequences`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from shared.datasets import Column
from shared.pipelines.fields import flag, text, whole
from shared.pipelines.model import Node
from shared.pipelines.nodes.fields import sort_keys
from shared.pipelines.nodes.relations import named, ordered, pass_on, select
from shared.pipelines.nodes.types import Compiled, Input, Names, NodeType, Relation
from shared.pipelines.shapes import Shape
from shared.sql.errors import SqlProblem


class SequenceConfig(Shape):
    column = text("Column", "That is made", required=True, example="customer_key")
    start = whole("Start", "The first number", load_default=1, example=1)
    increment = whole("Increment", "From one number to the next", load_default=1, example=1)
    orderBy = sort_keys("Order", "In which rows are numbered", load_default=list)
    persistent = flag("Persistent", "Goes on from the last run, without gaps and repeats", load_default=True)


def outgoing(config: Mapping[str, Any], inputs: Sequence[Names]) -> tuple[str, ...] | None:
    return (*inputs[0].names, config["column"]) if inputs and inputs[0].names is not None else None


def compile_sequence(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    (source,) = inputs
    config = node.config
    made = config["column"]
    if made in {c.name for c in source.columns}:
        raise SqlProblem(f"column {made} comes in already; choose another name for the sequence")
    asked = {key["column"] for key in config["orderBy"]}
    order = [ordered(key, source) for key in config["orderBy"]]
    order += [ordered({"column": c.name, "direction": "asc"}, source) for c in source.columns if c.name not in asked]
    place = exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=order))
    steps = exp.paren(exp.Sub(this=place, expression=exp.Literal.number(1)), copy=False)
    value = exp.Add(this=_number(config["start"]), expression=exp.Mul(this=steps, expression=_number(config["increment"])))
    rows = [*pass_on(source), named(exp.cast(value, "BIGINT"), made)]
    return Compiled({"out": Relation(select(rows, source.table), (*source.columns, Column(made, "BIGINT", False)), "same")})


def _number(value: int) -> exp.Expr:
    return exp.cast(exp.convert(value), "BIGINT")


SEQUENCE_GENERATOR = NodeType(
    "sequence_generator",
    "transform",
    "Sequence generator",
    SequenceConfig,
    (1, 1),
    lambda _: ("out", "error"),
    compile_sequence,
    description="Numbers rows, for surrogate keys",
    outgoing=outgoing,
)
