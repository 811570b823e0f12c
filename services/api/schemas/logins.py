"""The ways in to the web app."""

from __future__ import annotations

from marshmallow import Schema, fields


class Elsewhere(Schema):
    label = fields.String(metadata={"description": "What the button calls it"})
    address = fields.String(metadata={"description": "Where a browser begins; it is sent on to the provider, and comes back logged in"})


class Logins(Schema):
    token = fields.Boolean(metadata={"description": "With an API token: POST /session"})
    oidc = fields.Nested(Elsewhere, allow_none=True, metadata={"description": "At an OpenID provider; null: none is set up"})


class Begin(Schema):
    after = fields.String(load_default="", metadata={"description": "The page to go to then; one below /ui/, else the first"})


class ComeBack(Schema):
    """As RFC 6749 and RFC 9207 have them; what is missing is a login that failed."""

    code = fields.String(load_default="")
    state = fields.String(load_default="")
    error = fields.String(load_default="")
    iss = fields.String(allow_none=True, load_default=None)
