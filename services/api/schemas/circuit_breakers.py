"""Circuit breakers as they are shown."""

from __future__ import annotations

from marshmallow import Schema, fields

from services.api.schemas.fields import Paged, maybe_time, page_of


class BreakersQuery(Paged):
    pass


class Breaker(Schema):
    namespace = fields.String()
    name = fields.String()
    connector = fields.String(metadata={"description": "namespace/name"})
    state = fields.String(
        allow_none=True, metadata={"description": "closed, open or half-open; null: Redis is away, and nobody is held back"}
    )
    failures = fields.Integer(allow_none=True, metadata={"description": "In a row, so far"})
    failuresToOpen = fields.Integer()
    coolDownSeconds = fields.Float()
    openedAt = maybe_time()
    nextTrialAt = maybe_time()
    changedAt = maybe_time()
    error = fields.String(allow_none=True, metadata={"description": "The last failure that counted"})


BreakerPage = page_of(Breaker, "BreakerPage")
