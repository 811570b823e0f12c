"""What starts pipelines by itself, and switching that off and on."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from services.api.schemas.documents import Shown, Starting
from services.api.schemas.fields import Paged, maybe_time, page_of, time, words


class SwitchPipeline(Schema):
    """All of it may be left out."""

    reason = words(metadata={"description": "Why, for the record"})


SWITCH_BODY: dict[str, Any] = {"requestBody": {"content": {"application/json": {"schema": SwitchPipeline}}}}


class PipelineStarting(Starting):
    namespace = fields.String()
    name = fields.String()
    version = fields.Integer(metadata={"description": "The newest valid one, whose triggers are in force"})


class ShownPipeline(Shown, Starting):
    """A pipeline's newest version, and whether it starts by itself."""


class Firing(Schema):
    key = fields.String(metadata={"description": "What the trigger saw: of a schedule the fire time, RFC 3339, UTC"})
    at = time()
    run = fields.String(allow_none=True, metadata={"format": "uuid", "description": "The run that it started; null: none"})
    outcome = fields.String(
        metadata={"description": "run; missed (catchUp did not ask for it); behind (missed, waits for its turn); refused: detail says why"}
    )
    detail = fields.Dict()


class Trigger(Schema):
    name = fields.String(metadata={"description": "'schedule', or what the recipe calls it"})
    type = fields.String(metadata={"description": "schedule, webhook, file, kafka or pipeline"})
    active = fields.Boolean(metadata={"description": "false: switched off, or the version in force has it no more"})
    version = fields.Integer(metadata={"description": "The newest version that has it"})
    nextFireAt = maybe_time()
    nextLookAt = maybe_time()
    behind = fields.Integer(metadata={"description": "Missed fire times that wait for their turn"})
    problem = fields.Dict(allow_none=True, metadata={"description": "Why it could not do its work when it was looked at last"})
    lastFiring = fields.Nested(Firing, allow_none=True)


class Triggers(Schema):
    items = fields.List(fields.Nested(Trigger))


class FiringsQuery(Paged):
    outcome = fields.String(metadata={"description": "Only those"})


FiringPage = page_of(Firing, "FiringPage")
