"""filter: rows for which a condition is true go on; the others (false or NULL) go to `rejected` and count as filtered."""

from __future__ import annotations

from typing import Any

from marshmallow import validates_schema
from sqlglot import exp

from shared.pipelines.fields import shown
from shared.pipelines.model import Node
from shared.pipelines.nodes.languages import EitherExpression, computed, language, refuse_unreadable, unreadable
from shared.pipelines.nodes.relations import errors_of, is_null, pass_on, select
from shared.pipelines.nodes.types import Compiled, Input, NodeType, Relation, same_names
from shared.pipelines.shapes import Shape
from shared.sql.errors import SqlProblem
from shared.sql.typing import UNKNOWN


class FilterConfig(Shape):
    condition = EitherExpression(required=True, metadata=shown("Condition", "Rows for which it is true go on", "status <> 'TEST'"))
    language = language()

    @validates_schema
    def _readable(self, data: dict[str, Any], **_: Any) -> None:
        if wrong := unreadable(data["condition"], data["language"]):
            refuse_unreadable({"condition": wrong})


def compile_filter(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    (source,) = inputs
    condition = computed(node, node.config["condition"], source, "condition")
    if condition.type not in {"BOOLEAN", UNKNOWN}:
        raise SqlProblem(f"the condition {node.config['condition']!r} gives {condition.type}, not true or false", node=node.id)
    safe, error = condition.tree, condition.error
    no_error = [is_null(error)] if error is not None else []
    untrue = exp.Not(this=exp.Coalesce(this=safe.copy(), expressions=[exp.false()]))
    ports = {
        # The safe condition may be true where the real one failed: CAST(x AS INTEGER) IS NULL.
        "out": Relation(select(pass_on(source), source.table, exp.and_(safe, *no_error)), source.columns, "fewer"),
        "rejected": Relation(select(pass_on(source), source.table, exp.and_(untrue, *no_error)), source.columns, "fewer", aside="filtered"),
    }
    if error is not None:
        ports["error"] = errors_of(source, error)
    return Compiled(ports)


FILTER = NodeType(
    "filter",
    "transform",
    "Filter",
    FilterConfig,
    (1, 1),
    lambda _: ("out", "rejected", "error"),
    compile_filter,
    description="Lets the rows go on for which a condition is true",
    outgoing=same_names,
)
