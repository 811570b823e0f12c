"""What people were told of runs, as it is listed, and what a test of the ways says."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.api.schemas.fields import Paged, known, maybe_time, page_of, pipeline_filter, time
from services.api.schemas.runs import PipelineName

EVENTS = ("failure", "success", "recovery", "quality", "rejects", "late", "schemaChange", "test")
STATES = ("new", "held", "pending", "sent", "failed")


def _one_of(name: str, among: tuple[str, ...]) -> fields.String:
    return fields.String(validate=validate.OneOf(among, error=f"{name} is {{input!r}}; it must be one of {{choices}}"))


class NotificationsQuery(Paged):
    namespace = fields.String()
    pipeline = pipeline_filter()
    run = fields.String(metadata={"format": "uuid"})
    state = _one_of("state", STATES)
    event = _one_of("event", EVENTS)


class Target(Schema):
    connector = fields.String(allow_none=True)
    url = fields.String(
        allow_none=True, metadata={"description": "The reference to it, or its host: the rest is a secret with many services"}
    )
    channel = fields.String(allow_none=True)
    to = fields.List(fields.String(), allow_none=True, metadata={"description": "Addresses, masked"})


class Try(Schema):
    number = fields.Integer()
    at = time()
    ok = fields.Boolean()
    status = known(about="Of HTTP; null where none came")
    said = fields.String(allow_none=True, metadata={"description": "What the far side answered"})
    error = fields.Raw(allow_none=True)
    worker = fields.String()


class Notification(Schema):
    id = fields.String(metadata={"format": "uuid"})
    pipeline = fields.Nested(PipelineName)
    run = fields.String(allow_none=True, metadata={"format": "uuid", "description": "null: there is none to tell of"})
    event = fields.String(validate=validate.OneOf(EVENTS))
    type = fields.String(validate=validate.OneOf(("slack", "webhook", "email")))
    target = fields.Nested(Target)
    state = fields.String(validate=validate.OneOf(STATES), metadata={"description": "held: counted, not sent"})
    held = fields.String(
        allow_none=True,
        metadata={"description": "Why it was not sent: repeated (told within the hour), limit (enough of them in 24 hours)"},
    )
    toldIn = fields.String(allow_none=True, metadata={"format": "uuid", "description": "The later notification that counted it"})
    tries = fields.Integer()
    nextTryAt = maybe_time()
    error = fields.Raw(allow_none=True, metadata={"description": "Of the last try"})
    subject = fields.String(allow_none=True)
    text = fields.String(allow_none=True)
    createdAt = time()
    createdBy = fields.String()
    sentAt = maybe_time()


class NotificationInFull(Notification):
    attempts = fields.List(fields.Nested(Try), metadata={"description": "Each try, the first one first"})


class Tested(Schema):
    items = fields.List(fields.Nested(Notification), metadata={"description": "One for each way; they are on their way"})


NotificationPage = page_of(Notification, "NotificationPage")
