"""Credentials as they are told: never a value."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.api.schemas.fields import Paged, page_of, time
from shared.secrets.references import ELSEWHERE

STORES = ("database", *ELSEWHERE)


class CredentialsQuery(Paged):
    pass


class KeepQuery(Schema):
    store = fields.String(
        load_default="database",
        validate=validate.OneOf(STORES, error="it is {input!r}; it must be one of {choices}"),
        metadata={"description": "Who keeps the values; but for the database they are put there by its own tools"},
    )
    location = fields.String(
        validate=validate.Regexp(
            r"[^#{}\s'\"\\]{1,1000}\Z", error="it must be 1 to 1000 signs, without blanks, quotes, braces, '#' and '\\'"
        ),
        metadata={"description": "Where that store has them: mount and path in Vault, a path of parameters, an entry of the keystore"},
    )


class Credential(Schema):
    namespace = fields.String()
    name = fields.String()
    version = fields.Integer()
    type = fields.String()
    store = fields.String(validate=validate.OneOf(STORES))
    location = fields.String(allow_none=True, metadata={"description": "In that store; null: in the database"})
    savedAt = time()
    fields_ = fields.List(
        fields.String(), data_key="fields", attribute="fields", metadata={"description": "Only in the answer to saving it"}
    )


class Resealed(Schema):
    checked = fields.Integer(metadata={"description": "Versions of credentials that are sealed here"})
    kept = fields.Integer(metadata={"description": "Were sealed with the master key of now"})
    resealed = fields.Integer(metadata={"description": "Were not, and are now"})
    unreadable = fields.Integer(metadata={"description": "No key that is known here opens them; they stay as they are"})


CredentialPage = page_of(Credential, "CredentialPage")
