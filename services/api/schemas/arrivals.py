"""What is told of the files that a trigger waits for."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.api.schemas.fields import Paged, known, maybe_time, page_of, time

STATES = ("settling", "unmarked", "done", "vanished", "gone", "late", "duplicate")


class ArrivalsQuery(Paged):
    state = fields.String(
        validate=validate.OneOf(STATES, error="state is {input!r}; it is one of {choices}"),
        metadata={"description": "Only files in this state; late and duplicate ones are in another state too"},
    )


class Arrival(Schema):
    path = fields.String(metadata={"description": "Under the connector's root"})
    state = fields.String(
        validate=validate.OneOf(STATES[:5]),
        metadata={
            "description": "settling: seen, and not unchanged for long enough; unmarked: its done marker is not there; done: it has had its"
            " run; vanished: it went before it had one; gone: it went afterwards"
        },
    )
    size = fields.Integer()
    mtime = maybe_time()
    checksum = known(fields.String, "Where the place knows one")
    since = time()
    runId = known(fields.String, "Of this version, or of the one before it; null where there was none")
    late = fields.Boolean(metadata={"description": "A file that is younger had its run before"})
    sameAs = known(fields.String, "Another path with the same content, seen before")
    goneAt = maybe_time()


class ArrivalCounts(Schema):
    settling = fields.Integer()
    unmarked = fields.Integer()
    done = fields.Integer()
    vanished = fields.Integer()
    gone = fields.Integer()
    late = fields.Integer()
    duplicate = fields.Integer()


class ArrivalPage(page_of(Arrival, "ArrivalItems")):  # type: ignore[misc]
    counts = fields.Nested(ArrivalCounts)
    problem = fields.Dict(allow_none=True, metadata={"description": "Why the last look came to nothing: {code, message}"})
    lookAt = maybe_time()
