"""Runs as they are asked for and told."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.api.schemas.fields import MAX_BIGINT, MAX_INTEGER, Instant, Paged, known, maybe_time, page_of, time, words
from shared.runs.states import RunStatus, StageStatus

NODE_STATUSES = ("WAITING", "RUNNING", "COMPLETED", "FAILED", "SKIPPED", "RETRYING", "CANCELLED")


class RunsQuery(Paged):
    namespace = fields.String()
    pipeline = fields.String()
    status = fields.String(
        validate=validate.OneOf([status.value for status in RunStatus], error="status is {input!r}; it must be one of {choices}")
    )


class StartRun(Schema):
    """All of it may be left out."""

    version = fields.Integer(
        strict=True,
        validate=validate.Range(1, MAX_INTEGER, error="it must be a whole number from 1 to {max}"),
        metadata={"description": "An older version; the current one where left out"},
    )
    logicalDate = Instant(
        metadata={"type": "string", "format": "date-time", "description": "The time that the run is for; now where left out"}
    )
    reason = words()
    fullRefresh = fields.Boolean(
        truthy={True}, falsy={False}, metadata={"description": "Sources that read what is new begin anew; refused where a sink inserts"}
    )
    planId = fields.String(metadata={"format": "uuid", "description": "Only as that plan says; refused where it does not hold any more"})
    parameters = fields.Dict(metadata={"description": "Values by name; a parameter that is left out has its default"})

    @validates_schema
    def _only_the_plan(self, data: dict[str, object], **_: object) -> None:
        others = [name for name in ("version", "logicalDate", "parameters") if name in data]
        if "planId" in data and others:
            raise ValidationError(f"the plan says {others[0]} already; leave it out, or plan again with it", others[0])


class RetryRun(Schema):
    """All of it may be left out."""

    from_ = fields.String(
        data_key="from",
        load_default="failed",
        metadata={"description": "`failed`: what is not done; or a node: that, and all that comes after it, though it was done"},
    )
    keep = fields.Boolean(load_default=False, truthy={True}, falsy={False}, metadata={"description": "What is done after that node stays"})
    allowDuplicates = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "Insert rows again that were inserted; else that is refused (409)"},
    )
    reason = words()


class StreamQuery(Schema):
    after = fields.Integer(
        validate=validate.Range(0, MAX_BIGINT, error="after must be a whole number from 0 to {max}"),
        metadata={"description": "As Last-Event-ID, for who cannot send headers"},
    )
    follow = fields.Boolean(load_default=True, metadata={"description": "false: what there is, as NDJSON"})


def _waiting(about: str) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(), values=fields.String(), allow_none=True, metadata={"description": f"{{reason, detail}}. {about}"}
    )


class PipelineName(Schema):
    namespace = fields.String()
    name = fields.String()


class RunHead(Schema):
    id = fields.String(metadata={"format": "uuid"})
    pipeline = fields.Nested(PipelineName)
    version = fields.Integer()
    gitCommitSha = fields.String(allow_none=True)
    status = fields.String(validate=validate.OneOf([status.value for status in RunStatus]))
    trigger = fields.Dict()
    parameters = fields.Dict(metadata={"description": "All of them, defaults too; dates and timestamps as text"})
    logicalDate = maybe_time()
    dataIntervalStart = maybe_time()
    dataIntervalEnd = maybe_time()
    reason = fields.String(allow_none=True)
    createdBy = fields.String(allow_none=True)
    requestId = fields.String(allow_none=True, metadata={"description": "X-Request-ID of the call that made it; null: no call did"})
    createdAt = time()
    startedAt = maybe_time()
    finishedAt = maybe_time()
    waitingFor = _waiting("Why a queued run does not start yet; of a running one, that no worker carries a label that it asks for")
    error = fields.Dict(allow_none=True, metadata={"description": "code, message, and the node it is charged to"})


class Progress(Schema):
    percent = fields.Float()
    activeNodes = fields.List(fields.String())
    rowsRead = known()
    rowsWritten = known()
    rowsRejected = known()
    estimatedFinishAt = maybe_time()


class NodeHead(Schema):
    id = fields.String()
    type = fields.String()
    status = fields.String(validate=validate.OneOf(NODE_STATUSES))
    generation = fields.Integer()
    stage = known(about="null until there is a plan")
    engine = fields.String(allow_none=True)
    rowsIn = known()
    rowsOut = known()
    rowsRejected = known()
    rowsInserted = known()
    rowsUpdated = known()
    rowsUnchanged = known()
    rowsDeleted = known()
    ledger = fields.Dict(
        keys=fields.String(),
        values=known(about="null: not counted"),
        allow_none=True,
        metadata={"description": "Where rows in and rows out differ: filtered, skipped, merged, duplicates, fanOut, copies, query …"},
    )
    balanced = known(fields.Boolean, about="rowsIn = rowsOut + rowsRejected + the ledger's terms; null where one is not counted")
    durationMs = known(about="null where the stage computed several nodes at once")
    error = fields.Dict(allow_none=True)


class RunNode(NodeHead):
    attempts = fields.Integer()


class LedgerTerm(Schema):
    term = fields.String(metadata={"description": "out, rejected, and what the node does: filtered, merged, fanOut …"})
    rows = known(about="null: not counted; negative: rows that came to be in the node")
    told = fields.String(metadata={"description": "In words"})


class LedgerNode(Schema):
    id = fields.String()
    type = fields.String()
    status = fields.String(validate=validate.OneOf(NODE_STATUSES))
    rowsIn = known(about="null: not counted")
    terms = fields.List(fields.Nested(LedgerTerm))
    balanced = known(fields.Boolean, about="null where something is not counted")
    problem = fields.String(allow_none=True, metadata={"description": "What contradicts the rest"})


class Ledger(Schema):
    """What became of every row."""

    run = fields.String(metadata={"format": "uuid"})
    balanced = known(fields.Boolean, about="false where a node does not balance; null where one is not counted whole, or has not ended")
    nodes = fields.List(fields.Nested(LedgerNode))


class RunStage(Schema):
    id = fields.Integer()
    kind = fields.String(metadata={"description": "survey, work or check"})
    engine = fields.String(allow_none=True)
    nodes = fields.List(fields.String())
    inputs = fields.List(fields.Integer(), metadata={"description": "Stages that must be COMPLETED before it starts"})
    generation = fields.Integer()
    status = fields.String(validate=validate.OneOf([status.value for status in StageStatus]))
    epoch = fields.Integer(metadata={"description": "How often it was released"})
    waitingFor = _waiting("Why a stage of a running run has not begun: inputs, parallelism, connector, breaker, retry or worker")
    retries = fields.Integer()
    rerun = fields.Integer(metadata={"description": "How often what it had written was asked for again"})
    retryAt = maybe_time()
    durationMs = known()
    peakMemoryBytes = known()
    worker = fields.String(allow_none=True)
    error = fields.Dict(allow_none=True)


class Attempt(Schema):
    epoch = fields.Integer()
    worker = fields.String()
    startedAt = maybe_time()
    finishedAt = maybe_time()
    outcome = fields.String(allow_none=True, metadata={"description": "null while it runs"})
    error = fields.Dict(allow_none=True)


class NodeStatement(Schema):
    table = fields.String(metadata={"description": "What it makes: the node's output, or a port of it"})
    sql = fields.String(metadata={"description": "In the engine's dialect"})


class ColumnFigures(Schema):
    name = fields.String()
    type = fields.String()
    rows = fields.Integer()
    nulls = known()
    min = fields.Raw(allow_none=True)
    max = fields.Raw(allow_none=True)
    distinct = known()


class NodeSample(Schema):
    port = fields.String()
    epoch = fields.Integer(metadata={"description": "Of the attempt that saw them"})
    rows = fields.List(fields.Dict(), metadata={"description": "The first rows; secret-looking columns are masked"})
    profile = fields.List(fields.Nested(ColumnFigures), allow_none=True, metadata={"description": "Of staged outputs; null for others"})
    at = time()


class NodeOfRun(NodeHead):
    attempts = fields.List(fields.Nested(Attempt))
    inStage = fields.Nested(RunStage, allow_none=True)
    sql = fields.List(fields.Nested(NodeStatement))
    samples = fields.List(fields.Nested(NodeSample))
    errors = fields.List(fields.Dict())


class SequenceState(Schema):
    node = fields.String()
    next = fields.Integer(metadata={"description": "The first number of the next run"})
    heldBy = fields.String(allow_none=True, metadata={"format": "uuid", "description": "The run that numbers now"})
    updatedAt = time()


class CursorState(Schema):
    node = fields.String()
    value = fields.String(
        allow_none=True, metadata={"description": "Where the next run begins, as text; null: where the recipe says, or at the first row"}
    )
    remembered = fields.Integer(metadata={"description": "Rows at or before it that the next run leaves out, should it see them again"})
    heldBy = fields.String(allow_none=True, metadata={"format": "uuid", "description": "The run that reads now"})
    updatedAt = time()


class PipelineState(Schema):
    sequences = fields.List(fields.Nested(SequenceState))
    cursors = fields.List(fields.Nested(CursorState))


class SetState(Schema):
    """One of both: `next` for a node that numbers, `cursor` for one that reads what is new."""

    next = fields.Integer(
        strict=True, validate=validate.Range(-MAX_BIGINT, MAX_BIGINT), metadata={"description": "The number where the next run begins"}
    )
    cursor = fields.String(validate=validate.Length(1, 1000), metadata={"description": "The next run reads what comes after this value"})

    @validates_schema
    def _one(self, data: dict[str, object], **_: object) -> None:
        if len(data) != 1:
            raise ValidationError("give next for a node that numbers rows, or cursor for one that reads what is new", "next")


class RunQuality(Schema):
    dataset = fields.String()
    ruleSet = fields.String(allow_none=True, metadata={"description": "null: a profile only"})
    scope = fields.String(metadata={"description": "batch: the rows of this run; dataset: all that is there"})
    score = fields.Float(allow_none=True, metadata={"description": "0 to 100; null where no rule was measured"})
    # marshmallow takes fields off the class, so that its own attribute of this name stays what it is.
    partial = fields.Boolean(  # type: ignore[assignment]
        metadata={"description": "Rules that could not be measured are not in the score"}
    )
    passed = fields.Integer(metadata={"description": "Rules, those that are still learning among them"})
    failed = fields.Integer()
    errors = fields.Integer(metadata={"description": "Rules that could not be measured"})
    rows = known(about="That were looked at")
    stage = fields.Integer(metadata={"description": "The check: GET /checks/{run}/{stage}"})


class Run(RunHead):
    progress = fields.Nested(Progress)
    nodes = fields.List(fields.Nested(RunNode))
    stages = fields.List(fields.Nested(RunStage))
    quality = fields.List(fields.Nested(RunQuality))
    balanced = known(fields.Boolean, about="Every node's books balance; null where something is not counted, or not yet")
    lastSeq = fields.Integer(metadata={"description": "Number of the newest event"})


RunPage = page_of(RunHead, "RunPage")
