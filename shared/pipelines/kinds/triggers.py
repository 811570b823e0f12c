"""What starts a pipeline beside its schedule, and what it tells people: triggers and notifications, one schema for each type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    prose,
    seconds,
    shown,
    text,
)
from shared.pipelines.shapes import AtLeastOne, ExactlyOne, Needs, Shape


def _pattern(value: str) -> None:
    steps = value.split("/")
    if not value or any(step in ("", ".", "..") for step in steps):
        raise ValidationError(f"'{value}' must be a pattern of paths under the folder, such as *.csv or in/**/*.csv")
    if any("**" in step and step != "**" for step in steps) or steps[-1] == "**":
        raise ValidationError(f"'{value}': ** stands for folders and has a part of the path to itself, as in **/*.csv")


def _folder(value: str) -> None:
    if ".." in value.split("/"):
        raise ValidationError(f"'{value}' leaves the connector's root; name a folder below it, without '..'")


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
    folder = fields.String(
        validate=[validate.Length(min=1), _folder],
        metadata=shown("Folder", "Under the connector's root, or absolute without a connector", "in"),
    )
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


EVENTS = ("failure", "success", "recovery", "quality", "rejects", "late", "schemaChange")


@dataclass(frozen=True, slots=True)
class OnlyOn:
    """`name` means something only where `on` has `event`."""

    name: str
    event: str

    def broken(self, data: Mapping[str, Any]) -> tuple[str, str] | None:
        heard = data.get("on")
        if self.name not in data or not isinstance(heard, list) or self.event in heard:
            return None
        return f"'{self.name}' is of {self.event}, which is not among 'on'; add it, or leave '{self.name}' out", self.name

    def json_schema(self) -> dict[str, Any]:
        others = {"type": "array", "not": {"contains": {"const": self.event}}}
        return {"if": {"required": ["on"], "properties": {"on": others}}, "then": {"not": {"required": [self.name]}}}


@dataclass(frozen=True, slots=True)
class OneWay:
    """A message of type `type` goes by `names`: by one of them, which must be there, and no second one."""

    type: str
    names: tuple[str, ...]

    def broken(self, data: Mapping[str, Any]) -> tuple[str, str] | None:
        given = [name for name in self.names if name in data]
        if data.get("type") != self.type or len(given) == 1:
            return None
        wanted = " or ".join(self.names)
        if not given:
            return f"a notification of type {self.type} needs {wanted}: where it is to go", self.names[0]
        return f"give either {wanted}, not both", given[-1]

    def json_schema(self) -> dict[str, Any]:
        return {
            "if": {"required": ["type"], "properties": {"type": {"const": self.type}}},
            "then": {"oneOf": [{"required": [name]} for name in self.names]},
        }


@dataclass(frozen=True, slots=True)
class OnlyOf:
    """`name` means something only of these types."""

    name: str
    types: tuple[str, ...]

    def broken(self, data: Mapping[str, Any]) -> tuple[str, str] | None:
        kind = data.get("type")
        if self.name not in data or kind in self.types or not isinstance(kind, str):
            return None
        return f"'{self.name}' is of a notification of type {' or '.join(self.types)}, not of {kind}; leave it out", self.name

    def json_schema(self) -> dict[str, Any]:
        return {"if": {"required": [self.name]}, "then": {"properties": {"type": {"enum": list(self.types)}}}}


class Notification(Shape):
    """`text` has names of its own (`shared.pipelines.message_texts`)."""

    on = choices("When", EVENTS, "What people want to hear of", required=True, example=["failure", "recovery"])
    type = choice("Through", ("slack", "webhook", "email"), required=True)
    connector = name("Connector", "Of type slack, email or http_push; a mail without one goes by the platform's own", example="team-slack")
    channel = text("Channel", example="#data")
    url = text("URL", "Instead of a connector; best a reference to a credential", example="{{credential:slack#url}}")
    secret = text("Secret", "Of a webhook by its URL: signs each message; a reference", example="{{credential:hook#secret}}")
    to = fields.List(
        fields.String(validate=validate.Regexp(r"[^@\s,;]+@[^@\s,;]+\Z", error="must be an address such as data-team@example.com")),
        metadata=shown("To", "Addresses", ["data-team@example.com"]),
    )
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
    limit = count(
        "Most a day",
        "Of messages in 24 hours; further ones are counted, and the next one says how many",
        least=1,
        most=1_000_000,
        example=20,
    )

    together = (
        OneWay("slack", ("connector", "url")),
        OneWay("webhook", ("connector", "url")),
        Needs("type", ("email",), "to", "a notification of type email needs 'to', a list of addresses"),
        OnlyOf("to", ("email",)),
        OnlyOf("channel", ("slack",)),
        OnlyOf("url", ("slack", "webhook")),
        OnlyOf("secret", ("webhook",)),
        OnlyOn("over", "rejects"),
    )
