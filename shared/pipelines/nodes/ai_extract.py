"""ai_extract: columns that a language model reads out of a text column. No engine runs it yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields, validate

from shared.pipelines.fields import prose, shown, text
from shared.pipelines.nodes.types import Names, NodeType
from shared.pipelines.shapes import Shape
from shared.pipelines.sql_fields import Type, column


class AiExtractConfig(Shape):
    column = column("Column", "The text that is read", required=True, example="complaint")
    schema = fields.Dict(
        keys=fields.String(validate=validate.Length(min=1)),
        values=Type(),
        required=True,
        validate=validate.Length(min=1),
        metadata=shown("Schema", "The columns that are made, with their types", {"product": "TEXT", "severity": "INTEGER"}),
    )
    instructions = prose("Instructions", "What the model is told beside the schema", example="severity is 1 to 5")
    model = text("Model", "As the endpoint calls it; its default where left out", example="gpt-4o-mini")


def outgoing(config: Mapping[str, Any], inputs: Sequence[Names]) -> tuple[str, ...] | None:
    known = inputs[0].names if inputs else None
    return tuple(dict.fromkeys((*known, *config["schema"]))) if known is not None else None


AI_EXTRACT = NodeType(
    "ai_extract",
    "transform",
    "AI extraction",
    AiExtractConfig,
    (1, 1),
    lambda _: ("out", "error"),
    description="Columns that a language model reads out of a text",
    outgoing=outgoing,
    runs=False,
)
