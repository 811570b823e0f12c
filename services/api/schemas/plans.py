"""What a run would do, as it is told."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.api.schemas.fields import Flag, known, time, words
from services.api.schemas.runs import PipelineName, StartRun

LONGEST_WAIT_S = 60.0


class PlanQuery(Schema):
    wait = fields.Float(
        load_default=10.0,
        validate=validate.Range(0, LONGEST_WAIT_S, error="wait is {input}; it must be a number of seconds from 0 to {max}"),
        metadata={"description": "Seconds that workers may take to look at what is not known; 0: plan from what is known"},
    )


class PlanRun(StartRun):
    """As a run is asked for; all of it may be left out."""

    requiresApproval = Flag(metadata={"description": "A run by this plan is refused (409) until somebody has approved it"})

    class Meta:
        exclude = ("planId", "fromNode")


class ApprovePlan(Schema):
    reason = words()


class Approval(Schema):
    by = fields.String(metadata={"description": "The token's name"})
    at = time()
    reason = fields.String(allow_none=True)


class Missing(Schema):
    connector = fields.String()
    nodes = fields.List(fields.String())
    why = fields.String()


class Looked(Schema):
    connector = fields.String()
    nodes = fields.List(fields.String())
    surveyedAt = time()
    ageSeconds = fields.Float()
    why = fields.String(allow_none=True, metadata={"description": "Why nobody could look more recently"})


class Statement(Schema):
    node = fields.String(allow_none=True, metadata={"description": "None for a rule set that looks at a table where it is"})
    does = fields.String(metadata={"description": "look, read, relation, table, stage, rows, rejects, write or check"})
    on = fields.String(allow_none=True, metadata={"description": "A connector, or an engine"})
    dialect = fields.String(allow_none=True)
    object = fields.String(allow_none=True, metadata={"description": "The table, path or rule set"})
    columns = fields.List(fields.String(), allow_none=True, metadata={"description": "Those that are read"})
    sql = fields.String(allow_none=True)


class PlannedStage(Schema):
    id = fields.Integer()
    kind = fields.String()
    nodes = fields.List(fields.String())
    inputs = fields.List(fields.Integer())
    generation = fields.Integer()
    engine = fields.String(allow_none=True)
    queue = fields.String()
    label = fields.String(allow_none=True)
    why = fields.List(fields.String(), metadata={"description": "Why this engine, and why the stage ends where it does"})
    estimatedRows = known()
    statements = fields.List(fields.Nested(Statement))


class PlannedSource(Schema):
    node = fields.String()
    connector = fields.String()
    object = fields.String(allow_none=True, metadata={"description": "The table, path or query"})
    columns = fields.List(fields.Raw(), allow_none=True, metadata={"description": "Name, type, and whether it may be null, of each"})
    estimatedRows = known()
    inferredFrom = fields.Integer(
        allow_none=True,
        metadata={
            "description": "The records by whose values the types were chosen; null where the source says its types. Pin them as schema"
        },
    )
    version = fields.String(allow_none=True)


class PlannedSink(Schema):
    node = fields.String()
    connector = fields.String()
    target = fields.String(allow_none=True)
    writeMode = fields.String()
    destructive = fields.Boolean(metadata={"description": "Rows that are there now will be gone"})
    schemaChanges = fields.List(fields.String())
    readBy = fields.List(fields.String(), metadata={"description": "Pipelines that read what this writes"})
    alsoWrittenBy = fields.List(fields.String())


class Plan(Schema):
    id = fields.String(metadata={"format": "uuid"})
    pipeline = fields.Nested(PipelineName)
    version = fields.Integer()
    gitCommitSha = fields.String(allow_none=True)
    parameters = fields.Dict()
    logicalDate = time()
    createdBy = fields.String(metadata={"description": "The token's name"})
    createdAt = time()
    requiresApproval = fields.Boolean(metadata={"description": "A run by it is refused until it is approved"})
    approval = fields.Nested(Approval, allow_none=True, metadata={"description": "Who approved it first; null: nobody has"})
    facts = fields.String(metadata={"description": "known; stale: only old ones are at hand; missing: columns are taken for granted"})
    missing = fields.List(fields.Nested(Missing))
    looked = fields.List(fields.Nested(Looked))
    fingerprint = fields.String(allow_none=True, metadata={"description": "Of all that the plan depends on; null where facts are missing"})
    format = fields.Integer()
    graph = fields.Dict()
    generations = fields.List(fields.List(fields.String()))
    nodes = fields.List(fields.Dict())
    stages = fields.List(fields.Nested(PlannedStage))
    pushDownShare = fields.Float(allow_none=True, metadata={"description": "Of the transforms, how many run inside a database"})
    sources = fields.List(fields.Nested(PlannedSource))
    sinks = fields.List(fields.Nested(PlannedSink))
    warnings = fields.List(fields.String())
