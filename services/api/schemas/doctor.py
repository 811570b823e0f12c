"""What is looked at when somebody asks whether everything holds that must."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class DoctorQuery(Schema):
    days = fields.Integer(load_default=30, validate=validate.Range(min=0), metadata={"description": "Runs of so many days"})


class Off(Schema):
    run = fields.String(allow_none=True)
    detail = fields.String()


class Finding(Schema):
    name = fields.String()
    holds = fields.String(metadata={"description": "What must hold"})
    ok = fields.Boolean(allow_none=True, metadata={"description": "null: the API cannot look"})
    count = fields.Integer(metadata={"description": "How many things are off"})
    found = fields.List(fields.Nested(Off), metadata={"description": "The first of them"})
    remedy = fields.String(allow_none=True, metadata={"description": "null where nothing is off"})


class Examined(Schema):
    healthy = fields.Boolean()
    checks = fields.List(fields.Nested(Finding))
