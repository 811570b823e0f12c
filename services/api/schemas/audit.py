"""The audit log as it is asked for and told."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.api.schemas.fields import Instant, Paged, page_of, time
from shared.store.audit import OUTCOMES


def _time(about: str) -> Instant:
    return Instant(metadata={"type": "string", "format": "date-time", "description": about})


class AuditQuery(Paged):
    namespace = fields.String()
    token = fields.String(metadata={"description": "Its name or id"})
    action = fields.String(metadata={"description": "As it is told: runs.cancel"})
    object = fields.String(metadata={"description": "As it is told: adults"})
    request = fields.String(metadata={"description": "An X-Request-ID"})
    outcome = fields.String(
        validate=validate.OneOf(OUTCOMES, error="outcome is {input!r}; it must be one of {choices}"),
        metadata={"description": "done: answered with 2xx, refused: 4xx, failed: 5xx"},
    )
    since = _time("From then on")
    until = _time("Before then")


class AuditEntry(Schema):
    id = fields.String(metadata={"format": "uuid"})
    at = time()
    token = fields.String(allow_none=True, metadata={"format": "uuid", "description": "null: somebody who could not log in"})
    name = fields.String(allow_none=True, metadata={"description": "The token's"})
    role = fields.String(allow_none=True)
    session = fields.String(allow_none=True, metadata={"format": "uuid", "description": "null: with the token itself"})
    address = fields.String(allow_none=True, metadata={"description": "Where the call came from; behind a proxy, the proxy"})
    method = fields.String()
    action = fields.String(metadata={"description": "Which call it was"})
    namespace = fields.String(allow_none=True, metadata={"description": "null: it concerns none, or it was refused before one was known"})
    object = fields.String(allow_none=True, metadata={"description": "What the address names, or what was saved, made or deleted"})
    requestId = fields.String(metadata={"description": "The call's X-Request-ID"})
    status = fields.Integer(metadata={"description": "Of the answer"})


AuditPage = page_of(AuditEntry, "AuditPage")
