"""validate: rows that keep all the rules go to `valid`, the others, with the first rule they break, to `invalid`.

Rules as in a DataQualityRuleSet, those of them that look at one row, and UNIQUE: of rows with one key all break it, since nothing says
which of them is the right one. Where no edge leads from `invalid`, its rows are dead letters.
"""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow import validate as validators

from shared.pipelines.fields import ByType, choice, shown
from shared.pipelines.model import Node
from shared.pipelines.nodes.row_rules import divided
from shared.pipelines.nodes.types import Compiled, Input, NodeType, same_names
from shared.pipelines.rules import RULES, Rule
from shared.pipelines.shapes import Shape

_ON_FAIL = choice("Rows that fail", ("reject_rows",), "They go to the port invalid", load_default="reject_rows")


def _of_a_row(name: str) -> type[Schema]:
    """A rule type as it stands in this node, where a row that fails is always set aside."""
    made: type[Schema] = type(f"Row{RULES[name].__name__}", (RULES[name],), {"onFail": _ON_FAIL})
    return made


ROW_RULES = {name: _of_a_row(name) for name in ("NOT_NULL", "UNIQUE", "RANGE", "REGEX", "CONSISTENCY")}
_ELSEWHERE = {
    name: "it looks at more than one row; put it into a DataQualityRuleSet of the sink" for name in RULES if name not in ROW_RULES
}


class ValidateConfig(Shape):
    rules = fields.List(
        ByType("rule", ROW_RULES, Rule, elsewhere=_ELSEWHERE),
        required=True,
        validate=validators.Length(min=1),
        metadata=shown(
            "Rules",
            "As in a DataQualityRuleSet; types that look at one row",
            [{"name": "amount-is-there", "type": "NOT_NULL", "column": "amount"}],
        ),
    )


def compile_validate(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    (source,) = inputs
    valid, invalid = divided(node.config["rules"], source)
    return Compiled({"valid": valid, "invalid": invalid})


VALIDATE = NodeType(
    "validate",
    "transform",
    "Validate",
    ValidateConfig,
    (1, 1),
    lambda _: ("valid", "invalid"),
    compile_validate,
    description="Divides rows into those that keep the rules and those that break one",
    outgoing=same_names,
    rejects=("invalid",),
)
