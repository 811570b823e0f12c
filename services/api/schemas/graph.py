"""What pictures of a run are drawn from."""

from __future__ import annotations

from marshmallow import Schema, fields

from services.api.schemas.runs import Attempt


class GraphNode(Schema):
    id = fields.String()
    type = fields.String()
    generation = fields.Integer()
    label = fields.String(allow_none=True)
    description = fields.String(allow_none=True)


# `from` is a word of Python.
GraphEdge = Schema.from_dict(
    {
        "from": fields.String(metadata={"description": "The node whose rows go on"}),
        "port": fields.String(metadata={"description": "Its port: out, rejected, or what the node calls it"}),
        "to": fields.String(),
    },
    name="GraphEdge",
)


class Graph(Schema):
    nodes = fields.List(fields.Nested(GraphNode))
    edges = fields.List(fields.Nested(GraphEdge))


class AttemptAtStage(Attempt):
    stage = fields.Integer()
    kind = fields.String(metadata={"description": "survey, work or check"})
    engine = fields.String(allow_none=True)
    nodes = fields.List(fields.String())


class AttemptsOfRun(Schema):
    items = fields.List(fields.Nested(AttemptAtStage))
