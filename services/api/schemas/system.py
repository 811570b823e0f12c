"""The installation, as it is now."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.api.schemas.fields import known, time


class Process(Schema):
    name = fields.String()
    service = fields.String(metadata={"description": "scheduler, worker or quality"})
    labels = fields.List(fields.String(), metadata={"description": "What stages can ask for"})
    slots = fields.Integer(metadata={"description": "Stages that it runs at once; a scheduler runs none"})
    busy = fields.Integer(metadata={"description": "Stages that it runs now"})
    memoryBytes = known(about="What one slot may use; null: it runs no stages")
    version = fields.String()
    dropped = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata={"description": "What it could not tell of runs since it began, by kind"}
    )
    leads = fields.Boolean(metadata={"description": "It is the scheduler that sweeps and tidies"})
    startedAt = time()
    seenAt = time()


class Queue(Schema):
    name = fields.String()
    depth = fields.Integer(metadata={"description": "How many wait"})


class OpenRuns(Schema):
    queued = fields.Integer(metadata={"description": "They wait for their turn"})
    dependent = fields.Integer(metadata={"description": "They wait for other pipelines"})
    running = fields.Integer()
    oldestSeconds = known(fields.Float, about="For how long the first in the queue has waited; null: none waits")


class OpenStages(Schema):
    released = fields.Integer(metadata={"description": "They wait for a worker"})
    running = fields.Integer()
    retrying = fields.Integer()


class OpenBreaker(Schema):
    connector = fields.String()
    state = fields.String(validate=validate.OneOf(("open", "half-open")))
    failures = fields.Integer(metadata={"description": "In a row"})
    error = fields.String(allow_none=True)


class Versions(Schema):
    penstock = fields.String(metadata={"description": "Of the API that answers"})
    python = fields.String()
    postgresql = fields.String()
    redis = fields.String(allow_none=True, metadata={"description": "null: it is away"})
    # marshmallow takes fields off the class.
    schema = fields.String(allow_none=True, metadata={"description": "The newest migration of the store; null: it may not be read"})


class Plugin(Schema):
    family = fields.String(metadata={"description": "nodes, connectors, dialects …"})
    name = fields.String()
    package = fields.String()
    version = fields.String()
    refused = fields.String(allow_none=True, metadata={"description": "why it is not used; null where it is"})


class System(Schema):
    services = fields.List(fields.Nested(Process), metadata={"description": "Those that were heard of within 15 s"})
    leader = fields.String(allow_none=True, metadata={"description": "The scheduler that leads; null: none does"})
    queues = fields.List(fields.Nested(Queue), allow_none=True, metadata={"description": "Of the broker; null: it is away"})
    runs = fields.Nested(OpenRuns)
    stages = fields.Nested(OpenStages)
    breakersOpen = fields.List(
        fields.Nested(OpenBreaker), allow_none=True, metadata={"description": "Of connectors that the caller may see; null: Redis is away"}
    )
    versions = fields.Nested(Versions)
    plugins = fields.List(fields.Nested(Plugin), metadata={"description": "What other packages add"})
