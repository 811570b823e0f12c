"""kind: Pipeline. The settings of a pipeline, its nodes (without their config, which is the node type's) and its edges."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marshmallow import fields, validate, validates_schema
from marshmallow.exceptions import ValidationError

from shared.pipelines.fields import (
    ByType,
    CheckedByType,
    choice,
    count,
    duration,
    flag,
    later,
    mapping,
    name,
    number,
    part,
    parts,
    prose,
    seconds,
    shown,
    text,
    words,
)
from shared.pipelines.kinds import execution
from shared.pipelines.kinds.fields import RETRY_ON, retry_on
from shared.pipelines.kinds.triggers import TRIGGERS, Notification, Trigger
from shared.pipelines.model import MAIN_PORT
from shared.pipelines.shapes import AtLeastOne, OneIsFilled, Shape
from shared.triggers.fires import timetable
from shared.triggers.schedule import BadSchedule, schedule

NODE_ID = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})\Z"
PARAMETER_TYPES = ("string", "integer", "number", "boolean", "date", "timestamp", "list")

# Any day does to see whether a schedule ever fires; one that is always the same says the same of a recipe for ever.
_TODAY = datetime(2026, 1, 1, tzinfo=UTC)

# Settings that a node may have for itself; the others are the pipeline's alone.
NODE_POLICY = ("retries", "retryDelay", "retryBackoffMultiplier", "retryMaxDelay", "retryOn")


def _zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValidationError(f"'{name}' is no time zone; use an IANA name such as Europe/Warsaw") from error


def _schedule(value: str) -> None:
    try:
        schedule(value)
    except BadSchedule as error:
        raise ValidationError(error.message) from error
    if next(timetable(value, "UTC").fires(_TODAY), None) is None:
        raise ValidationError(f"'{value}' never fires; all its days are public holidays, which it skips")


class ParameterSpec(Shape):
    name = fields.String(
        required=True,
        validate=validate.Regexp(r"[A-Za-z_][A-Za-z0-9_]{0,62}\Z", error="must be a letter or '_', then letters, digits and '_'"),
        metadata=shown("Name", "What templates and expressions call it", "load_date", templates="never"),
    )
    type = choice("Type", PARAMETER_TYPES, "What values it takes", load_default="string", templates="never")
    default = fields.Raw(
        allow_none=True, metadata=shown("Default", "Its value where a run says none; a template is evaluated then", "{{yesterday}}")
    )
    required = flag("Required", "A run must say it", load_default=False, templates="never")
    description = prose("Description", example="The day to load")


class RejectLimit(Shape):
    maxRows = count("Most rejected rows", example=100)
    maxPercent = number("Largest share of rejected rows, in percent", most=100, example=5)
    minRows = count("Rows from which on the share counts", load_default=0, example=1000)

    together = (AtLeastOne(("maxRows", "maxPercent")),)


class NodeSpec(Shape):
    """`config` is checked by the node type's own schema."""

    id = fields.String(
        required=True,
        validate=validate.Regexp(NODE_ID, error="must be 1 to 63 letters, digits, '-' and '_', and not begin with '-'"),
        metadata=shown("Id", "Unique within the pipeline; edges and SQL name the node by it", "read-orders", templates="never"),
    )
    type = text("Type", "What the node does", required=True, templates="never", example="filter")
    label = prose("Label", "What people see", example="Read orders")
    description = prose("Description", example="All orders of the day")
    config = CheckedByType(load_default=dict, metadata=shown("Configuration", "The settings of the node's type"))
    masterData = flag("Master data", "Runs before all others; any node's SQL may name it", load_default=False, templates="never")
    onError = choice(
        "Rows that fail",
        ("route", "skip", "fail"),
        "To the error port or the dead letters (route), dropped but counted (skip), or the first one fails the node (fail)",
        load_default="route",
    )
    rejectLimit = part(RejectLimit, "Reject limit", "The node fails, and nothing is written, where more rows than this are rejected")
    retries = execution.retries()
    retryDelay = execution.retry_delay()
    retryBackoffMultiplier = execution.retry_growth()
    retryMaxDelay = execution.retry_longest()
    retryOn = retry_on()
    timeout = seconds("Longest duration", "Of one attempt at the stage that computes this node", least=1, example=600)
    resources = part(execution.Resources, "Resources", "What this node may use")
    worker = execution.worker()
    cache = flag(
        "Cache",
        "Its output is kept, and later runs reuse it while version, parameters and the files that it is made of are the same",
        load_default=False,
        templates="never",
    )


class EdgeSpec(Shape):
    """`from: split.rejected` is the same as `from: split` with `output: rejected`; `ends` reads both."""

    source = text(
        "From", "The upstream node; split.rejected names a port too", data_key="from", required=True, templates="never", example="read"
    )
    target = text("To", "The downstream node", data_key="to", required=True, templates="never", example="keep")
    output = text("Port", "Of the upstream node; its main one where left out", templates="never", example="rejected")
    columns = words("Columns", "Only these go on; all where left out", least=1, example=["id", "amount"])

    @validates_schema
    def _one_port(self, data: dict[str, Any], **_: Any) -> None:
        _, dot, port = data["source"].partition(".")
        if dot and data.get("output", port) != port:
            raise ValidationError(f"'from' names the port {port} and 'output' the port {data['output']}; name it once", "output")


class PipelineSpec(Shape):
    description = prose("Description", example="Loads the orders of the day")
    labels = mapping("Labels", example={"team": "sales"})
    schedule = fields.String(
        validate=_schedule,
        metadata=shown(
            "Schedule",
            "Five cron fields, or @hourly, @daily, @weekly, @monthly, @yearly; !PL_HOLIDAY after them skips Polish public holidays,"
            " !XX_HOLIDAY those of another country, !NAME the days of a Calendar",
            "0 2 * * 1-5 !PL_HOLIDAY",
            templates="never",
        ),
    )
    timezone = fields.String(
        load_default="Europe/Warsaw",
        validate=_zone,
        metadata=shown("Time zone", "An IANA name; of the schedule and of dates in templates", "Europe/Warsaw", templates="never"),
    )
    enabled = flag("Enabled", "Whether it starts by itself; by hand it can always be run", load_default=True, templates="never")
    parameters = parts(ParameterSpec, "Parameters", "What a run can be told", load_default=list)
    timeout = seconds("Longest duration", "Of a whole run; past it the run is cancelled", least=1, load_default=3600, example=3600)
    retries = execution.retries(load_default=3)
    retryDelay = execution.retry_delay(load_default=300)
    retryBackoffMultiplier = execution.retry_growth(load_default=2.0)
    retryMaxDelay = execution.retry_longest(load_default=1800)
    retryOn = retry_on(load_default=lambda: list(RETRY_ON))
    concurrencyPolicy = choice(
        "When the last run is still going",
        ("Allow", "Forbid", "Replace"),
        "Run beside it, wait or be skipped, or end it",
        load_default="Forbid",
        templates="never",
    )
    catchUp = choice(
        "Missed fire times",
        ("none", "last", "all"),
        "What is run of those missed while nothing was up",
        load_default="last",
        templates="never",
    )
    jitterSeconds = seconds("Jitter", "A random delay that spreads starts out", load_default=0, example=30)
    maxParallelNodes = count("Nodes at once", "Of one run; nodes that run as one count as one", least=1, example=8)
    processingMode = choice(
        "Engine",
        ("auto", "duckdb", "dataframe", "pandas", "dask"),
        "Of what is not pushed down; dataframe takes pandas for few rows and Dask for many, node by node",
        later=("spark",),
        load_default="auto",
    )
    worker = execution.worker()
    resources = part(execution.Resources, "Resources", "What a stage of a run may use")
    streaming = later(part(execution.Streaming, "Streaming", "For pipelines with a cdc_source or a streaming_sink"))
    pushDown = part(execution.PushDown, "Push-down", "What is sent into the databases that hold the data")
    staging = choice(
        "Staging",
        ("auto", "all", "none"),
        "all keeps every node's output: slower, every node can be restarted; none keeps nothing once a run has ended, failed ones too",
        load_default="auto",
    )
    calendar = name("Calendar", "Fires only on its days; shift in it moves what falls on other days", example="trading-days")
    deadline = duration("Deadline", "After the fire time; a run that is late is told of, not cancelled")
    triggers = fields.List(
        ByType("trigger", TRIGGERS, Trigger),
        load_default=list,
        metadata=shown("Triggers", "What starts it beside the schedule", [{"type": "file", "connector": "landing", "glob": "*.csv"}]),
    )
    ledger = choice("Row ledger", ("auto", "exact"), "exact counts every term even where that costs a scan", load_default="auto")
    notifications = parts(Notification, "Notifications", "Who hears of what", load_default=list)
    quality = fields.List(
        name("Rule set", example="fact-sales"),
        load_default=list,
        metadata=shown("Rule sets", "Beside those that attach by themselves", ["fact-sales"]),
    )
    qualityDefault = choice("Profile of every sink's output", ("on", "off"), "Without a rule set too", load_default="on")
    nodes = parts(NodeSpec, "Nodes", "The steps; none in a pipeline that only checks rule sets", load_default=list)
    edges = parts(EdgeSpec, "Edges", "Where the rows of each node go", load_default=list)

    together = (OneIsFilled(("nodes", "quality"), "must not be empty, unless quality names rule sets to check"),)


def ends(source: str, output: str | None) -> tuple[str, str]:
    """Upstream node and port of an edge, from its `from` and `output`. Ids hold no dot, so the first one divides."""
    node, dot, port = source.partition(".")
    return (node, port) if dot else (node, output or MAIN_PORT)
