"""What is told of a connector that somebody looked at."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.api.schemas.fields import known
from services.api.schemas.plans import LONGEST_WAIT_S


class LookQuery(Schema):
    wait = fields.Float(
        load_default=10.0,
        validate=validate.Range(0, LONGEST_WAIT_S, error="wait is {input}; it must be a number of seconds from 0 to {max}"),
        metadata={"description": "Seconds to wait for the answer; later it is a 202 with the address to ask"},
    )


class Tried(Schema):
    what = fields.String()
    ok = fields.Boolean()
    said = fields.String(metadata={"description": "One sentence"})


class Checked(Schema):
    ok = fields.Boolean()
    tried = fields.List(fields.Nested(Tried))


class FoundColumn(Schema):
    name = fields.String()
    type = fields.String(metadata={"description": "In PostgreSQL's spelling"})
    vendorType = fields.String(allow_none=True)
    nullable = fields.Boolean()


class FoundObject(Schema):
    name = fields.String(metadata={"description": "As a recipe names it, in `table` or `path`"})
    columns = fields.List(fields.Nested(FoundColumn))
    keys = fields.List(fields.List(fields.String()))
    rows = known(about="An estimate from statistics; null where there is none")
    failed = fields.String(allow_none=True, metadata={"description": "Why nothing more is known of it"})


class Discovered(Schema):
    items = fields.List(fields.Nested(FoundObject))
    more = fields.Boolean(metadata={"description": "There are others than those that are listed"})


class PreviewColumn(Schema):
    name = fields.String()
    type = fields.String()
    nullable = fields.Boolean()


class Preview(Schema):
    columns = fields.List(fields.Nested(PreviewColumn))
    rows = fields.List(fields.Dict(keys=fields.String(), values=fields.String(allow_none=True)))


class Waiting(Schema):
    request = fields.String()
    state = fields.String()


class Answer(Checked, Discovered, Preview):
    """Of one of the three, with its own fields only."""
