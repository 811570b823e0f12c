"""What is said of an export."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.planning.exports import TARGETS


class ExportQuery(Schema):
    target = fields.String(
        load_default="python", validate=validate.OneOf(list(TARGETS)), metadata={"description": "What the project is for"}
    )
    version = fields.Integer(validate=validate.Range(min=1), metadata={"description": "An older version; else the newest"})
    wait = fields.Float(
        load_default=10.0,
        validate=validate.Range(0, 60),
        metadata={"description": "Seconds for workers to look at sources and destinations"},
    )
