"""kind: Pipeline. The settings of a pipeline, its nodes (without their config, which is the node type's) and its edges."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marshmallow import Schema, fields, validate, validates_schema
from marshmallow.exceptions import ValidationError

from shared.pipelines.kinds.fields import (
    RETRY_ON,
    CheckedByType,
    NotYet,
    choice,
    count,
    flag,
    mapping,
    retry_on,
    seconds,
    text,
    word,
    words,
)
from shared.pipelines.model import MAIN_PORT
from shared.pipelines.value_types import DEFAULT_TYPE, Type

NODE_ID = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})\Z"

# Settings that a node may have for itself; the others are the pipeline's alone.
NODE_POLICY = ("retries", "retryDelay", "retryBackoffMultiplier", "retryMaxDelay", "retryOn")


def _zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValidationError(f"'{name}' is no time zone; use an IANA name such as Europe/Warsaw") from error


class NodeSpec(Schema):
    """`config` is checked by the node type's own schema."""

    id = fields.String(
        required=True,
        validate=validate.Regexp(NODE_ID, error="must be 1 to 63 letters, digits, '-' and '_', and not begin with '-'"),
        metadata={"title": "Id"},
    )
    type = word("Type", required=True)
    label = text("Label")
    description = text("Description")
    config = CheckedByType(load_default=dict, metadata={"title": "Configuration"})
    onError = choice("What happens to rows that fail", ("route",), later=("skip", "fail"), load_default="route")
    retries = count("Retries after a transient failure")
    retryDelay = seconds("Wait before the first retry")
    retryBackoffMultiplier = fields.Float(validate=validate.Range(min=1), metadata={"title": "Growth of the wait"})
    retryMaxDelay = seconds("Longest wait")
    retryOn = retry_on()
    masterData = NotYet()
    timeout = NotYet()
    resources = NotYet()
    rejectLimit = NotYet()
    worker = NotYet()
    cache = NotYet()


class EdgeSpec(Schema):
    """`from: split.rejected` is the same as `from: split` with `output: rejected`; `ends` reads both."""

    source = word("Upstream node", data_key="from", required=True)
    target = word("Downstream node", data_key="to", required=True)
    output = word("Port of the upstream node")
    columns = fields.List(
        fields.String(validate=validate.Length(min=1)), validate=validate.Length(min=1), metadata={"title": "Only these columns"}
    )

    @validates_schema
    def _one_port(self, data: dict[str, Any], **_: Any) -> None:
        _, dot, port = data["source"].partition(".")
        if dot and data.get("output", port) != port:
            raise ValidationError(f"'from' names the port {port} and 'output' the port {data['output']}; name it once", "output")


class ParameterSpec(Schema):
    """`default` is a value of the type, or text with templates that give one."""

    name = fields.String(
        required=True,
        validate=validate.Regexp(r"[A-Za-z_][A-Za-z0-9_]{0,62}\Z", error="must be letters, digits and '_', and not begin with a digit"),
        metadata={"title": "Name"},
    )
    type = choice("Type", list(Type), load_default=DEFAULT_TYPE.value)
    default = fields.Raw(allow_none=True, metadata={"title": "Default"})
    required = flag("Must be given", load_default=False)
    description = text("Description")


class PipelineSpec(Schema):
    enabled = flag("Enabled", load_default=True)
    timezone = fields.String(load_default="Europe/Warsaw", validate=_zone, metadata={"title": "Time zone"})
    description = text("Description")
    labels = mapping("Labels")
    timeout = seconds("Longest duration of a run", least=1, load_default=3600)
    retries = count("Retries after a transient failure", load_default=3)
    retryDelay = seconds("Wait before the first retry", load_default=300)
    retryBackoffMultiplier = fields.Float(load_default=2.0, validate=validate.Range(min=1), metadata={"title": "Growth of the wait"})
    retryMaxDelay = seconds("Longest wait", load_default=1800)
    retryOn = retry_on(load_default=lambda: list(RETRY_ON))
    concurrencyPolicy = choice("When the last run is still going", ("Allow", "Forbid", "Replace"), load_default="Forbid")
    maxParallelNodes = count("Nodes that run at once", least=1)
    processingMode = choice("Engine", ("auto", "duckdb"), later=("dataframe", "pandas", "dask", "spark"), load_default="auto")
    staging = choice("What is staged", ("auto", "all"), later=("none",), load_default="auto")
    ledger = choice("Row ledger", ("auto",), later=("exact",), load_default="auto")
    quality = words("Rule sets", load_default=list)
    nodes = fields.List(fields.Nested(NodeSpec), required=True, validate=validate.Length(min=1), metadata={"title": "Nodes"})
    edges = fields.List(fields.Nested(EdgeSpec), load_default=list, metadata={"title": "Edges"})
    schedule = NotYet()
    parameters = fields.List(fields.Nested(ParameterSpec), load_default=list, metadata={"title": "Parameters"})
    catchUp = NotYet()
    jitterSeconds = NotYet()
    worker = NotYet()
    resources = NotYet()
    streaming = NotYet()
    pushDown = NotYet()
    calendar = NotYet()
    deadline = NotYet()
    triggers = NotYet()
    notifications = NotYet()
    qualityDefault = NotYet()


def ends(source: str, output: str | None) -> tuple[str, str]:
    """Upstream node and port of an edge, from its `from` and `output`. Ids hold no dot, so the first one divides."""
    node, dot, port = source.partition(".")
    return (node, port) if dot else (node, output or MAIN_PORT)
