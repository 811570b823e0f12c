"""Backfills as they are asked for and told."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from marshmallow import Schema, fields, validate

from services.api.schemas.fields import Flag, Instant, Paged, Whole, maybe_time, page_of, pipeline_filter, time, words
from services.api.schemas.runs import PipelineName
from shared.triggers.backfill import WHICH

STATES = ("running", "paused", "cancelled", "finished")
DATE_STATES = ("waiting", "started", "left_out", "refused", "cancelled")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class DayOrInstant(Instant):
    """A time, or a whole day by the pipeline's own zone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        at: datetime = super()._deserialize(value, attr, data, **options)
        return date.fromisoformat(value) if _DAY.fullmatch(value) else at


def _moment(about: str, **options: Any) -> DayOrInstant:
    return DayOrInstant(metadata={"type": "string", "description": about}, **options)


def _one_of(values: tuple[str, ...], about: str, default: str) -> fields.String:
    return fields.String(
        load_default=default,
        validate=validate.OneOf(values, error="it is {input!r}; it must be one of {choices}"),
        metadata={"description": about},
    )


class StartBackfill(Schema):
    from_ = _moment("The first fire time that counts: RFC 3339, or a day of the pipeline's zone", data_key="from", required=True)
    to = _moment("The last one that counts; a day counts whole; now where left out")
    order = _one_of(("oldest", "newest"), "Which are run first", "oldest")
    maxParallel = Whole(
        load_default=1,
        validate=validate.Range(1, 100, error="it must be a whole number from {min} to {max}"),
        metadata={"description": "So many of its runs at once"},
    )
    which = _one_of(WHICH, "missing: no run has succeeded; failed: the last one did not succeed; all", "missing")
    version = _one_of(("now", "then"), "now: the current version; then: for each fire time the newest that was saved by then", "now")
    parameters = fields.Dict(load_default=dict, metadata={"description": "Values by name, of every run"})
    reason = words(load_default=None)
    dryRun = Flag(load_default=False, metadata={"description": "Only a preview; starts nothing"})


class CancelBackfill(Schema):
    runs = Flag(load_default=False, metadata={"description": "Its runs that have not ended are cancelled too"})


class BackfillPreviewDate(Schema):
    logicalDate = time()
    runs = fields.Boolean()
    why = fields.String()
    version = fields.Integer(allow_none=True, metadata={"description": "null where it is not run"})


class BackfillPreview(Schema):
    """Every fire time of the range, oldest first."""

    pipeline = fields.Nested(PipelineName)
    from_ = fields.String(data_key="from", attribute="from", metadata={"format": "date-time"})
    to = time()
    order = fields.String()
    which = fields.String()
    version = fields.String()
    runs = fields.Integer(metadata={"description": "So many would be run"})
    leftOut = fields.Integer()
    dates = fields.List(fields.Nested(BackfillPreviewDate))


class BackfillCounts(Schema):
    total = fields.Integer()
    waiting = fields.Integer()
    running = fields.Integer(metadata={"description": "Queued ones too"})
    succeeded = fields.Integer()
    failed = fields.Integer(metadata={"description": "Ended in any other way"})
    leftOut = fields.Integer(metadata={"description": "Somebody else ran them first"})
    refused = fields.Integer(metadata={"description": "No run could be made"})
    cancelled = fields.Integer()


class Backfill(Schema):
    id = fields.String(metadata={"format": "uuid"})
    pipeline = fields.Nested(PipelineName)
    from_ = fields.String(data_key="from", attribute="from", metadata={"format": "date-time"})
    to = time()
    order = fields.String()
    maxParallel = fields.Integer()
    which = fields.String()
    version = fields.String()
    parameters = fields.Dict()
    reason = fields.String(allow_none=True)
    state = fields.String(validate=validate.OneOf(STATES))
    createdBy = fields.String()
    createdAt = time()
    finishedAt = maybe_time()
    dates = fields.Nested(BackfillCounts)


class BackfillDate(Schema):
    logicalDate = time()
    version = fields.Integer()
    state = fields.String(validate=validate.OneOf(DATE_STATES))
    run = fields.String(allow_none=True, metadata={"format": "uuid"})
    status = fields.String(allow_none=True, metadata={"description": "As what its run ended; null before"})
    detail = fields.Dict(allow_none=True, metadata={"description": "Why it was left out or refused: {message, …}"})


class BackfillsQuery(Paged):
    namespace = fields.String()
    pipeline = pipeline_filter()
    state = fields.String(validate=validate.OneOf(STATES, error="state is {input!r}; it must be one of {choices}"))


BackfillPage = page_of(Backfill, "BackfillPage")
BackfillDatePage = page_of(BackfillDate, "BackfillDatePage")
