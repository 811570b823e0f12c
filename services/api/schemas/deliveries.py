"""Deliveries of webhooks as they are answered and told."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.api.schemas.fields import Paged, known, maybe_time, page_of, time, words

OUTCOMES = ("accepted", "pending", "parked", "rejected", "refused")


class Taken(Schema):
    delivery = fields.String(metadata={"format": "uuid"})
    outcome = fields.String(validate=validate.OneOf((*OUTCOMES, "finished")))
    run = fields.String(
        allow_none=True, metadata={"format": "uuid", "description": "null while it shares a run that is not made, or waits for a person"}
    )
    figures = fields.Dict(metadata={"description": "reply: finished: the run as GET /runs/{id} tells it"})


class DeliveriesQuery(Paged):
    outcome = fields.String(validate=validate.OneOf(OUTCOMES, error="outcome is {input!r}; it must be one of {choices}"))


class ShownDelivery(Schema):
    id = fields.String(metadata={"format": "uuid"})
    at = time()
    outcome = fields.String(validate=validate.OneOf(OUTCOMES))
    key = fields.String(allow_none=True, metadata={"description": "What its sender calls it: webhook-id or Idempotency-Key"})
    run = fields.String(allow_none=True, metadata={"format": "uuid"})
    parameters = fields.Dict()
    rows = known(about="null where the body is no data")
    sizeBytes = fields.Integer()
    repeats = fields.Integer(metadata={"description": "How often it was sent again; each got the first one's answer, or was refused"})
    repeatedAt = maybe_time()
    closesAt = maybe_time()
    body = fields.String(allow_none=True, metadata={"description": "Of one that is parked; viewers do not see it"})
    detail = fields.Dict(metadata={"description": "Why it was refused; who released or rejected it"})


class DeliveryPage(page_of(ShownDelivery, "DeliveryItems")):  # type: ignore[misc]  # made at import
    forged = fields.Integer(metadata={"description": "Not let in during the last seven days; nothing else of them is kept"})


class Decision(Schema):
    """All of it may be left out."""

    reason = words()


class TriedBody(Schema):
    body = fields.Raw(metadata={"description": "What would be sent: a JSON value, or, of another content type, a text"})
    contentType = fields.String(load_default="application/json")


class TriedQuery(Schema):
    start = fields.Boolean(load_default=False, metadata={"description": "Really: kept, with a run, as if it had been sent"})


class TriedDelivery(Schema):
    valid = fields.Boolean(metadata={"description": "It would be taken"})
    would = fields.String(allow_none=True, metadata={"description": "start a run, share a run, wait for a person"})
    parameters = fields.Dict()
    rows = known(about="null where the body is no data")
    error = fields.Dict(allow_none=True)
