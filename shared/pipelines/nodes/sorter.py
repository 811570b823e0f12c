"""sorter: rows in order, NULLs where PostgreSQL has them (last ascending, first descending) unless said."""

from __future__ import annotations

from shared.pipelines.fields import count
from shared.pipelines.model import Node
from shared.pipelines.nodes.fields import sort_keys
from shared.pipelines.nodes.relations import ordered, pass_on, select
from shared.pipelines.nodes.types import Compiled, Input, NodeType, Relation, same_names
from shared.pipelines.shapes import Shape


class SorterConfig(Shape):
    by = sort_keys("Sort by", "First by the first of these", least=1, required=True)
    limit = count("Limit", "Only the first so many rows", example=100)


def compile_sorter(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    (source,) = inputs
    query = select(pass_on(source), source.table)
    query.order_by(*(ordered(key, source) for key in node.config["by"]), copy=False)
    if "limit" in node.config:
        query.limit(node.config["limit"], copy=False)
    return Compiled(
        {
            "out": Relation(query, source.columns, "fewer", rest="filtered")
            if "limit" in node.config
            else Relation(query, source.columns, "same")
        }
    )


SORTER = NodeType(
    "sorter",
    "transform",
    "Sorter",
    SorterConfig,
    (1, 1),
    lambda _: ("out", "error"),
    compile_sorter,
    description="Puts rows in order; with a limit, only the first go on",
    outgoing=same_names,
)
