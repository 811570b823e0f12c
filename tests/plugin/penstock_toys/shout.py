"""shout: a text column in capitals, with an exclamation mark."""

from __future__ import annotations

from sqlglot import exp

from shared.pipelines.model import Node
from shared.pipelines.nodes.fields import column as column_name
from shared.pipelines.nodes.relations import column, find, named, pass_on, select
from shared.pipelines.nodes.types import Compiled, Input, NodeType, Relation, same_names
from shared.pipelines.shapes import Shape


class ShoutConfig(Shape):
    column = column_name("Column", "That is shouted", required=True, example="name")


def compile_shout(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    (source,) = inputs
    of = find(source.columns, node.config["column"], source.node)
    loud = exp.DPipe(this=exp.Upper(this=column(of.name, source.table)), expression=exp.Literal.string("!"))
    rows = [named(loud, of.name) if one.alias_or_name == of.name else one for one in pass_on(source)]
    return Compiled({"out": Relation(select(rows, source.table), source.columns, "same")})


SHOUT = NodeType(
    "shout",
    "transform",
    "Shout",
    ShoutConfig,
    (1, 1),
    lambda _: ("out",),
    compile_shout,
    description="Says a text aloud",
    outgoing=same_names,
)
