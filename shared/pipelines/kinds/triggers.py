"""What starts a pipeline beside its schedule, and what it tells people: triggers and notifications, one schema for each type."""

from __future__ import annotations

from marshmallow import fields, validate
from marshmallow.exceptions import ValidationError

from shared.pipelines.fields import (
    Quantity,
    anything,
    choice,
    choices,
    count,
    duration,
    flag,
    name,
    number,
    prose,
    seconds,
    shown,
    text,
)
from shared.pipelines.shapes import AtLeastOne, ExactlyOne, Shape


def _pattern(value: str) -> None:
    steps = value.split("/")
    if not value or any(step in ("", ".", "..") for step in steps):
        raise ValidationError(f"'{value}' must be a pattern of paths under the folder, such as *.csv or in/**/*.csv")
    if any("**" in step and step != "**" for step in steps) or steps[-1] == "**":
        raise ValidationError(f"'{value}': ** stands for folders and has a part of the path to itself, as in **/*.csv")


def _marker(value: str) -> None:
    if "/" in value or not value or value in ("{name}", ".", ".."):
        raise ValidationError("must be the name of another file in the same folder, such as {name}.done or _SUCCESS")


class Trigger(Shape):
    """What every trigger has."""

    type = text("Type", required=True, example="webhook")
    name = fields.String(
        validate=validate.Regexp(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z", error="must be lower-case letters, digits and '-'"),
        metadata=shown("Name", "The last part of a webhook's address; the type where left out", "orders"),
    )
    enabled = flag("Enabled", load_default=True)


class Webhook(Trigger):
    token = text(
        "Token",
        "A reference to a credential; the caller sends it as a bearer token",
        templates="own",
        example="{{credential:hook#token}}",
    )
    secret = text(
        "HMAC secret",
        "A reference to a credential; the caller signs body and timestamp with it",
        templates="own",
        example="{{credential:hook#secret}}",
    )
    parameters = fields.Dict(
        keys=fields.String(),
        values=fields.String(validate=validate.Length(min=1)),
        load_default=dict,
        metadata=shown("Parameters", "Parameter by name, as a JSON path into the body", {"order_id": "$.order.id"}),
    )
    rows = choice("Rows", ("payload",), "The body itself is the data")
    payloadSchema = anything("Schema of the body", "JSON Schema; a body that does not fit is refused with 422", example={"type": "object"})
    reply = choice("Reply", ("accepted", "finished"), "202 once the run is durable, or 200 once it has finished", load_default="accepted")
    waitSeconds = seconds("Longest wait for the end", load_default=25, example=25)
    batchMillis = count("Time in which deliveries share a run", "Of rows: payload only", least=1, most=3_600_000, example=500)
    review = flag("Review", "A person looks at each delivery before it starts a run", load_default=False)

    together = (ExactlyOne(("token", "secret")),)


class File(Trigger):
    connector = name("Connector", "Of type files", example="landing")
    folder = text("Folder", "Under the connector's root, or absolute without a connector", example="in")
    glob = fields.String(
        required=True,
        validate=_pattern,
        metadata=shown("Files", "A pattern of paths under the folder: * and ? within a name, ** any folders, [ab] one sign", "*.csv"),
    )
    settleSeconds = seconds(
        "Quiet time",
        "A file counts once two looks that far apart found it the same; where there is a doneMarker, that says it",
        load_default=5,
        example=5,
    )
    doneMarker = fields.String(
        validate=_marker,
        metadata=shown(
            "Done marker",
            "The name of a file beside it that is written once it is complete; {name} is the file's name, {stem} that without its ending",
            "{name}.done",
        ),
    )
    batch = choice("Batch", ("each", "all"), "One run for each file, or one for all that are there", load_default="each")
    parameter = text("Parameter", "Which parameter takes the path", load_default="path", example="path")

    together = (AtLeastOne(("connector", "folder")),)


class Kafka(Trigger):
    connector = name("Connector", "Of type kafka", required=True, example="events")
    topic = text("Topic", required=True, example="orders")
    group = text("Consumer group", example="penstock-orders")
    maxMessages = count("Most messages of a run", least=1, most=1_000_000, load_default=1000, example=1000)
    maxWait = duration("Longest wait for more messages", load_default=1)
    parameter = text("Parameter", "Which parameter takes the path of the file that holds the messages", load_default="path", example="path")


class AfterPipeline(Trigger):
    pipeline = name("Pipeline", "Whose end starts this one", required=True, example="load-orders")
    on = choice("When it ended with", ("success", "failure", "any"), load_default="success")


TRIGGERS: dict[str, type[Trigger]] = {"webhook": Webhook, "file": File, "kafka": Kafka, "pipeline": AfterPipeline}


class Notification(Shape):
    """`text` has names of its own: pipeline_name, error_message, stage, count, …"""

    on = choices(
        "When",
        ("failure", "success", "recovery", "quality", "rejects", "late", "schemaChange"),
        "What people want to hear of",
        required=True,
        example=["failure", "recovery"],
    )
    type = choice("Through", ("slack", "webhook", "email"), required=True)
    connector = name("Connector", "Of type slack, email or http_push", example="team-slack")
    channel = text("Channel", example="#data")
    url = text("URL", "Of a webhook; best a reference to a credential", example="{{credential:slack#url}}")
    to = fields.List(fields.String(validate=validate.Length(min=1)), metadata=shown("To", "Addresses", ["data-team@example.com"]))
    text = prose(
        "Text",
        "A template over pipeline_name, error_message, stage, count",
        templates="own",
        example="{{pipeline_name}} failed in {{stage}}: {{error_message}}",
    )
    over = Quantity(
        r"[0-9]+(\.[0-9]+)?%",
        'a number of rows, or a share such as "5%"',
        metadata=shown("Rejects over", "So many rows, or such a share of them", "5%"),
    )
    limit = number("Most a day", "Further ones are counted, not sent", example=20)
