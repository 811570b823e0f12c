"""Who is logged in."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.api.schemas.fields import maybe_time

ROLES = ("viewer", "editor", "operator", "admin")


class LogIn(Schema):
    token = fields.String(
        required=True,
        validate=validate.Length(1, 500, error="it must have 1 to {max} characters"),
        metadata={"description": "As it was shown when it was made"},
    )


class Session(Schema):
    name = fields.String(metadata={"description": "Of the token"})
    role = fields.String(validate=validate.OneOf(ROLES), metadata={"description": "Each may do all that the ones before it may"})
    namespaces = fields.List(fields.String(), allow_none=True, metadata={"description": "null: all"})
    expiresAt = maybe_time()
    csrf = fields.String(
        allow_none=True,
        metadata={"description": "For the header X-CSRF-Token of calls that change anything; null: a token was given, no cookie"},
    )
