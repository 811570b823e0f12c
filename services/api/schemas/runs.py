"""Runs as they are asked for and told."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.api.schemas.fields import (
    MAX_BIGINT,
    MAX_INTEGER,
    MAX_PAGE,
    Flag,
    Instant,
    Paged,
    Whole,
    known,
    maybe_time,
    page_of,
    pipeline_filter,
    said,
    time,
    words,
)
from shared.runs.states import RunStatus, StageStatus

NODE_STATUSES = ("WAITING", "RUNNING", "COMPLETED", "FAILED", "SKIPPED", "RETRYING", "CANCELLED")


# What asks for runs, as `trigger.type` says it.
TRIGGERS = ("manual", "schedule", "webhook", "file", "kafka", "pipeline", "dependency", "backfill", "replay")
MOST_LABELS, LONGEST_LABEL = 20, 100
MAX_STAGED_ROWS = 10_000_000


class Statuses(fields.Field[list[str]]):
    """One status, or several by commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[str]:
        known = [status.value for status in RunStatus]
        found = [word.strip() for word in said(value).split(",")]
        wrong = [word for word in found if word not in known]
        if wrong:
            raise ValidationError(f"status is {wrong[0][:100]!r}; it must be one of {', '.join(known)}, or several by commas")
        return found


class LabelQuery(fields.Field[dict[str, str]]):
    """KEY:VALUE, or several by commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> dict[str, str]:
        pairs = [pair.partition(":") for pair in said(value).split(",")]
        if not all(key.strip() and colon for key, colon, _ in pairs):
            raise ValidationError(f"label is {value[:100]!r}; it must be KEY:VALUE, or several by commas")
        return {key.strip(): of.strip() for key, _, of in pairs}


def _filters() -> dict[str, fields.Field[Any]]:
    choices = [status.value for status in RunStatus]
    return {
        "namespace": fields.String(),
        "pipeline": pipeline_filter(),
        "status": Statuses(
            metadata={
                "type": "string",
                "pattern": f"^({'|'.join(choices)})(,({'|'.join(choices)}))*$",
                "description": f"One, or several by commas: {', '.join(choices)}",
            }
        ),
        "trigger": fields.String(
            validate=validate.OneOf(TRIGGERS, error="trigger is {input!r}; it must be one of {choices}"),
            metadata={"description": "What asked for them"},
        ),
        "label": LabelQuery(
            metadata={
                "type": "string",
                "pattern": "^[^,:]*[^,:\\s][^,:]*:[^,]*(,[^,:]*[^,:\\s][^,:]*:[^,]*)*$",
                "description": "KEY:VALUE, or several by commas: those that have all of them",
            }
        ),
        "from_": Instant(data_key="from", metadata={"type": "string", "format": "date-time", "description": "Made at or after it"}),
        "to": Instant(metadata={"type": "string", "format": "date-time", "description": "Made before it"}),
    }


RunsQuery = Paged.from_dict(_filters(), name="RunsQuery")


RunFilters = Schema.from_dict(_filters(), name="RunFilters")


class ChosenRuns(Schema):
    """By id, or all that a query finds; at most 500 at once."""

    ids = fields.List(
        fields.String(metadata={"format": "uuid"}),
        validate=validate.Length(1, MAX_PAGE, error="ids has from {min} to {max} runs"),
    )
    query = fields.Nested(RunFilters, metadata={"description": "As the list of runs is filtered; at least one filter"})
    cursor = fields.String(metadata={"description": "nextCursor of the answer before, to go on with older ones"})

    @validates_schema
    def _which(self, data: dict[str, object], **_: object) -> None:
        if ("ids" in data) == bool(data.get("query")):
            raise ValidationError("give ids, or a query with at least one filter", "ids")
        if "ids" in data and "cursor" in data:
            raise ValidationError("a cursor goes on with a query; ids have none", "cursor")


class Labels(fields.Dict):
    """key: value, short texts."""

    def __init__(self, **options: Any) -> None:
        short = validate.Length(1, LONGEST_LABEL, error="a label's name and value have from {min} to {max} characters")
        plain = validate.Regexp(r"[^,:\0]+\Z", error="a label's name holds neither comma nor colon")
        super().__init__(
            keys=fields.String(validate=[short, plain]),
            values=fields.String(validate=validate.Length(0, LONGEST_LABEL, error="a label's value has at most {max} characters")),
            **options,
        )


class StartRun(Schema):
    """All of it may be left out."""

    version = Whole(
        validate=validate.Range(1, MAX_INTEGER, error="it must be a whole number from 1 to {max}"),
        metadata={"description": "An older version; the current one where left out", "example": 3},
    )
    logicalDate = Instant(
        metadata={
            "type": "string",
            "format": "date-time",
            "description": "The time that the run is for; now where left out",
            "example": "2026-03-29T02:00:00Z",
        }
    )
    reason = words()
    fullRefresh = Flag(metadata={"description": "Sources that read what is new begin anew; refused where a sink inserts"})
    fromNode = fields.String(
        validate=validate.Length(1, 200),
        metadata={"description": "Not a new run: the newest one, which must have ended, is done again from that node on, as a retry does"},
    )
    planId = fields.String(metadata={"format": "uuid", "description": "Only as that plan says; refused where it does not hold any more"})
    parameters = fields.Dict(
        metadata={"description": "Values by name; a parameter that is left out has its default", "example": {"load_date": "2026-03-29"}}
    )

    @validates_schema
    def _only_the_plan(self, data: dict[str, object], **_: object) -> None:
        others = [name for name in ("version", "logicalDate", "parameters") if name in data]
        if "planId" in data and others:
            raise ValidationError(f"the plan says {others[0]} already; leave it out, or plan again with it", others[0])
        new = [name for name in ("planId", *others, "fullRefresh") if name in data]
        if "fromNode" in data and new:
            raise ValidationError(f"a run that is done again from a node has its own {new[0]}; leave out one of both", new[0])


class RetryRun(Schema):
    """All of it may be left out."""

    from_ = fields.String(
        data_key="from",
        load_default="failed",
        metadata={"description": "`failed`: what is not done; or a node: that, and all that comes after it, though it was done"},
    )
    keep = Flag(load_default=False, metadata={"description": "What is done after that node stays"})
    allowDuplicates = Flag(
        load_default=False,
        metadata={"description": "Insert rows again that were inserted; else that is refused (409)"},
    )
    reason = words()


class RetryRuns(RetryRun, ChosenRuns):
    """Which, and how each."""


class LabelRuns(ChosenRuns):
    set = Labels(metadata={"description": "Labels to put there"})
    remove = fields.List(fields.String(), metadata={"description": "Names of labels to take away"})

    @validates_schema
    def _something(self, data: dict[str, object], **_: object) -> None:
        if not data.get("set") and not data.get("remove"):
            raise ValidationError("say what to set, or the names of what to remove", "set")


class ChangedRun(Schema):
    run = fields.String(metadata={"format": "uuid"})
    done = fields.Boolean()
    status = fields.String(allow_none=True, metadata={"description": "What it is now; null: there is no such run"})
    detail = fields.String(allow_none=True, metadata={"description": "Why nothing was done; null where it was"})


class ChangedRuns(Schema):
    items = fields.List(fields.Nested(ChangedRun))
    done = fields.Integer()
    refused = fields.Integer()
    nextCursor = fields.String(allow_none=True, metadata={"description": "null: there are no more"})


# `with` is a word of Python.
RunDiffQuery: Any = Schema.from_dict(
    {
        "with": fields.String(
            metadata={"format": "uuid", "description": "The other run; where left out, the newest before it that succeeded"}
        )
    },
    name="RunDiffQuery",
)


class RunDifference(Schema):
    kind = fields.String(validate=validate.OneOf(("version", "parameters", "columns", "plan", "status", "rows", "duration")))
    node = fields.String(allow_none=True, metadata={"description": "null: of the whole run"})
    figure = fields.String(allow_none=True, metadata={"description": "Which figure, parameter or part of the plan"})
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)
    surprise = fields.Float(metadata={"description": "0 to 1, by which they are ranked"})
    told = fields.String(metadata={"description": "In a sentence"})


class ComparedNode(Schema):
    id = fields.String()
    before = fields.Nested("RunNode", allow_none=True)
    after = fields.Nested("RunNode", allow_none=True)


class RecipeChange(Schema):
    path = fields.String(metadata={"description": "A JSON pointer into the newer text; for what was removed, into the older one"})
    change = fields.String(validate=validate.OneOf(("added", "removed", "changed")))
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)
    node = fields.String(allow_none=True)


class RunDiff(Schema):
    """Why a run was different."""

    run = fields.Nested("RunHead")
    comparedWith = fields.Nested("RunHead")
    findings = fields.List(fields.Nested(RunDifference), metadata={"description": "The most surprising first; empty: nothing differs"})
    recipe = fields.List(
        fields.Nested(RecipeChange),
        allow_none=True,
        metadata={"description": "What differs between the versions; null: one cannot be read"},
    )
    nodes = fields.List(fields.Nested(ComparedNode), metadata={"description": "Each node of either run, with its figures in both"})


class StreamQuery(Schema):
    after = fields.Integer(
        validate=validate.Range(0, MAX_BIGINT, error="after must be a whole number from 0 to {max}"),
        metadata={"description": "As Last-Event-ID, for who cannot send headers"},
    )
    follow = fields.Boolean(load_default=True, metadata={"description": "false: what there is, as NDJSON"})


class StagedQuery(Schema):
    rows = fields.Integer(
        load_default=100_000,
        validate=validate.Range(0, MAX_STAGED_ROWS, error="rows is {input}; it must be a whole number from 0 to {max}"),
        metadata={"description": "Of each port at most; the first ones"},
    )
    wait = fields.Float(
        load_default=30.0,
        validate=validate.Range(0, 60, error="wait is {input}; it must be a number of seconds from 0 to {max}"),
        metadata={"description": "Seconds that a worker may take before the answer is 202"},
    )
    request = fields.String(metadata={"format": "uuid", "description": "One that was asked for before, as Location says it"})


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
    labels = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": "What people sort runs by"})
    reason = fields.String(allow_none=True)
    createdBy = fields.String(allow_none=True)
    requestId = fields.String(allow_none=True, metadata={"description": "X-Request-ID of the call that made it; null: no call did"})
    createdAt = time()
    startedAt = maybe_time()
    finishedAt = maybe_time()
    waitingFor = _waiting("Why a queued run does not start yet; of a running one, that no worker carries a label that it asks for")
    error = fields.Dict(allow_none=True, metadata={"description": "code, message, and the node it is charged to"})


class Progress(Schema):
    percent = fields.Float(metadata={"description": "Of its nodes, those that are COMPLETED; 100 once it has succeeded"})
    activeNodes = fields.List(fields.String())
    rowsRead = known(about="rows that the sources read, those that they rejected among them")
    rowsWritten = known()
    rowsRejected = known(about="by any node")
    estimatedFinishAt = fields.String(
        allow_none=True,
        metadata={
            "format": "date-time",
            "description": "RFC 3339, UTC, by what its stages took in the newest runs of the same version that succeeded; null where"
            " a stage that is left was not seen there, or runs longer than it ever did",
        },
    )


class NodeHead(Schema):
    id = fields.String()
    type = fields.String()
    status = fields.String(validate=validate.OneOf(NODE_STATUSES))
    generation = fields.Integer()
    stage = known(about="null until there is a plan")
    engine = fields.String(allow_none=True)
    engineWhy = fields.String(allow_none=True, metadata={"description": "Why it is computed there; null until there is a plan"})
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
    reusedFrom = fields.String(
        allow_none=True, metadata={"description": "The run that computed its rows (`cache: true`); null where this one did"}
    )


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
    table = fields.String(metadata={"description": "What it makes: the node's output, or a port of it; a source first asks its database"})
    sql = fields.String(metadata={"description": "In the dialect of what runs it"})


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

    next = Whole(validate=validate.Range(-MAX_BIGINT, MAX_BIGINT), metadata={"description": "The number where the next run begins"})
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
