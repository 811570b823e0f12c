"""deduplicate: of the rows with the same keys one goes on, the others go to `duplicates`. NULLs are equal to one another here.

Which one is settled: first or last by orderBy, then by the remaining columns in their order, so that two runs keep the same row.
"""

from __future__ import annotations

from marshmallow import fields, validate
from sqlglot import exp

from shared.pipelines.fields import shown
from shared.pipelines.model import Node
from shared.pipelines.nodes.fields import columns, sort_keys
from shared.pipelines.nodes.relations import column, find, numbered, ordered
from shared.pipelines.nodes.types import Compiled, Input, NodeType, Relation, same_names
from shared.pipelines.shapes import Shape

_PLACE = "__place"


class DeduplicateConfig(Shape):
    keys = columns("Keys", "The columns that say which rows are the same", least=1, required=True, example=["customer_id"])
    orderBy = sort_keys("Order", "Of rows with the same keys", load_default=list)
    keep = fields.String(
        load_default="first", validate=validate.OneOf(("first", "last")), metadata=shown("Keep", "Which of them, in that order")
    )


def compile_deduplicate(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    (source,) = inputs
    keys = [find(source.columns, key, source.node) for key in node.config["keys"]]
    asked = [ordered(key, source) for key in node.config["orderBy"]]
    settled = {key.name for key in keys} | {key["column"] for key in node.config["orderBy"]}
    rest = [ordered({"column": c.name, "direction": "asc"}, source) for c in source.columns if c.name not in settled]
    order = [*asked, *rest]
    if node.config["keep"] == "last":
        for key in order:
            key.set("desc", not key.args.get("desc"))
            key.set("nulls_first", not key.args.get("nulls_first"))
    place = exp.Window(
        this=exp.RowNumber(),
        partition_by=[column(key.name, source.table) for key in keys],
        order=exp.Order(expressions=order) if order else None,
    )
    first = exp.EQ(this=column(_PLACE, source.table), expression=exp.Literal.number(1))
    return Compiled(
        {
            "out": Relation(numbered(source, place, _PLACE, first), source.columns, "own"),
            "duplicates": Relation(
                numbered(source, place.copy(), _PLACE, exp.not_(first.copy())), source.columns, "own", aside="duplicates"
            ),
        }
    )


DEDUPLICATE = NodeType(
    "deduplicate",
    "transform",
    "Deduplicate",
    DeduplicateConfig,
    (1, 1),
    lambda _: ("out", "duplicates", "error"),
    compile_deduplicate,
    description="Keeps one of the rows that have the same keys",
    outgoing=same_names,
)
