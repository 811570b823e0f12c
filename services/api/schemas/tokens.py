"""Tokens as they are asked for and told; the token itself is told once, by the call that makes it."""

from __future__ import annotations

import re

from marshmallow import Schema, ValidationError, fields, validate

from services.api.schemas.fields import Instant, Paged, maybe_time, page_of, time
from services.api.schemas.sessions import ROLES
from shared.pipelines.fields import NAME

_RULE = {"description": "Each may do all that the ones before it may"}


def _one_line(value: str) -> None:
    """It stands in log lines and lists."""
    if not value.isprintable() or value != value.strip():
        raise ValidationError("it must be one line of signs that can be seen, without blanks around it")


def _namespace(value: str) -> None:
    if not re.fullmatch(NAME, value):
        raise ValidationError(f"{value[:100]!r} is no name of a namespace: lower-case letters, digits and '-'")


class TokensQuery(Paged):
    ended = fields.Boolean(load_default=False, metadata={"description": "Also those that were revoked or have expired"})


class NewToken(Schema):
    name = fields.String(
        required=True,
        validate=[validate.Length(1, 100, error="it must have 1 to {max} characters"), _one_line],
        metadata={"description": "For whom or what it is; stands in the audit log and beside what is done with it"},
    )
    role = fields.String(
        required=True, validate=validate.OneOf(ROLES, error="it is {input!r}; it must be one of {choices}"), metadata=_RULE
    )
    namespaces = fields.List(
        fields.String(validate=_namespace),
        allow_none=True,
        validate=validate.Length(1, 1000, error="name 1 to {max} namespaces; leave it out for all that your own token may see"),
        metadata={"description": "Left out or null: all that the token that makes it may see"},
    )
    expiresAt = Instant(
        allow_none=True,
        metadata={"type": "string", "format": "date-time", "description": "Left out or null: when the token that makes it does"},
    )


class Token(Schema):
    id = fields.String(metadata={"format": "uuid"})
    name = fields.String()
    role = fields.String(validate=validate.OneOf(ROLES), metadata=_RULE)
    namespaces = fields.List(fields.String(), allow_none=True, metadata={"description": "null: all"})
    createdAt = time()
    createdBy = fields.String(allow_none=True, metadata={"description": "The token that made it; null: the installation"})
    lastUsedAt = fields.String(
        allow_none=True, metadata={"format": "date-time", "description": "RFC 3339, UTC, to the minute; null: never"}
    )
    expiresAt = maybe_time()
    revokedAt = maybe_time()
    issuer = fields.String(allow_none=True, metadata={"description": "Of a person: the OpenID provider that vouches; null: a token"})
    subject = fields.String(allow_none=True, metadata={"description": "Of a person: who it is there, for good"})


class MadeToken(Token):
    token = fields.String(metadata={"description": "The token itself. It is shown here, and never again"})


TokenPage = page_of(Token, "TokenPage")
